//! How the words of a stage cell lie in memory, on the heap or on a page that
//! processes share.

use crate::sync::AtomicU32;

/// The words of a stage cell, as they lie in memory. Part of the format of the
/// shared page: a change needs a new version of it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct CellLayout {
    /// Epoch, stage, rung and cause.
    pub(crate) word: AtomicU32,
    /// Counts wakes; waiters sleep on it.
    pub(crate) wakes: AtomicU32,
    /// How many wait. A waiter that was killed stays counted, which costs a
    /// needless system call and nothing else.
    pub(crate) waiters: AtomicU32,
}

impl CellLayout {
    /// All zeroes: running, nobody waits.
    pub(crate) fn new() -> CellLayout {
        CellLayout {
            word: AtomicU32::new(0),
            wakes: AtomicU32::new(0),
            waiters: AtomicU32::new(0),
        }
    }
}
