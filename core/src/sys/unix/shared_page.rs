//! One page of memory shared between processes, where there is no memfd: a
//! POSIX shared memory object.
//!
//! It needs a name, and has it for a moment: it must not exist before, only
//! this user may open it, and it is removed before anything is written. From
//! then on it is the descriptor alone, as with a memfd. There are no seals: who
//! takes a descriptor trusts its giver to leave the size alone. (macOS lets an
//! object get its size once only.)

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::sys::page_layout::PageLayout;
use crate::sys::process;
pub(crate) use crate::sys::unix::mapping::Page;

/// A multiple of the page size of every system, which is 16 KiB at most.
const BYTES: usize = 16 * 1024;
/// Names that are tried. One is taken if a process of this number died within
/// the same call, which is rare; or on purpose, and then one should hear of it.
const TRIES: u32 = 100;

/// A new page, running. The descriptor is closed on exec.
///
/// # Errors
/// Those of `shm_open(3)`, `shm_unlink(3)`, `ftruncate(2)` and `mmap(2)`.
pub(crate) fn create_nameless() -> io::Result<Page> {
    let file = File::from(nameless()?);
    file.set_len(BYTES as u64)?;
    Page::map_new(file.into(), BYTES)
}

/// A page that another process made.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] if it is not such a page: wrong size, magic or
/// version; else those of `fstat(2)` and `mmap(2)`.
pub(crate) fn open_nameless(fd: OwnedFd) -> io::Result<Page> {
    let file = File::from(fd);
    // Some systems round the size up.
    if file.metadata()?.len() < BYTES as u64 {
        return Err(PageLayout::invalid("not of the right size"));
    }
    Page::map_made(file.into(), BYTES)
}

#[cfg(any(not(target_os = "linux"), sigproof_portable))]
impl Page {
    /// A new page, running.
    ///
    /// # Errors
    /// Those of [`create_nameless`].
    pub(crate) fn create() -> io::Result<Page> {
        create_nameless()
    }

    /// A page that another process made.
    ///
    /// # Errors
    /// Those of [`open_nameless`].
    pub(crate) fn open(fd: OwnedFd) -> io::Result<Page> {
        open_nameless(fd)
    }
}

/// A new object, empty, whose name is gone.
fn nameless() -> io::Result<OwnedFd> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    // 31 bytes are the most that macOS takes.
    let next = || {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        format!("/sigproof-{:x}-{count:x}", process::id())
    };
    first_free((0..TRIES).map(|_| next()))
}

/// A new object under the first of these names that is free, and the name is
/// free again.
fn first_free(names: impl Iterator<Item = String>) -> io::Result<OwnedFd> {
    let mut result = Err(io::ErrorKind::AlreadyExists.into());
    for name in names {
        let name = CString::new(name).map_err(io::Error::other)?;
        let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL;
        // SAFETY: the name is a C string; the mode is what O_CREAT asks for.
        let raw = unsafe { libc::shm_open(name.as_ptr(), flags, 0o600) };
        if raw >= 0 {
            // SAFETY: a fresh descriptor that nobody else owns.
            let fd = unsafe { OwnedFd::from_raw_fd(raw) };
            // SAFETY: the name is a C string.
            if unsafe { libc::shm_unlink(name.as_ptr()) } < 0 {
                return Err(io::Error::last_os_error());
            }
            return Ok(fd);
        }
        result = Err(io::Error::last_os_error());
        if !matches!(&result, Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
            break;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    fn refused(fd: OwnedFd) -> String {
        let error = open_nameless(fd).expect_err("refused");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        error.to_string()
    }

    fn object(bytes: u64) -> OwnedFd {
        let file = File::from(nameless().expect("an object"));
        file.set_len(bytes).expect("ftruncate");
        file.into()
    }

    #[test]
    fn what_one_mapping_writes_the_other_reads() {
        let page = create_nameless().expect("create");
        let fd = page.descriptor().try_clone_to_owned().expect("dup");
        let again = open_nameless(fd).expect("open");
        assert_ne!(page.layout, again.layout);
        // SAFETY: both pages live.
        let (here, there) = unsafe { (page.cell_layout().as_ref(), again.cell_layout().as_ref()) };
        here.word.store(7, Ordering::SeqCst);
        assert_eq!(there.word.load(Ordering::SeqCst), 7);
    }

    #[test]
    fn it_is_closed_on_exec() {
        let page = create_nameless().expect("create");
        // SAFETY: the descriptor is open; F_GETFD takes no argument.
        let flags = unsafe { libc::fcntl(page.descriptor().as_raw_fd(), libc::F_GETFD) };
        assert_eq!(flags & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
    }

    #[test]
    fn a_name_that_is_taken_is_passed_over_and_none_stays() {
        let name = |end: char| format!("/sigproof-test-{:x}-{end}", process::id());
        let open = |end, flags| {
            let name = CString::new(name(end)).expect("no NUL");
            // SAFETY: the name is a C string.
            let raw = unsafe { libc::shm_open(name.as_ptr(), flags, 0o600) };
            // SAFETY: a fresh descriptor that nobody else owns.
            (raw >= 0).then(|| unsafe { OwnedFd::from_raw_fd(raw) })
        };
        let taken = open('a', libc::O_RDWR | libc::O_CREAT | libc::O_EXCL);
        assert!(taken.is_some());
        let error = first_free([name('a')].into_iter()).expect_err("taken");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        let found = first_free([name('a'), name('b')].into_iter());
        assert!(open('b', libc::O_RDWR).is_none(), "the name is gone");
        let taken = CString::new(name('a')).expect("no NUL");
        // SAFETY: the name is a C string.
        assert_eq!(unsafe { libc::shm_unlink(taken.as_ptr()) }, 0);
        found.expect("the second name");
    }

    #[test]
    fn what_is_not_such_a_page_is_refused() {
        assert!(refused(object(10)).contains("size"));
        assert!(refused(object(BYTES as u64)).contains("magic"));
        let page = create_nameless().expect("create");
        // SAFETY: mapped; nobody else reads it.
        unsafe { PageLayout::spoil_version(page.layout) };
        let fd = page.descriptor().try_clone_to_owned().expect("dup");
        assert!(refused(fd).contains("version"));
    }
}
