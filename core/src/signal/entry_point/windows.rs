//! A console routine needs no entry point.

use crate::machine::Signal;
use crate::sys::disposition::Disposition;

/// The routine needs no entry point of its own: the system keeps a list of
/// routines, and no library calls that of another one.
#[derive(Debug)]
pub(in crate::signal) struct EntryPoint;

impl EntryPoint {
    /// Reserves the only one.
    pub(in crate::signal) fn reserve() -> Option<EntryPoint> {
        Some(EntryPoint)
    }

    /// Does nothing.
    pub(in crate::signal) fn retire_unless_restored(&self, _: Signal, _: &Disposition) {}
}
