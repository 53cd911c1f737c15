//! A reference to a cell that caches the address of its word.

use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

use super::cell::{StageCell, StageWord};
use crate::sync::{AtomicU32, Ordering};

/// The word of a reference that must not use a cached one, with every bit set:
/// the highest stage.
#[cfg(not(sigproof_loom))]
static NOT_CACHED: AtomicU32 = AtomicU32::new(u32::MAX);

/// A cell, with the address of its word: a poll follows one pointer, where the
/// way through the cell would follow two.
///
/// A token that sees the cell through scopes or shields must not use the word
/// alone. Its reference points to a constant word instead. That saves all other
/// tokens the check.
#[derive(Clone, Debug)]
pub(crate) struct CellRef {
    /// The word of the cell, `None` if one has to look closer. (Statics cannot
    /// hold loom's atomics.)
    #[cfg(sigproof_loom)]
    cached: Option<NonNull<AtomicU32>>,
    /// The word of the cell, or [`NOT_CACHED`].
    #[cfg(not(sigproof_loom))]
    cached: NonNull<AtomicU32>,
    cell: Arc<StageCell>,
}

// SAFETY: as for the storage, which the cell owns.
unsafe impl Send for CellRef {}
// SAFETY: as for the storage.
unsafe impl Sync for CellRef {}

impl CellRef {
    /// Refers to `cell` and keeps it.
    pub(crate) fn new(cell: Arc<StageCell>) -> CellRef {
        // Valid as long as the storage, which the cell owns.
        let word = NonNull::from(&cell.storage().word);
        CellRef {
            #[cfg(sigproof_loom)]
            cached: Some(word),
            #[cfg(not(sigproof_loom))]
            cached: word,
            cell,
        }
    }

    /// The same reference, without the cached address.
    pub(crate) fn uncached(&self) -> CellRef {
        CellRef {
            #[cfg(sigproof_loom)]
            cached: None,
            #[cfg(not(sigproof_loom))]
            cached: NonNull::from(&NOT_CACHED),
            cell: Arc::clone(&self.cell),
        }
    }

    /// The word now, or one of the highest stage, which means that one has to
    /// look closer. One relaxed load.
    #[inline]
    pub(crate) fn cached(&self) -> StageWord {
        #[cfg(sigproof_loom)]
        let Some(cached) = self.cached else {
            return StageWord::from_bits(u32::MAX);
        };
        #[cfg(not(sigproof_loom))]
        let cached = self.cached;
        // SAFETY: the cell is kept, and never changes its storage; the other
        // word is a static.
        StageWord::from_bits(unsafe { cached.as_ref() }.load(Ordering::Relaxed))
    }
}

impl Deref for CellRef {
    type Target = Arc<StageCell>;

    fn deref(&self) -> &Arc<StageCell> {
        &self.cell
    }
}
