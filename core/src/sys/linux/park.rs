//! Waiting for a word to change, by futex.
//!
//! `futex(FUTEX_WAKE)` is a bare system call on an address: it takes no lock
//! of this process and allocates nothing, so the signal handler may make it
//! (`sem_post`, which POSIX allows there, is the same call). That is the
//! shortest way from a signal to a waiting thread.

use std::ptr;
use std::time::Duration;

use crate::sync::AtomicU32;

/// Whether [`Park::wake_all`] may be called in a signal handler.
pub(crate) const WAKES_FROM_HANDLER: bool = true;

/// The place where threads wait for one word.
#[derive(Debug)]
pub(crate) struct Park {
    flags: libc::c_int,
}

impl Park {
    /// For a word that only this process sees.
    pub(crate) fn private() -> Park {
        Park {
            flags: libc::FUTEX_PRIVATE_FLAG,
        }
    }

    /// For a word that other processes may map as well.
    pub(crate) fn shared() -> Park {
        Park { flags: 0 }
    }

    /// Sleeps while `word` holds `expected`, for at most `timeout`. May wake
    /// for no reason: the caller looks again.
    pub(crate) fn wait(&self, word: &AtomicU32, expected: u32, timeout: Option<Duration>) {
        let limit = timeout.map(|timeout| libc::timespec {
            tv_sec: libc::time_t::try_from(timeout.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: libc::c_long::from(timeout.subsec_nanos().cast_signed()),
        });
        let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
        // SAFETY: the word is borrowed for the whole call and is four aligned
        // bytes; `limit` is null or points to a timespec that outlives the
        // call. The four ways to return (woken, timed out, interrupted by a
        // signal, value already changed) all mean the same to the caller, who
        // looks again, so the result carries no information.
        let _ = unsafe {
            libc::syscall(
                libc::SYS_futex,
                word.as_ptr(),
                libc::FUTEX_WAIT | self.flags,
                expected,
                limit,
            )
        };
    }

    /// Wakes everybody who waits for `word`. Async-signal-safe.
    pub(crate) fn wake_all(&self, word: &AtomicU32) {
        // SAFETY: FUTEX_WAKE only uses the address as a key. It cannot fail
        // for a mapped, aligned address.
        let _ = unsafe {
            libc::syscall(
                libc::SYS_futex,
                word.as_ptr(),
                libc::FUTEX_WAKE | self.flags,
                libc::c_int::MAX,
            )
        };
    }
}
