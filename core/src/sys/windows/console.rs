//! The console's keys, and the end of the process.
//!
//! The system calls the routine on a thread of its own, so none of the
//! restrictions of a Unix signal handler apply.

use std::io;

use windows_sys::Win32::Foundation::STATUS_CONTROL_C_EXIT;
use windows_sys::Win32::System::Console::{
    CTRL_BREAK_EVENT, CTRL_C_EVENT, GenerateConsoleCtrlEvent, SetConsoleCtrlHandler,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, TerminateProcess};

use crate::machine::Signal;

/// What the system calls with the type of the event; whether it was dealt with.
pub(crate) type Routine = unsafe extern "system" fn(u32) -> i32;

/// The signal behind a console event; `None` for closing the window, logging
/// off and shutting down.
pub(crate) fn signal_of(event: u32) -> Option<Signal> {
    matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT).then_some(Signal::INTERRUPT)
}

/// Adds the routine before all others.
///
/// # Errors
/// Those of `SetConsoleCtrlHandler`.
pub(crate) fn add(routine: Routine) -> io::Result<()> {
    set(Some(routine), true)
}

/// Removes the routine; those added before it work again.
///
/// # Errors
/// Those of `SetConsoleCtrlHandler`: it was not there.
pub(crate) fn remove(routine: Routine) -> io::Result<()> {
    set(Some(routine), false)
}

/// Lets Ctrl+C through, if this process inherited that it is ignored.
///
/// # Errors
/// Those of `SetConsoleCtrlHandler`.
pub(crate) fn stop_ignoring() -> io::Result<()> {
    set(None, false)
}

fn set(routine: Option<Routine>, add: bool) -> io::Result<()> {
    // SAFETY: the routine is a function of this program and stays valid; none
    // stands for ignoring Ctrl+C.
    if unsafe { SetConsoleCtrlHandler(routine, i32::from(add)) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Sends Ctrl+Break to a process group on the same console.
///
/// # Errors
/// Those of `GenerateConsoleCtrlEvent`: this process has no console, or the
/// system, as Wine, does not know of Ctrl+Break.
pub(crate) fn press_break(group: u32) -> io::Result<()> {
    // SAFETY: any numbers may be given.
    if unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, group) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Ends the process as Ctrl+C would: a parent sees `STATUS_CONTROL_C_EXIT`.
pub(crate) fn die_by(_signal: Signal) -> ! {
    exit_now(STATUS_CONTROL_C_EXIT)
}

/// Ends the process with this status, at once: `ExitProcess` would wait for a
/// lock that a stuck thread may have, and call what libraries have left to do.
/// Jobs end with it, and so do the processes in them.
pub(crate) fn exit_now(status: i32) -> ! {
    loop {
        // It cannot fail for a process of its own.
        // SAFETY: the handle of the caller needs no closing.
        unsafe { TerminateProcess(GetCurrentProcess(), status.cast_unsigned()) };
    }
}
