//! Who this process is, and how another one ended.

use std::process::ExitStatus;

#[cfg(feature = "process")]
use super::snapshot;

/// The id of this process.
pub(crate) fn id() -> u32 {
    std::process::id()
}

/// The id of the process that started this one; 0, which is nobody's, if it
/// is not known. It may have ended, and the number be given to another.
#[cfg(feature = "process")]
pub(crate) fn parent_id() -> u32 {
    snapshot::parent_of(id())
}

/// The executable of this process, to be executed again.
///
/// # Errors
/// If the system does not know.
#[cfg(feature = "process")]
pub(crate) fn executable() -> std::io::Result<std::path::PathBuf> {
    std::env::current_exe()
}

/// How a process ended that did not exit by itself; `None` if it did. Windows
/// knows one number only: those of errors of the system (0xC0000000 and above)
/// are no exit statuses.
pub(crate) fn abnormal_end(status: ExitStatus) -> Option<String> {
    const ERRORS: u32 = 0xC000_0000;
    let code = status.code()?.cast_unsigned();
    (code >= ERRORS).then(|| format!("ended by exception {code:#010x}"))
}

/// Whether somebody has ended it in a way that no program sees: there is no telling here, since whoever does that
/// chooses the status.
#[cfg(feature = "process")]
pub(crate) fn was_killed(_status: ExitStatus) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::os::windows::process::ExitStatusExt;

    use super::*;

    #[test]
    fn exceptions_are_told_from_statuses() {
        let end = |code| abnormal_end(ExitStatus::from_raw(code));
        assert_eq!(end(0), None);
        assert_eq!(end(0xBFFF_FFFF), None);
        assert_eq!(
            end(0xC000_0005).as_deref(),
            Some("ended by exception 0xc0000005")
        );
    }
}

/// No signal stops a program here.
pub(crate) fn lacks_terminal(_signal: i32) -> bool {
    false
}

/// Nor is one stopped.
pub(crate) fn is_stopped(_pid: i32) -> bool {
    false
}
