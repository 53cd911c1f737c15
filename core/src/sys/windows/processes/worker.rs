//! What a worker process does to itself before it works.

use std::fs::File;
use std::io;
use std::os::windows::io::IntoRawHandle;

use windows_sys::Win32::System::Console::{STD_INPUT_HANDLE, SetStdHandle};

use crate::machine::Signal;
use crate::sys::console;

/// The signal by which a pool asks a worker, and what its tasks started, to
/// end: as Ctrl+Break.
pub(crate) const REQUEST: Signal = Signal::INTERRUPT;

/// Whether this is a worker whose pool is gone: a job does not leave one.
pub(crate) fn has_line() -> bool {
    false
}

/// Puts `NUL` in the place of standard input, where programs that a task starts
/// would find the line to the pool.
///
/// # Errors
/// Those of `CreateFile` and `SetStdHandle`.
pub(crate) fn close_stdin() -> io::Result<()> {
    // Open for the rest of the process.
    let null = File::open("NUL")?.into_raw_handle();
    // SAFETY: the handle is open.
    if unsafe { SetStdHandle(STD_INPUT_HANDLE, null) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Nothing to do: the leader of a process group ignores Ctrl+C, and so do the
/// programs that it starts. The parent alone decides what the key means.
///
/// # Errors
/// None.
pub(crate) fn reset_signals() -> io::Result<()> {
    Ok(())
}

/// Nothing to do: there are no signal masks.
///
/// # Errors
/// None.
pub(crate) fn unblock_signals() -> io::Result<()> {
    Ok(())
}

/// Ends this process at once. What its tasks started ends with the pool's job.
pub(crate) fn kill_own_group() -> ! {
    console::exit_now(1)
}
