//! The mapping under a page of memory shared between processes. Where a page
//! comes from, and how a stranger's is told from another file, each system has
//! in its `page.rs`.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr::{self, NonNull};

use crate::sys::cell_layout::CellLayout;
use crate::sys::page_layout::PageLayout;

/// A mapped page.
#[derive(Debug)]
pub(crate) struct Page {
    pub(in crate::sys) layout: NonNull<PageLayout>,
    /// How long the mapping is.
    bytes: usize,
    fd: OwnedFd,
}

impl Page {
    /// Maps a new object of this many bytes, all zeroes, that nobody else knows
    /// yet; its header is written, and it says "running".
    ///
    /// # Errors
    /// Those of `mmap(2)`.
    pub(in crate::sys) fn map_new(fd: OwnedFd, bytes: usize) -> io::Result<Page> {
        let page = Page::map(fd, bytes)?;
        // SAFETY: the page is mapped, large enough, aligned and not yet known
        // to anybody else. The words are all zeroes, which is "running".
        unsafe { PageLayout::write_header(page.layout) };
        Ok(page)
    }

    /// Maps an object of at least this many bytes that another process made.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if it has another magic or version; else
    /// those of `mmap(2)`.
    pub(in crate::sys) fn map_made(fd: OwnedFd, bytes: usize) -> io::Result<Page> {
        let page = Page::map(fd, bytes)?;
        // SAFETY: mapped and large enough; the header is written once, before
        // the descriptor is given away.
        unsafe { PageLayout::check_header(page.layout) }?;
        Ok(page)
    }

    fn map(fd: OwnedFd, bytes: usize) -> io::Result<Page> {
        assert!(
            bytes >= size_of::<PageLayout>(),
            "{bytes} bytes are no page"
        );
        // SAFETY: a new mapping at an address that the kernel chooses.
        let address = unsafe {
            libc::mmap(
                ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                fd.as_raw_fd(),
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(address.cast())
            .map(|layout| Page { layout, bytes, fd })
            .ok_or_else(|| PageLayout::invalid("mapped at address 0"))
    }

    /// The words on the page, valid as long as the page lives.
    pub(crate) fn cell_layout(&self) -> NonNull<CellLayout> {
        // SAFETY: the page is mapped and large enough.
        unsafe { PageLayout::cell(self.layout) }
    }

    /// What another process needs to open it.
    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // SAFETY: the mapping was made in `map` with this length. It cannot
        // fail for a mapping that exists.
        let _ = unsafe { libc::munmap(self.layout.as_ptr().cast(), self.bytes) };
    }
}
