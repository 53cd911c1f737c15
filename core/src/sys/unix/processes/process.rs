//! Who this process is, and how another one ended.

use std::os::unix::process::ExitStatusExt;
#[cfg(feature = "process")]
pub(crate) use std::os::unix::process::parent_id;
use std::process::ExitStatus;

/// The id of this process. Async-signal-safe; asks the kernel each time, so
/// the answer is right in a forked child.
pub(crate) fn id() -> u32 {
    // SAFETY: no precondition, cannot fail.
    unsafe { libc::getpid() }.cast_unsigned()
}

/// How a process ended that did not exit by itself; `None` if it did.
pub(crate) fn abnormal_end(status: ExitStatus) -> Option<String> {
    status
        .signal()
        .map(|signal| format!("killed by signal {signal}"))
}
