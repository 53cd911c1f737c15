//! The thread's error number, to be left untouched by a signal handler.

#[cfg(any(target_os = "linux", target_os = "android"))]
fn place() -> *mut libc::c_int {
    // SAFETY: no precondition; returns the calling thread's own variable.
    unsafe { libc::__errno_location() }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn place() -> *mut libc::c_int {
    // SAFETY: no precondition; returns the calling thread's own variable.
    unsafe { libc::__error() }
}

/// The current value. Async-signal-safe.
pub(crate) fn get() -> i32 {
    // SAFETY: the place is valid for as long as the thread runs.
    unsafe { *place() }
}

/// Puts a value back. Async-signal-safe.
pub(crate) fn set(value: i32) {
    // SAFETY: as in `get`; no other thread writes this variable.
    unsafe { *place() = value }
}
