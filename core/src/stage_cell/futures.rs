//! The futures that wait for stages of one cell.
//!
//! A stage is raised by a signal handler, which cannot wake a task: that takes
//! locks and reference counts. So one thread sleeps on the cell for all its
//! futures, and wakes the tasks whose stage is there. It starts with the first
//! future. When there is none left it stays for a moment: a server that waits
//! for one connection after the other does not start a thread for each.
//!
//! A future registers first and looks at the stage then; the stage is raised
//! first, and the thread looks at the futures then, under the same lock. So
//! either the future sees the stage, or the thread sees the future.

use std::io;
use std::sync::Arc;

use super::cell::{StageCell, WaitStatus};
use super::future_registry::{PendingFuture, Watcher};
use crate::sync::thread;
use crate::sys::mask;

impl StageCell {
    /// Registers a future, or its new waker, under its number; the first time
    /// it gets one. The caller looks at the stage afterwards.
    ///
    /// # Errors
    /// Those of starting a thread; then nothing stays registered.
    pub(crate) fn register_future(
        self: &Arc<StageCell>,
        number: &mut Option<u64>,
        future: PendingFuture,
    ) -> io::Result<()> {
        // The thread may have to wake up earlier than it planned.
        let is_timed = future
            .view
            .as_ref()
            .is_some_and(|view| view.next_change().is_some());
        let mut registry = self.futures.lock();
        let number = *number.get_or_insert_with(|| {
            registry.next += 1;
            registry.next
        });
        let replaced = registry.pending.insert(number, future);
        if let Watcher::Absent = registry.watcher {
            if let Err(error) = self.start_watcher() {
                registry.pending.remove(&number);
                return Err(error);
            }
            registry.watcher = Watcher::Sleeping;
        }
        drop(registry);
        // A waker may be the last of its task, which is dropped unlocked.
        drop(replaced);
        if is_timed {
            self.wake_all();
        }
        Ok(())
    }

    /// Removes a future.
    pub(crate) fn unregister_future(&self, number: u64) {
        let mut registry = self.futures.lock();
        let removed = registry.pending.remove(&number);
        let is_last = registry.pending.is_empty();
        let sleeps = matches!(registry.watcher, Watcher::Sleeping);
        drop(registry);
        drop(removed);
        if is_last && sleeps {
            self.wake_all();
        }
    }

    fn start_watcher(self: &Arc<StageCell>) -> io::Result<()> {
        let cell = Arc::clone(self);
        let started = mask::with_all_blocked(|| {
            thread::Builder::new()
                .name("interrupt-futures".to_owned())
                .spawn(move || while cell.wake_due_futures() {})
        });
        started.map(drop)
    }

    /// Waits until futures are due and wakes them; `false` ends the thread.
    fn wake_due_futures(&self) -> bool {
        let mut due = Vec::new();
        let mut over = false;
        self.wait_until(|| {
            let mut registry = self.futures.lock();
            let root = self.poll().stage();
            let mut next = None;
            let is_due = |future: &PendingFuture| {
                let view = future.view.as_ref();
                view.map_or(root, |view| view.stage(root)) >= future.stage
            };
            due.extend(registry.pending.extract_if(|_, future| is_due(future)));
            for view in registry
                .pending
                .values()
                .filter_map(|future| future.view.as_ref())
            {
                next = next.into_iter().chain(view.next_change()).min();
            }
            let linger_until = registry.linger();
            over = matches!(registry.watcher, Watcher::Absent);
            if over || !due.is_empty() {
                WaitStatus::Done
            } else {
                WaitStatus::WaitUntil(next.into_iter().chain(linger_until).min())
            }
        });
        for (_, future) in due {
            future.waker.wake();
        }
        !over
    }

    /// Whether a thread watches the stage for futures.
    #[cfg(all(test, not(sigproof_loom)))]
    pub(crate) fn is_watched(&self) -> bool {
        !matches!(self.futures.lock().watcher, Watcher::Absent)
    }
}
