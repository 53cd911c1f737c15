//! Where the words of a cell live: on the heap, or on a page shared with other
//! processes. A reader does not know which: it follows one pointer.

use std::io;
use std::ops::Deref;
use std::ptr::NonNull;

use crate::sys::cell_layout::CellLayout;
#[cfg(not(sigproof_loom))]
use crate::sys::shared_page::Page;
use crate::sys::{Descriptor, OwnedDescriptor};

/// The place of the words; owns it.
#[derive(Debug)]
pub(crate) struct CellStorage {
    words: NonNull<CellLayout>,
    backing: Backing,
}

#[derive(Debug)]
enum Backing {
    Heap,
    #[cfg(not(sigproof_loom))]
    Page(Page),
}

// SAFETY: the words are atomics, and the pointer stays valid as long as the
// storage lives, wherever it is moved.
unsafe impl Send for CellStorage {}
// SAFETY: as above; shared access is what atomics are for.
unsafe impl Sync for CellStorage {}

impl CellStorage {
    /// On the heap.
    pub(crate) fn private() -> CellStorage {
        CellStorage {
            words: NonNull::from(Box::leak(Box::new(CellLayout::new()))),
            backing: Backing::Heap,
        }
    }

    /// On a new shared page.
    ///
    /// # Errors
    /// Those of creating and mapping the page.
    pub(crate) fn shared() -> io::Result<CellStorage> {
        #[cfg(not(sigproof_loom))]
        return Page::create().map(CellStorage::on);
        #[cfg(sigproof_loom)]
        Err(io::ErrorKind::Unsupported.into())
    }

    /// On a page that another process made.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if it is none; those of mapping it.
    pub(crate) fn open(page: OwnedDescriptor) -> io::Result<CellStorage> {
        #[cfg(not(sigproof_loom))]
        return Page::open(page).map(CellStorage::on);
        #[cfg(sigproof_loom)]
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("{page:?}"),
        ))
    }

    #[cfg(not(sigproof_loom))]
    fn on(page: Page) -> CellStorage {
        CellStorage {
            words: page.cell_layout(),
            backing: Backing::Page(page),
        }
    }

    /// Whether other processes may see the words.
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(self.backing, Backing::Heap)
    }

    /// What another process needs to open the page, if there is one.
    pub(crate) fn descriptor(&self) -> Option<Descriptor<'_>> {
        match &self.backing {
            Backing::Heap => None,
            #[cfg(not(sigproof_loom))]
            Backing::Page(page) => Some(page.descriptor()),
        }
    }
}

impl Deref for CellStorage {
    type Target = CellLayout;

    fn deref(&self) -> &CellLayout {
        // SAFETY: valid as long as `self` lives, see the owner.
        unsafe { self.words.as_ref() }
    }
}

impl Drop for CellStorage {
    fn drop(&mut self) {
        if !self.is_shared() {
            // SAFETY: it came from a box in `private`, and nobody else has it.
            drop(unsafe { Box::from_raw(self.words.as_ptr()) });
        }
    }
}
