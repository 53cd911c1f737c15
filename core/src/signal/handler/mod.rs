//! The signal handler and, on Windows, the console routine: all code that runs
//! inside one, with one interface.

mod guard;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::{Published, attach, attach_terminal_stop, detach, end_process, publish};
#[cfg(windows)]
pub(super) use windows::{Published, attach, detach, end_process, publish};
