//! What lies on a page that is shared between processes, whatever the page is
//! made of.

use std::io;
use std::mem::size_of;
use std::ptr::NonNull;

use super::cell_layout::CellLayout;

const MAGIC: u64 = u64::from_be_bytes(*b"sigproof");
/// Of everything below, [`CellLayout`] included.
const VERSION: u32 = 1;

/// The page, from its first byte on.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct PageLayout {
    magic: u64,
    version: u32,
    size: u32,
    cell: CellLayout,
}

impl PageLayout {
    /// Declares a page to be one. Its words are left as they are: all zeroes,
    /// on a fresh page, is "running".
    ///
    /// # Safety
    /// The page is mapped, aligned, as large as this, and nobody else knows it
    /// yet.
    pub(crate) unsafe fn write_header(page: NonNull<PageLayout>) {
        let page = page.as_ptr();
        // SAFETY: as the caller promises. The words are not touched.
        unsafe {
            (*page).version = VERSION;
            (*page).size = size_of::<PageLayout>() as u32;
            (*page).magic = MAGIC;
        }
    }

    /// Whether a page was declared by [`PageLayout::write_header`].
    ///
    /// # Safety
    /// The page is mapped, aligned, as large as this, and whoever wrote its
    /// header did so before the page was handed over.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if it was not, or by another version.
    pub(crate) unsafe fn check_header(page: NonNull<PageLayout>) -> io::Result<()> {
        let page = page.as_ptr();
        // SAFETY: as the caller promises; no reference to the words is made.
        let (magic, version) = unsafe { ((*page).magic, (*page).version) };
        if magic != MAGIC {
            return Err(PageLayout::invalid("without the magic number"));
        }
        if version != VERSION {
            return Err(PageLayout::invalid("of another version"));
        }
        Ok(())
    }

    /// The words on the page.
    ///
    /// # Safety
    /// The page is mapped and as large as this.
    pub(crate) unsafe fn cell(page: NonNull<PageLayout>) -> NonNull<CellLayout> {
        // SAFETY: the field lies within the page, which is not at address 0.
        unsafe { NonNull::new_unchecked(&raw mut (*page.as_ptr()).cell) }
    }

    /// The error of a page that is none.
    pub(crate) fn invalid(what: &str) -> io::Error {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the shared interrupt stage is {what}"),
        )
    }

    /// Makes it a page of another version.
    ///
    /// # Safety
    /// The page is mapped, as large as this, and nobody else reads its header.
    #[cfg(test)]
    pub(crate) unsafe fn spoil_version(page: NonNull<PageLayout>) {
        // SAFETY: as the caller promises.
        unsafe { (*page.as_ptr()).version = VERSION + 1 };
    }
}
