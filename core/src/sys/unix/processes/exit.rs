//! Ending the process, from anywhere, a signal handler included.

use crate::machine::Signal;
use crate::sys::disposition::{self, Disposition};
use crate::sys::mask;

/// Dies by `signal`, so that the parent sees `WIFSIGNALED`. Async-signal-safe.
///
/// The first process of a container is immune to the default of a signal; it
/// exits with 128 + n instead.
pub(crate) fn die_by(signal: Signal) -> ! {
    make_deadly(&[signal]);
    // SAFETY: raise takes any signal number.
    let _ = unsafe { libc::raise(signal.number()) };
    exit_now(128 + signal.number())
}

/// Gives these signals their default and lets them through in the calling
/// thread: the next one kills, whatever the caller still does. A failure is
/// passed over, as the caller ends the process anyway. Async-signal-safe.
pub(crate) fn make_deadly(signals: &[Signal]) {
    let default = Disposition::default_action();
    for &signal in signals {
        let _ = disposition::replace(signal, &default);
    }
    let _ = mask::unblock(signals);
}

/// Exits at once with `status`: no destructors, no flushing.
/// Async-signal-safe.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: _exit has no precondition.
    unsafe { libc::_exit(status) }
}
