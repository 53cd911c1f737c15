//! One page of memory shared between processes: a sealed memfd.
//!
//! A memfd has no name: only who is given the descriptor (or may open
//! `/proc/PID/fd` of its holder, that is, the same user) can map it. The seals
//! keep its size: without them another holder could shrink the file and make
//! every access die by SIGBUS, so a memfd without them is refused. Where a sandbox
//! refuses memfds, it is an object without a name, as on other systems.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use crate::sys::page_layout::PageLayout;
use crate::sys::unix;
pub(crate) use crate::sys::unix::mapping::Page;

const BYTES: usize = 4096;
const SEALS: libc::c_int = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;

impl Page {
    /// A new page, running. The descriptor is closed on exec.
    ///
    /// # Errors
    /// Those of `memfd_create(2)`, `ftruncate(2)`, `fcntl(2)` and `mmap(2)`.
    pub(crate) fn create() -> io::Result<Page> {
        let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
        // SAFETY: the name is a C string.
        let raw = unsafe { libc::memfd_create(c"interrupt-stage".as_ptr(), flags) };
        if raw < 0 {
            // A sandbox may refuse it: the page that other systems use will do.
            return unix::shared_page::create_nameless();
        }
        // SAFETY: a fresh descriptor that nobody else owns.
        let fd = unsafe { OwnedFd::from_raw_fd(raw) };
        let file = File::from(fd);
        file.set_len(BYTES as u64)?;
        let fd = OwnedFd::from(file);
        // SAFETY: the descriptor is open; F_ADD_SEALS takes an int.
        if unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_ADD_SEALS, SEALS) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Page::map_new(fd, BYTES)
    }

    /// A page that another process made.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if it is not such a page: wrong seals,
    /// size, magic or version; else those of `fcntl(2)` and `mmap(2)`.
    pub(crate) fn open(fd: OwnedFd) -> io::Result<Page> {
        // SAFETY: the descriptor is open; F_GET_SEALS takes no argument.
        let seals = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GET_SEALS) };
        if seals < 0 {
            return Err(PageLayout::invalid("not a memfd"));
        }
        if seals & SEALS != SEALS {
            let file = File::from(fd);
            let found = file.metadata()?;
            // The other kind of page is larger than a memfd's.
            if found.nlink() == 0 && found.len() > BYTES as u64 {
                return unix::shared_page::open_nameless(file.into());
            }
            return Err(PageLayout::invalid(
                "not sealed against a change of its size",
            ));
        }
        let file = File::from(fd);
        if file.metadata()?.len() != BYTES as u64 {
            return Err(PageLayout::invalid("not of the right size"));
        }
        Page::map_made(OwnedFd::from(file), BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(fd: OwnedFd) -> String {
        let error = Page::open(fd).expect_err("refused");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        error.to_string()
    }

    fn memfd(seals: libc::c_int, bytes: u64) -> OwnedFd {
        let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
        // SAFETY: the name is a C string.
        let raw = unsafe { libc::memfd_create(c"test".as_ptr(), flags) };
        assert!(raw >= 0);
        // SAFETY: a fresh descriptor that nobody else owns.
        let file = File::from(unsafe { OwnedFd::from_raw_fd(raw) });
        file.set_len(bytes).expect("ftruncate");
        // SAFETY: the descriptor is open; F_ADD_SEALS takes an int.
        let status = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) };
        assert_eq!(status, 0);
        file.into()
    }

    #[test]
    fn a_page_is_opened_again() {
        let page = Page::create().expect("create");
        let again = Page::open(page.descriptor().try_clone_to_owned().expect("dup")).expect("open");
        assert_ne!(page.layout, again.layout);
    }

    #[test]
    fn a_page_keeps_its_size() {
        let page = Page::create().expect("create");
        let file = File::from(page.descriptor().try_clone_to_owned().expect("dup"));
        assert!(file.set_len(0).is_err());
        assert!(file.set_len(2 * BYTES as u64).is_err());
    }

    #[test]
    fn what_is_not_such_a_page_is_refused() {
        let file = File::open("/proc/self/exe").expect("this program");
        assert!(refused(file.into()).contains("not a memfd"));
        assert!(refused(memfd(0, BYTES as u64)).contains("not sealed"));
        assert!(refused(memfd(SEALS, 10)).contains("size"));
        assert!(refused(memfd(SEALS, BYTES as u64)).contains("magic"));
        let page = Page::create().expect("create");
        // SAFETY: mapped; nobody else reads it.
        unsafe { PageLayout::spoil_version(page.layout) };
        let fd = page.descriptor().try_clone_to_owned().expect("dup");
        assert!(refused(fd).contains("version"));
    }
}
