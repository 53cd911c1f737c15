//! The console's Ctrl+C and Ctrl+Break, and the end of the process.
//!
//! The system calls the routine on a thread of its own, so none of the
//! restrictions of a Unix signal handler apply.

use std::io;

use crate::machine::Signal;

/// What the system calls with the type of the event.
pub(crate) type Routine = extern "system" fn(u32) -> i32;

/// The exit status of a process that Ctrl+C ended (`STATUS_CONTROL_C_EXIT`).
const CONTROL_C_EXIT: u32 = 0xC000_013A;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn SetConsoleCtrlHandler(routine: Option<Routine>, add: i32) -> i32;
    fn ExitProcess(status: u32) -> !;
}

/// The signal behind a console event; `None` for closing the window, logging
/// off and shutting down.
pub(crate) fn signal_of(event: u32) -> Option<Signal> {
    const CTRL_C_EVENT: u32 = 0;
    const CTRL_BREAK_EVENT: u32 = 1;
    matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT).then_some(Signal::INTERRUPT)
}

/// Adds the routine before all others.
///
/// # Errors
/// Those of `SetConsoleCtrlHandler`.
pub(crate) fn add(routine: Routine) -> io::Result<()> {
    set(routine, true)
}

/// Removes the routine; those added before it work again.
///
/// # Errors
/// Those of `SetConsoleCtrlHandler`: it was not there.
pub(crate) fn remove(routine: Routine) -> io::Result<()> {
    set(routine, false)
}

fn set(routine: Routine, add: bool) -> io::Result<()> {
    // SAFETY: the routine is a function of this program and stays valid.
    if unsafe { SetConsoleCtrlHandler(Some(routine), i32::from(add)) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Ends the process as Ctrl+C would: a parent sees `STATUS_CONTROL_C_EXIT`.
pub(crate) fn die_by(_signal: Signal) -> ! {
    // SAFETY: no precondition.
    unsafe { ExitProcess(CONTROL_C_EXIT) }
}

/// Ends the process with this status.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: no precondition.
    unsafe { ExitProcess(status.cast_unsigned()) }
}
