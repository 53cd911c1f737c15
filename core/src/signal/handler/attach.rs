//! Putting the handler in place of what was there, and taking it away.

use std::io;

use super::entry_functions::{behind, function_of};
use crate::machine::Signal;
use crate::signal::entry_point::EntryPoint;
use crate::sys::disposition::{self, Disposition};

/// Installs the handler for `signal` and returns the previous disposition.
///
/// # Errors
/// Those of `sigaction(2)`.
pub(in crate::signal) fn attach(
    signal: Signal,
    managed: &[Signal],
    entry: &EntryPoint,
) -> io::Result<Disposition> {
    let ours = Disposition::handler(function_of(entry), &masked(managed));
    let found = disposition::replace(signal, &ours)?;
    Ok(behind(signal, found))
}

/// What is held back in a thread that runs a handler.
fn masked(managed: &[Signal]) -> Vec<Signal> {
    let terminal_stop = [Signal::TERMINAL_STOP];
    managed.iter().copied().chain(terminal_stop).collect()
}

/// Puts `previous` back if our handler is still the installed one, and returns
/// whether it was.
///
/// # Errors
/// Those of `sigaction(2)`.
pub(in crate::signal) fn detach(
    signal: Signal,
    previous: &Disposition,
    entry: &EntryPoint,
) -> io::Result<bool> {
    let current = disposition::current(signal)?;
    if !current.is_handler(function_of(entry)) {
        return Ok(false);
    }
    entry.mark_restored(signal);
    disposition::replace(signal, previous)?;
    Ok(true)
}
