//! The console routine: what runs when Ctrl+C is pressed, on a thread of its
//! own. The counterpart of `handler.rs`, with the same interface.

use std::io;
use std::ptr;
use std::sync::Arc;

use super::guard::HandlerGuard;
use crate::machine::{Action, Event, Sender, Signal};
use crate::signal::engine::Engine;
use crate::signal::entry_point::EntryPoint;
use crate::signal::options::ExitStyle;
use crate::sys::disposition::Disposition;
use crate::sys::{console, terminal};

static GUARD: HandlerGuard<Engine> = HandlerGuard::new();

unsafe extern "system" fn on_event(event: u32) -> i32 {
    // SAFETY: the guard keeps the engine valid until we leave.
    let engine = unsafe { GUARD.enter().as_ref() };
    let handled = match (engine, console::signal_of(event)) {
        (Some(engine), Some(signal)) => {
            let sender = Sender::Unknown;
            let transition = engine.apply(Event::Signal { signal, sender });
            if transition.action.ends_process() {
                end_process(engine, transition.action, Some(signal));
            }
            1
        }
        // The routine that was added before this one gets the event.
        _ => 0,
    };
    GUARD.leave();
    handled
}

/// Ends the process from wherever this is called. `signal` is the one that
/// began it all.
pub(in crate::signal) fn end_process(engine: &Engine, action: Action, signal: Option<Signal>) -> ! {
    if action != Action::Delegate {
        terminal::write_without_blocking(&engine.exit_message);
    }
    terminal::repair_without_blocking(&engine.terminal_restore);
    if let Some(modes) = &engine.modes {
        modes.apply();
    }
    match (engine.exit, signal) {
        (ExitStyle::BySignal, Some(signal)) => console::die_by(signal),
        (ExitStyle::Status128, Some(signal)) => console::exit_now(128 + signal.number()),
        (ExitStyle::Status(status), _) => console::exit_now(i32::from(status)),
        (ExitStyle::BySignal | ExitStyle::Status128, None) => console::exit_now(1),
    }
}

/// An engine that the routine uses; taken away from it when dropped, which must
/// not happen in the routine. It keeps the engine valid.
pub(in crate::signal) struct Published(Arc<Engine>);

/// Offers the engine to the routine; `None` if another one is installed.
pub(in crate::signal) fn publish(engine: &Arc<Engine>) -> Option<Published> {
    let published = Published(Arc::clone(engine));
    GUARD
        .publish(ptr::null(), Arc::as_ptr(engine))
        .is_ok()
        .then_some(published)
}

impl Drop for Published {
    fn drop(&mut self) {
        GUARD.retract(Arc::as_ptr(&self.0));
    }
}

/// Adds the routine.
///
/// # Errors
/// Those of `SetConsoleCtrlHandler`.
pub(in crate::signal) fn attach(
    _signal: Signal,
    _managed: &[Signal],
    _entry: &EntryPoint,
) -> io::Result<Disposition> {
    console::add(on_event).map(|()| Disposition)
}

/// Removes the routine.
///
/// # Errors
/// Those of `SetConsoleCtrlHandler`.
pub(in crate::signal) fn detach(
    _signal: Signal,
    _previous: &Disposition,
    _entry: &EntryPoint,
) -> io::Result<bool> {
    console::remove(on_event).map(|()| true)
}
