//! Which process created something, as opposed to a forked child.
//!
//! A signal handler asks this first, each time, and `getpid(2)` is a third of
//! what the rest of ours costs. So the answer is a word on a page that the
//! kernel wipes in a forked child (`MADV_WIPEONFORK`, Linux 4.14). Where that
//! cannot be had it is `getpid` after all.
//!
//! A child of `vfork` shares the page and counts as its parent: until it
//! executes another program it shares everything else with it as well.

use std::ptr::{self, NonNull};

use crate::sync::{AtomicU32, Ordering};
use crate::sys::process;

/// The kernel rounds it up to a page.
const BYTES: usize = size_of::<AtomicU32>();
const OURS: u32 = 1;

/// The process that made it.
#[derive(Debug)]
pub(crate) struct OwnerProcess {
    id: u32,
    page: Option<NonNull<AtomicU32>>,
}

// SAFETY: the page holds an atomic and stays mapped as long as the owner lives.
unsafe impl Send for OwnerProcess {}
// SAFETY: as above.
unsafe impl Sync for OwnerProcess {}

impl OwnerProcess {
    /// This process.
    pub(crate) fn current() -> OwnerProcess {
        OwnerProcess {
            id: process::id(),
            page: wiped_on_fork(),
        }
    }

    /// Whether this process made it. Async-signal-safe.
    pub(crate) fn is_this_process(&self) -> bool {
        match self.page {
            // SAFETY: mapped as long as `self` lives, with an atomic in it.
            Some(page) => unsafe { page.as_ref() }.load(Ordering::Relaxed) == OURS,
            None => self.id == process::id(),
        }
    }
}

impl Drop for OwnerProcess {
    fn drop(&mut self) {
        if let Some(page) = self.page {
            // SAFETY: the mapping was made with this length; it cannot fail
            // for a mapping that exists.
            let _ = unsafe { libc::munmap(page.as_ptr().cast(), BYTES) };
        }
    }
}

/// A page with [`OURS`] in it, which a forked child finds empty; `None` where
/// the kernel cannot do that.
fn wiped_on_fork() -> Option<NonNull<AtomicU32>> {
    // SAFETY: a new mapping at an address that the kernel chooses.
    let address = unsafe {
        libc::mmap(
            ptr::null_mut(),
            BYTES,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if address == libc::MAP_FAILED {
        return None;
    }
    let page = NonNull::new(address.cast::<AtomicU32>())?;
    // An emulator may take any advice without heeding it, this one too.
    // SAFETY: the mapping is ours; no advice has the number -1.
    let heeds = unsafe { libc::madvise(address, BYTES, -1) } != 0;
    // SAFETY: the mapping is ours, private and anonymous.
    if heeds && unsafe { libc::madvise(address, BYTES, libc::MADV_WIPEONFORK) } == 0 {
        // SAFETY: mapped, aligned and all zeroes, which is a valid atomic.
        unsafe { page.as_ref() }.store(OURS, Ordering::Relaxed);
        return Some(page);
    }
    // SAFETY: as in `drop`.
    let _ = unsafe { libc::munmap(address, BYTES) };
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a forked child finds `owner` to be another process.
    fn is_foreign_to_a_child(owner: &OwnerProcess) -> bool {
        // SAFETY: the child only looks and ends.
        match unsafe { libc::fork() } {
            -1 => panic!("fork"),
            // SAFETY: ends the child at once, without running anything else.
            0 => unsafe { libc::_exit(i32::from(owner.is_this_process())) },
            child => {
                let mut status = -1;
                // SAFETY: our child, and room for its status.
                assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
                assert!(libc::WIFEXITED(status), "{status}");
                libc::WEXITSTATUS(status) == 0
            }
        }
    }

    #[test]
    fn a_forked_child_is_another_process() {
        let owner = OwnerProcess::current();
        assert!(owner.is_this_process());
        assert!(is_foreign_to_a_child(&owner));
        assert!(owner.is_this_process());
    }

    #[test]
    fn without_the_page_the_number_decides() {
        let owner = OwnerProcess {
            id: process::id(),
            page: None,
        };
        assert!(owner.is_this_process());
        assert!(is_foreign_to_a_child(&owner));
    }
}
