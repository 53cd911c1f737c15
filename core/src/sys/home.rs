//! Where the words of a cell live: on the heap, or on a page shared with other
//! processes. A reader does not know which: it follows one pointer.

use std::io;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

#[cfg(not(sigproof_loom))]
use super::page::Page;
use super::{Descriptor, OwnedDescriptor};
use crate::machine::{Cell, Word};
use crate::sync::{AtomicU32, Ordering};

/// The words of a cell, as they lie in memory. Part of the format of the
/// shared page: a change needs a new version of it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Words {
    /// Epoch, stage, rung and cause.
    pub(crate) word: AtomicU32,
    /// Counts wakes; waiters sleep on it.
    pub(crate) wakes: AtomicU32,
    /// How many wait. A waiter that was killed stays counted, which costs a
    /// needless system call and nothing else.
    pub(crate) waiters: AtomicU32,
}

impl Words {
    fn new() -> Words {
        Words {
            word: AtomicU32::new(0),
            wakes: AtomicU32::new(0),
            waiters: AtomicU32::new(0),
        }
    }
}

/// The place of the words; owns it.
#[derive(Debug)]
pub(crate) struct Home {
    words: NonNull<Words>,
    owner: Owner,
}

#[derive(Debug)]
enum Owner {
    Heap,
    #[cfg(not(sigproof_loom))]
    Page(Page),
}

// SAFETY: the words are atomics, and the pointer stays valid as long as the
// home lives, wherever it is moved.
unsafe impl Send for Home {}
// SAFETY: as above; shared access is what atomics are for.
unsafe impl Sync for Home {}

impl Home {
    /// On the heap.
    pub(crate) fn private() -> Home {
        Home {
            words: NonNull::from(Box::leak(Box::new(Words::new()))),
            owner: Owner::Heap,
        }
    }

    /// On a new shared page.
    ///
    /// # Errors
    /// Those of creating and mapping the page.
    pub(crate) fn shared() -> io::Result<Home> {
        #[cfg(not(sigproof_loom))]
        return Page::create().map(Home::on);
        #[cfg(sigproof_loom)]
        Err(io::ErrorKind::Unsupported.into())
    }

    /// On a page that another process made.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if it is none; those of mapping it.
    pub(crate) fn open(page: OwnedDescriptor) -> io::Result<Home> {
        #[cfg(not(sigproof_loom))]
        return Page::open(page).map(Home::on);
        #[cfg(sigproof_loom)]
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("{page:?}"),
        ))
    }

    #[cfg(not(sigproof_loom))]
    fn on(page: Page) -> Home {
        Home {
            words: page.words(),
            owner: Owner::Page(page),
        }
    }

    /// Whether other processes may see the words.
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(self.owner, Owner::Heap)
    }

    /// What another process needs to open the page, if there is one.
    pub(crate) fn descriptor(&self) -> Option<Descriptor<'_>> {
        match &self.owner {
            Owner::Heap => None,
            #[cfg(not(sigproof_loom))]
            Owner::Page(page) => Some(page.descriptor()),
        }
    }
}

impl Deref for Home {
    type Target = Words;

    fn deref(&self) -> &Words {
        // SAFETY: valid as long as `self` lives, see the owner.
        unsafe { self.words.as_ref() }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if !self.is_shared() {
            // SAFETY: it came from a box in `private`, and nobody else has it.
            drop(unsafe { Box::from_raw(self.words.as_ptr()) });
        }
    }
}

/// A word that says nothing but that one has to look closer, with every bit
/// set: the highest stage.
#[cfg(not(sigproof_loom))]
static LOOK_CLOSER: AtomicU32 = AtomicU32::new(u32::MAX);

/// A cell, with its word at hand: a poll follows one pointer, where the way
/// through the cell would follow two.
///
/// Whoever sees the cell through something else, and so must not take the word
/// for granted, points elsewhere instead. That saves all others the question.
#[derive(Clone, Debug)]
pub(crate) struct CellRef {
    /// The word of the cell, `None` if one has to look closer. (Statics cannot
    /// hold loom's atomics.)
    #[cfg(sigproof_loom)]
    quick: Option<NonNull<AtomicU32>>,
    /// The word of the cell, or [`LOOK_CLOSER`].
    #[cfg(not(sigproof_loom))]
    quick: NonNull<AtomicU32>,
    cell: Arc<Cell>,
}

// SAFETY: as for the home, which the cell owns.
unsafe impl Send for CellRef {}
// SAFETY: as for the home.
unsafe impl Sync for CellRef {}

impl CellRef {
    /// Refers to `cell` and keeps it.
    pub(crate) fn new(cell: Arc<Cell>) -> CellRef {
        // SAFETY: the words are valid as long as the home, which the cell owns.
        let word = NonNull::from(unsafe { &cell.home().words.as_ref().word });
        CellRef {
            #[cfg(sigproof_loom)]
            quick: Some(word),
            #[cfg(not(sigproof_loom))]
            quick: word,
            cell,
        }
    }

    /// The same, for somebody who always has to look closer.
    pub(crate) fn looked_through(&self) -> CellRef {
        CellRef {
            #[cfg(sigproof_loom)]
            quick: None,
            #[cfg(not(sigproof_loom))]
            quick: NonNull::from(&LOOK_CLOSER),
            cell: Arc::clone(&self.cell),
        }
    }

    /// The word now, or one of the highest stage, which means that one has to
    /// look closer. One relaxed load.
    #[inline]
    pub(crate) fn quick(&self) -> Word {
        #[cfg(sigproof_loom)]
        let Some(quick) = self.quick else {
            return Word::from_bits(u32::MAX);
        };
        #[cfg(not(sigproof_loom))]
        let quick = self.quick;
        // SAFETY: the cell is kept, and never changes its home; the other word
        // is a static.
        Word::from_bits(unsafe { quick.as_ref() }.load(Ordering::Relaxed))
    }
}

impl Deref for CellRef {
    type Target = Arc<Cell>;

    fn deref(&self) -> &Arc<Cell> {
        &self.cell
    }
}
