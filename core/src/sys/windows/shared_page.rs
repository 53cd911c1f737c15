//! One page of memory shared between processes: a file mapping without a file
//! and without a name. Only who is given a handle can map it; its size stays.

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr::{self, NonNull};

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, FILE_MAP_READ, FILE_MAP_WRITE, MEMORY_MAPPED_VIEW_ADDRESS, MapViewOfFile,
    PAGE_READWRITE, UnmapViewOfFile,
};

use crate::sys::cell_layout::CellLayout;
use crate::sys::page_layout::PageLayout;

const BYTES: u32 = 4096;

/// A mapped page.
#[derive(Debug)]
pub(crate) struct Page {
    layout: NonNull<PageLayout>,
    handle: OwnedHandle,
}

impl Page {
    /// A new page, running. No child inherits its handle.
    ///
    /// # Errors
    /// Those of `CreateFileMapping` and `MapViewOfFile`.
    pub(crate) fn create() -> io::Result<Page> {
        // SAFETY: memory in place of a file, no attributes, no name.
        let raw = unsafe {
            CreateFileMappingW(
                INVALID_HANDLE_VALUE,
                ptr::null(),
                PAGE_READWRITE,
                0,
                BYTES,
                ptr::null(),
            )
        };
        if raw.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a fresh handle that nobody else owns.
        let page = Page::map(unsafe { OwnedHandle::from_raw_handle(raw) })?;
        // SAFETY: the page is mapped, large enough, aligned and not yet known
        // to anybody else. The words are all zeroes, which is "running".
        unsafe { PageLayout::write_header(page.layout) };
        Ok(page)
    }

    /// A page that another process made.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if it is not such a page: no mapping of
    /// this size, wrong magic or version.
    pub(crate) fn open(handle: OwnedHandle) -> io::Result<Page> {
        let page =
            Page::map(handle).map_err(|_| PageLayout::invalid("not a mapping of its size"))?;
        // SAFETY: mapped and large enough; the header is written once, before
        // the handle is given away.
        unsafe { PageLayout::check_header(page.layout) }?;
        Ok(page)
    }

    fn map(handle: OwnedHandle) -> io::Result<Page> {
        let access = FILE_MAP_READ | FILE_MAP_WRITE;
        // SAFETY: a new view at an address that the system chooses. It fails
        // for a mapping that is smaller.
        let view = unsafe { MapViewOfFile(handle.as_raw_handle(), access, 0, 0, BYTES as usize) };
        match NonNull::new(view.Value.cast()) {
            Some(layout) => Ok(Page { layout, handle }),
            None => Err(io::Error::last_os_error()),
        }
    }

    /// The words on the page, valid as long as the page lives.
    pub(crate) fn cell_layout(&self) -> NonNull<CellLayout> {
        // SAFETY: the page is mapped and large enough.
        unsafe { PageLayout::cell(self.layout) }
    }

    /// What another process needs to open it.
    pub(crate) fn descriptor(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let view = MEMORY_MAPPED_VIEW_ADDRESS {
            Value: self.layout.as_ptr().cast(),
        };
        // SAFETY: the view was made in `map`. It cannot fail for a view that
        // exists.
        let _ = unsafe { UnmapViewOfFile(view) };
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::atomic::Ordering;

    use super::*;

    fn refused(handle: OwnedHandle) -> String {
        let error = Page::open(handle).expect_err("refused");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        error.to_string()
    }

    fn twin(page: &Page) -> OwnedHandle {
        page.descriptor().try_clone_to_owned().expect("duplicate")
    }

    #[test]
    fn what_one_view_writes_the_other_reads() {
        let page = Page::create().expect("create");
        let again = Page::open(twin(&page)).expect("open");
        assert_ne!(page.layout, again.layout);
        // SAFETY: both pages live.
        let (here, there) = unsafe { (page.cell_layout().as_ref(), again.cell_layout().as_ref()) };
        here.word.store(7, Ordering::SeqCst);
        assert_eq!(there.word.load(Ordering::SeqCst), 7);
    }

    #[test]
    fn what_is_not_such_a_page_is_refused() {
        let file = File::open(std::env::current_exe().expect("this program")).expect("open");
        assert!(refused(file.into()).contains("not a mapping"));
        let page = Page::create().expect("create");
        // SAFETY: mapped; nobody else reads it.
        unsafe { PageLayout::spoil_version(page.layout) };
        assert!(refused(twin(&page)).contains("version"));
    }
}
