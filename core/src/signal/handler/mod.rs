//! The signal handler and, on Windows, the console routine: all code that runs
//! inside one, with one interface.

#[cfg(unix)]
mod attach;
#[cfg(unix)]
mod entry_functions;
mod guard;
#[cfg(unix)]
mod stale_call;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use attach::{attach, detach};
#[cfg(unix)]
pub(super) use unix::{Published, end_process, publish};
#[cfg(windows)]
pub(super) use windows::{Published, attach, detach, end_process, publish};
