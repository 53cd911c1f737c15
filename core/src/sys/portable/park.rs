//! Waiting for a word to change, by lock and condition variable.
//!
//! Not usable in a signal handler; the watcher thread, woken through the
//! pipe, calls [`Park::wake_all`] in its place. Nor across processes: there, a
//! waiter looks again from time to time.

use std::sync::PoisonError;
use std::time::Duration;

use crate::sync::{AtomicU32, Condvar, Mutex, Ordering};

/// Whether [`Park::wake_all`] may be called in a signal handler.
pub(crate) const WAKES_FROM_HANDLER: bool = false;

/// How long a change by another process may go unnoticed by a waiter.
const SLICE: Duration = Duration::from_millis(10);

/// The place where threads wait for one word.
#[derive(Debug)]
pub(crate) struct Park {
    lock: Mutex<()>,
    changed: Condvar,
    /// How long to wait at a time.
    slice: Option<Duration>,
}

impl Park {
    /// For a word that only this process sees.
    pub(crate) fn private() -> Park {
        Park {
            lock: Mutex::new(()),
            changed: Condvar::new(),
            slice: None,
        }
    }

    /// For a word that other processes may map as well.
    pub(crate) fn shared() -> Park {
        Park {
            slice: Some(SLICE),
            ..Park::private()
        }
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
        let limit = [timeout, self.slice].into_iter().flatten().min();
        match limit {
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

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_wait_ends_by_its_limit_or_at_once_if_the_word_has_changed() {
        let word = AtomicU32::new(1);
        let park = Park::private();
        park.wait(&word, 0, None);
        let (before, limit) = (Instant::now(), Duration::from_millis(1));
        while before.elapsed() < limit {
            park.wait(&word, 1, Some(limit));
        }
    }

    #[test]
    fn a_change_by_another_process_is_noticed_without_a_wake() {
        let word = AtomicU32::new(0);
        let park = Park::shared();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                while word.load(Ordering::SeqCst) == 0 {
                    park.wait(&word, 0, Some(LONG));
                }
            });
            word.store(1, Ordering::SeqCst);
            waiter.join().expect("no panic");
        });
    }

    #[test]
    fn a_wake_ends_a_wait_without_a_limit() {
        let word = AtomicU32::new(0);
        let park = Park::private();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| {
                while word.load(Ordering::SeqCst) == 0 {
                    park.wait(&word, 0, None);
                }
            });
            word.store(1, Ordering::SeqCst);
            park.wake_all(&word);
            waiter.join().expect("no panic");
        });
    }
}
