//! What one worker has before it: the active task, tasks that it took from
//! the queue and has not started, outcomes that the coordinator has not
//! collected.
//!
//! The worker locks it once a task. Others do so seldom: the coordinator to
//! collect outcomes and to take tasks away, workers without a task to steal
//! some. So the lock is nearly always free, which the lock of a queue for all
//! would not be.

use std::sync::PoisonError;
use std::time::Instant;

use super::batch::{Batch, Ready};
use super::outcome_slots::Outcomes;
use crate::sync::{Mutex, MutexGuard};
use crate::token::{Scope, StopToken};

/// What one worker has before it. Two of them share no cache line.
#[repr(align(128))]
pub(super) struct WorkerQueue<T, V> {
    inner: Mutex<Inner<T, V>>,
    /// The token that its tasks get; it knows their shields.
    pub(super) token: StopToken,
    /// How many workers of the run were started before it.
    pub(super) number: usize,
    /// Stops the active task alone, where tasks have a limit.
    pub(super) scope: Option<Scope>,
}

pub(super) struct Inner<T, V> {
    /// Taken, not started.
    pub(super) next: Batch<T>,
    /// The active task.
    pub(super) active: Option<usize>,
    /// When it began, where tasks have a limit.
    pub(super) since: Option<Instant>,
    is_timed: bool,
    /// When it was stopped at its limit. The worker begins no other one.
    pub(super) timed_out: Option<Instant>,
    /// When it was killed after that.
    pub(super) killed: Option<Instant>,
    /// Its task was abandoned, and the worker with it.
    pub(super) abandoned: bool,
    /// Outcomes that the coordinator has not collected yet.
    pub(super) outcomes: Outcomes<V>,
}

impl<T, V> WorkerQueue<T, V> {
    /// One that obeys `token`. If tasks have a limit, each can be stopped alone.
    pub(super) fn new(number: usize, token: &StopToken, has_limit: bool) -> WorkerQueue<T, V> {
        let scope = has_limit.then(|| token.scope());
        let token = scope.as_ref().map_or(token, Scope::token);
        WorkerQueue {
            inner: Mutex::new(Inner {
                next: Batch::default(),
                active: None,
                since: None,
                is_timed: has_limit,
                timed_out: None,
                killed: None,
                abandoned: false,
                outcomes: Outcomes::new(),
            }),
            token: token.with_shield_counter(),
            number,
            scope,
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
        match &next {
            Some(next) => self.begin(next.index),
            None => self.active = None,
        }
        next
    }

    /// This task is active from now on.
    pub(super) fn begin(&mut self, index: usize) {
        self.active = Some(index);
        if self.is_timed {
            self.since = Some(Instant::now());
        }
    }

    /// Whether its worker is not there any more, or about to go, because a task
    /// took too long.
    pub(super) fn is_retired(&self) -> bool {
        self.timed_out.is_some() && self.active.is_none()
    }
}
