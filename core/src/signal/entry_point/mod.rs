//! What an installation reserves, so that the calls of its handler are told
//! from those of an earlier one.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::{ENTRIES, EntryPoint, is_restored, passing, previous};
#[cfg(windows)]
pub(super) use windows::EntryPoint;
