//! One worker thread of a run.

use std::panic::{self, AssertUnwindSafe};

use super::batch::Ready;
use super::batch_size::BatchSize;
use super::run_state::{Rest, RunState};
use super::worker_queue::WorkerQueue;
use crate::machine::Stage;
use crate::pool::shared::outcome::Outcome;

pub(super) struct ThreadWorker<'run, T, V> {
    shared: &'run RunState<'run, T, V>,
    worker: &'run WorkerQueue<T, V>,
    batch_size: BatchSize,
    /// The active task.
    index: usize,
}

impl<'run, T, V> ThreadWorker<'run, T, V> {
    pub(super) fn new(shared: &'run RunState<'run, T, V>, worker: &'run WorkerQueue<T, V>) -> Self {
        ThreadWorker {
            shared,
            worker,
            batch_size: BatchSize::new(),
            index: 0,
        }
    }

    /// Works until there are no more tasks, or none may be started.
    pub(super) fn live(mut self) {
        let mut next = self.take();
        // Panics are caught here and not around each task: short ones would
        // feel it.
        while let Err(payload) = panic::catch_unwind(AssertUnwindSafe(|| self.work(next.take()))) {
            next = self.report(Outcome::of_panic(payload));
        }
        // One that was given up has been counted.
        if !self.worker.lock().abandoned {
            self.shared.end_worker();
        }
    }

    fn work(&mut self, mut next: Option<Ready<T>>) {
        while let Some(ready) = next {
            // The stage is looked at again after the task was taken: between
            // the two, Ctrl+C may have come, and the coordinator, which clears
            // the queue, may not have had the lock yet.
            let token = &self.shared.token;
            if token.stage() >= Stage::CancelQueued || token.epoch() != ready.epoch {
                let abandoned = self.shared.lock().take_back(ready, self.worker);
                // Dropped unlocked: it is the caller's.
                drop(abandoned);
                return;
            }
            self.index = ready.index;
            let outcome = (self.shared.work)(ready.task, &self.worker.token, self.worker.number);
            next = self.report(outcome);
        }
    }

    /// Reports the active task and waits for the next one; `None` ends the
    /// worker.
    #[inline]
    fn report(&mut self, outcome: Outcome<V>) -> Option<Ready<T>> {
        let mut inner = self.worker.lock();
        if inner.abandoned {
            return None;
        }
        if inner.timed_out.is_some() {
            // Its token is stopped for good: no other task gets it.
            inner.outcomes.push(self.index, outcome.after_limit());
            inner.active = None;
            drop(inner);
            self.shared.wake_from(Rest::Nap);
            return None;
        }
        inner.outcomes.push(self.index, outcome);
        let next = inner.start_next();
        drop(inner);
        self.shared.wake_from(Rest::Sleep);
        if next.is_some() {
            return next;
        }
        self.batch_size.end();
        self.shared.tasks_are(self.batch_size.is_fast());
        self.take()
    }

    fn take(&mut self) -> Option<Ready<T>> {
        let next = self.shared.take(self.worker, self.batch_size.batch());
        self.batch_size.begin();
        next
    }
}
