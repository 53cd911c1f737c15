//! What one worker has before it: the active task, tasks that it took from
//! the queue and has not started, outcomes that the coordinator has not
//! collected.
//!
//! The worker locks it once a task. Others do so seldom: the coordinator to
//! collect outcomes and to take tasks away, workers without a task to steal
//! some. So the lock is nearly always free, which the lock of a queue for all
//! would not be.

use std::sync::PoisonError;

use super::batch::{Batch, Ready};
use super::outcome_slots::Outcomes;
use crate::sync::{Mutex, MutexGuard};
use crate::token::StopToken;

/// What one worker has before it. Two of them share no cache line.
#[repr(align(128))]
pub(super) struct WorkerQueue<T, V> {
    inner: Mutex<Inner<T, V>>,
    /// The token that its tasks get; it knows their shields.
    pub(super) token: StopToken,
}

pub(super) struct Inner<T, V> {
    /// Taken, not started.
    pub(super) next: Batch<T>,
    /// The active task.
    pub(super) active: Option<usize>,
    /// Its task was abandoned, and the worker with it.
    pub(super) abandoned: bool,
    /// Outcomes that the coordinator has not collected yet.
    pub(super) outcomes: Outcomes<V>,
}

impl<T, V> WorkerQueue<T, V> {
    pub(super) fn new(token: StopToken) -> WorkerQueue<T, V> {
        WorkerQueue {
            inner: Mutex::new(Inner {
                next: Batch::default(),
                active: None,
                abandoned: false,
                outcomes: Outcomes::new(),
            }),
            token,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner<T, V>> {
        // No user code runs under the lock, so it is never poisoned halfway.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is anything to collect.
    pub(super) fn has_outcomes(&self) -> bool {
        !self.lock().outcomes.is_empty()
    }
}

impl<T, V> Inner<T, V> {
    /// Returns the next task, which is active from now on.
    pub(super) fn start_next(&mut self) -> Option<Ready<T>> {
        let next = self.next.pop();
        self.active = next.as_ref().map(|next| next.index);
        next
    }
}
