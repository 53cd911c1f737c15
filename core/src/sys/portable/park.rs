//! Waiting for a word to change, by lock and condition variable.
//!
//! Not usable in a signal handler; the watcher thread, woken through the
//! pipe, calls [`Park::wake_all`] in its place.

use std::sync::PoisonError;
use std::time::Duration;

use crate::sync::{AtomicU32, Condvar, Mutex, Ordering};

/// Whether [`Park::wake_all`] may be called in a signal handler.
pub(crate) const WAKES_FROM_HANDLER: bool = false;

/// The place where threads wait for one word.
#[derive(Debug)]
pub(crate) struct Park {
    lock: Mutex<()>,
    changed: Condvar,
}

impl Park {
    /// For a word that only this process sees.
    pub(crate) fn private() -> Park {
        Park {
            lock: Mutex::new(()),
            changed: Condvar::new(),
        }
    }

    /// The same: words shared between processes exist on Linux only.
    pub(crate) fn shared() -> Park {
        Park::private()
    }

    /// Sleeps while `word` holds `expected`, for at most `timeout`. May wake
    /// for no reason: the caller looks again.
    pub(crate) fn wait(&self, word: &AtomicU32, expected: u32, timeout: Option<Duration>) {
        let guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked at under the lock: a wake that came before is seen here, one
        // that comes later finds this thread waiting.
        if word.load(Ordering::SeqCst) != expected {
            return;
        }
        match timeout {
            Some(timeout) => drop(self.changed.wait_timeout(guard, timeout)),
            None => drop(self.changed.wait(guard)),
        }
    }

    /// Wakes everybody who waits.
    pub(crate) fn wake_all(&self, _word: &AtomicU32) {
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }
}
