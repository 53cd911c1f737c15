//! The signal handler and, on Windows, the console routine: all code that runs
//! inside one, with one interface.

#[cfg(unix)]
mod entry_points;
mod guard;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use entry_points::EntryPoint;
#[cfg(unix)]
pub(super) use unix::{Published, attach, detach, end_process, publish};
#[cfg(windows)]
pub(super) use windows::{EntryPoint, Published, attach, detach, end_process, publish};
