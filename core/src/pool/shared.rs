//! What the coordinator of a run and its worker threads share.
//!
//! One lock holds the queue, who works on what, and the outcomes that the
//! coordinator has not taken yet. A worker takes it once a task: it reports
//! the last outcome and takes the next task in one go.
//!
//! Workers sleep on a condition variable. The coordinator sleeps on the cell,
//! so that a signal wakes it as well, and says so in `asleep`, so that workers
//! wake it once and not once a task.

use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, PoisonError};

use super::outcome::Outcome;
use crate::machine::Stage;
use crate::sync::{Condvar, Mutex, MutexGuard};
use crate::token::StopToken;

/// What a worker does with a task.
pub(super) type Work<T, V> = dyn Fn(T, &StopToken) -> Outcome<V> + Send + Sync;

pub(super) struct Shared<T, V> {
    inner: Mutex<Inner<T, V>>,
    work_available: Condvar,
    work: Box<Work<T, V>>,
    token: StopToken,
}

pub(super) struct Inner<T, V> {
    pub(super) queue: VecDeque<Queued<T>>,
    /// No task will be queued any more.
    pub(super) closed: bool,
    /// Outcomes that the coordinator has not taken yet.
    pub(super) outcomes: Vec<(usize, Outcome<V>)>,
    /// One entry for each worker.
    pub(super) workers: Vec<Worker>,
    /// Workers that wait for a task.
    pub(super) idle: usize,
    /// The coordinator sleeps and wants to be woken.
    pub(super) asleep: bool,
}

pub(super) struct Queued<T> {
    pub(super) index: usize,
    /// The epoch in which it was queued; it is not run in another one.
    pub(super) epoch: u32,
    pub(super) task: T,
}

pub(super) struct Worker {
    /// The task at work.
    pub(super) active: Option<usize>,
    /// Its task was abandoned, and the worker with it.
    pub(super) abandoned: bool,
    /// The token that its tasks get; a scope of its own, to know its shields.
    pub(super) token: StopToken,
}

impl<T, V> Inner<T, V> {
    /// Nothing is queued and nobody works.
    pub(super) fn is_quiet(&self) -> bool {
        self.queue.is_empty() && self.workers.iter().all(|worker| worker.active.is_none())
    }
}

impl<T, V> Shared<T, V> {
    pub(super) fn new(token: StopToken, work: Box<Work<T, V>>) -> Shared<T, V> {
        Shared {
            inner: Mutex::new(Inner {
                queue: VecDeque::new(),
                closed: false,
                outcomes: Vec::new(),
                workers: Vec::new(),
                idle: 0,
                asleep: false,
            }),
            work_available: Condvar::new(),
            work,
            token,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner<T, V>> {
        // No user code runs under the lock, so it is never poisoned halfway.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes sleeping workers: there is work, or no more of it.
    pub(super) fn wake_workers(&self) {
        self.work_available.notify_all();
    }

    /// Wakes one sleeping worker.
    pub(super) fn wake_worker(&self) {
        self.work_available.notify_one();
    }

    /// The life of worker number `number`.
    pub(super) fn work_through(self: Arc<Self>, number: usize, token: &StopToken) {
        let mut last = None;
        while let Some(next) = self.exchange(number, last.take()) {
            // The stage is looked at again after the task was taken: between
            // the two, Ctrl+C may have come, and the coordinator, which clears
            // the queue, may not have had the lock yet.
            if self.token.stage() >= Stage::CancelQueued || self.token.epoch() != next.epoch {
                return self.hand_back(number, next);
            }
            let index = next.index;
            let work = AssertUnwindSafe(|| (self.work)(next.task, token));
            let outcome =
                panic::catch_unwind(work).unwrap_or_else(|payload| Outcome::of_panic(&*payload));
            last = Some((index, outcome));
        }
    }

    /// Puts a task that must not be started back, for the coordinator to
    /// cancel.
    fn hand_back(&self, number: usize, task: Queued<T>) {
        let mut inner = self.lock();
        inner.workers[number].active = None;
        inner.queue.push_front(task);
        let asleep = std::mem::take(&mut inner.asleep);
        drop(inner);
        if asleep {
            self.token.wake_all();
        }
    }

    /// Reports `last`, then waits for the next task; `None` ends the worker.
    fn exchange(&self, number: usize, last: Option<(usize, Outcome<V>)>) -> Option<Queued<T>> {
        let mut inner = self.lock();
        if let Some((index, outcome)) = last {
            if inner.workers[number].abandoned {
                return None;
            }
            inner.workers[number].active = None;
            inner.outcomes.push((index, outcome));
            if std::mem::take(&mut inner.asleep) {
                drop(inner);
                self.token.wake_all();
                inner = self.lock();
            }
        }
        loop {
            if let Some(next) = inner.queue.pop_front() {
                inner.workers[number].active = Some(next.index);
                return Some(next);
            }
            if inner.closed {
                return None;
            }
            inner.idle += 1;
            inner = self
                .work_available
                .wait(inner)
                .unwrap_or_else(PoisonError::into_inner);
            inner.idle -= 1;
        }
    }
}
