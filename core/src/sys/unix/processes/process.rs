//! Who this process is, and how another one ended.

#[cfg(all(target_os = "linux", feature = "process"))]
use std::ffi::OsStr;
#[cfg(all(target_os = "linux", feature = "process"))]
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
#[cfg(feature = "process")]
pub(crate) use std::os::unix::process::parent_id;
#[cfg(feature = "process")]
use std::path::PathBuf;
use std::process::ExitStatus;
#[cfg(feature = "process")]
use std::{env, fs, io};

/// The id of this process. Async-signal-safe; asks the kernel each time, so
/// the answer is right in a forked child.
pub(crate) fn id() -> u32 {
    // SAFETY: no precondition, cannot fail.
    unsafe { libc::getpid() }.cast_unsigned()
}

/// The executable of this process, to be executed again.
///
/// On Linux it is a link that leads to this executable even when another file
/// has been put in its place, or none: an upgrade does not change what a running
/// program is. Without `/proc` it is the path that the kernel was given.
///
/// # Errors
/// If the system does not know.
#[cfg(feature = "process")]
pub(crate) fn executable() -> io::Result<PathBuf> {
    const LINK: &str = "/proc/self/exe";
    if cfg!(target_os = "linux") && fs::symlink_metadata(LINK).is_ok() {
        return Ok(LINK.into());
    }
    env::current_exe().or_else(|error| path_at_start().ok_or(error))
}

/// The path by which this process was executed.
#[cfg(all(target_os = "linux", feature = "process"))]
fn path_at_start() -> Option<PathBuf> {
    // SAFETY: takes a number.
    let address = unsafe { libc::getauxval(libc::AT_EXECFN) };
    if address == 0 {
        return None;
    }
    let text = std::ptr::with_exposed_provenance::<libc::c_char>(address as usize);
    // SAFETY: the kernel has put a terminated path there, which stays.
    let path = unsafe { std::ffi::CStr::from_ptr(text) };
    let path = PathBuf::from(OsStr::from_bytes(path.to_bytes()));
    std::path::absolute(path).ok().filter(|path| path.exists())
}

#[cfg(all(not(target_os = "linux"), feature = "process"))]
fn path_at_start() -> Option<PathBuf> {
    None
}

/// How a process ended that did not exit by itself; `None` if it did.
pub(crate) fn abnormal_end(status: ExitStatus) -> Option<String> {
    status
        .signal()
        .map(|signal| format!("killed by signal {signal}"))
}

/// Whether the process is stopped now; yes, if that is not known.
pub(crate) fn is_stopped(pid: i32) -> bool {
    if cfg!(not(target_os = "linux")) {
        return true;
    }
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| {
        // The name of the program, in parentheses, may hold anything.
        let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
        state.is_none_or(|state| state.starts_with(['T', 't']))
    })
}

/// Whether this signal stops a program that uses the terminal without having it.
pub(crate) fn lacks_terminal(signal: i32) -> bool {
    matches!(signal, libc::SIGTTIN | libc::SIGTTOU)
}

/// Whether somebody has ended it in a way that no program sees: a program does not do that to itself.
#[cfg(feature = "process")]
pub(crate) fn was_killed(status: ExitStatus) -> bool {
    status.signal() == Some(libc::SIGKILL)
}

#[cfg(all(test, target_os = "linux", feature = "process"))]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_process_is_told_from_one_that_goes_on() {
        let mut sleep = std::process::Command::new("sleep");
        let mut child = sleep.arg("600").spawn().expect("it starts");
        let pid = i32::try_from(child.id()).expect("a process id");
        assert!(!is_stopped(pid));
        for (signal, options) in [
            (libc::SIGSTOP, libc::WUNTRACED),
            (libc::SIGCONT, libc::WCONTINUED),
        ] {
            // SAFETY: our child, which is not reaped, and room for its status.
            let waited = unsafe {
                let mut status = 0;
                libc::kill(pid, signal);
                libc::waitpid(pid, &raw mut status, options)
            };
            assert_eq!(waited, pid);
            assert_eq!(is_stopped(pid), signal == libc::SIGSTOP);
        }
        child.kill().expect("it is there");
        child.wait().expect("ours");
    }

    #[test]
    fn without_procfs_the_path_of_the_start_is_known() {
        let path = path_at_start().expect("a path");
        let ours = env::current_exe().expect("this program");
        let canonical = |path: &PathBuf| fs::canonicalize(path).expect("it is there");
        assert_eq!(canonical(&path), canonical(&ours));
    }
}
