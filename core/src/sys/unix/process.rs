//! Who this process is.

/// The id of this process. Async-signal-safe; asks the kernel each time, so
/// the answer is right in a forked child.
pub(crate) fn id() -> u32 {
    // SAFETY: no precondition, cannot fail.
    unsafe { libc::getpid() }.cast_unsigned()
}
