//! Calls by other libraries: of a function of ours whose installation has
//! ended, and on to what was there before.

use std::sync::atomic::Ordering;

use crate::machine::Signal;
use crate::signal::entry_point;
use crate::sys::disposition::{self, Callable, Disposition, HandlerFn};

/// Handlers of other libraries that call each other in a circle are left after
/// so many rounds.
const NESTED_MAX: u32 = 8;

/// A call of a function whose installation has ended. Async-signal-safe.
pub(super) fn on_stale_call(
    number: usize,
    function: HandlerFn,
    signal: Signal,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    if entry_point::is_restored(number, signal) {
        // Its delivery had begun when the handler was removed. What was there
        // before is back, and gets the signal.
        return raise(signal);
    }
    let Some(previous) = entry_point::previous(number, signal) else {
        // The handler is being removed below that of another library, which
        // has had the signal.
        return;
    };
    let Ok(current) = disposition::current(signal) else {
        return;
    };
    if current.is_handler(function) {
        // The other library has put the stale function back, and left.
        if disposition::replace(signal, previous).is_ok() {
            raise(signal);
        }
    } else if !current.is_same_handler(previous) {
        // Without us, the other library would have called this one. If it is
        // the other library's own handler, it is at work already.
        let passing = entry_point::passing(number);
        if passing.fetch_add(1, Ordering::SeqCst) < NESTED_MAX {
            call(previous, signal, info, context);
        }
        passing.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Calls the handler of a disposition, if it has one. Async-signal-safe if the
/// handler is.
pub(super) fn call(
    disposition: &Disposition,
    signal: Signal,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    match disposition.callable() {
        Some(Callable::WithInfo(handler)) => handler(signal.number(), info, context),
        Some(Callable::Plain(handler)) => handler(signal.number()),
        None => {}
    }
}

/// The signal is blocked in this handler and arrives when it returns.
fn raise(signal: Signal) {
    // SAFETY: raise takes any signal number.
    let _ = unsafe { libc::raise(signal.number()) };
}
