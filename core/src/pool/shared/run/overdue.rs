//! Tasks that are still active when their time is over: at the end of the grace
//! period of stage 2, or at the limit for one task. They are killed or, where
//! that is impossible, abandoned.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::coordinator::Coordinator;
use super::worker_queue::{Inner, WorkerQueue};
use crate::feedback::Notice;
use crate::machine::Stage;
use crate::pool::shared::outcome::{Outcome, TimedOut};
use crate::token::Shields;

/// How long killed tasks may take to be gone.
const KILL_LIMIT: Duration = Duration::from_secs(5);

impl<'run, T: Send + 'run, V: Send + 'run> Coordinator<'_, 'run, T, V> {
    /// Ends what is still active after the grace period, and what has come to
    /// its limit.
    pub(super) fn end_overdue(&mut self) {
        if self.deadline.is_none() && self.pool.task_limit.is_none() {
            return;
        }
        let now = Instant::now();
        let is_due = |worker: &WorkerQueue<T, V>| self.due_at(worker).is_some_and(|due| now >= due);
        let due: Vec<_> = self
            .workers
            .iter()
            .filter(|worker| is_due(worker))
            .cloned()
            .collect();
        if due.is_empty() {
            return;
        }
        if self.deadline.is_none() {
            for worker in due {
                self.end_late(&worker, now);
            }
            return;
        }
        if !self.killed && self.backend.kill() {
            self.killed = true;
            self.notices.push(Notice::ActiveKilled);
            self.deadline = Some(now + KILL_LIMIT);
            return;
        }
        for worker in due {
            self.abandon(&worker);
        }
    }

    fn abandon(&mut self, worker: &WorkerQueue<T, V>) {
        // Who has both holds the lock of the queue first.
        let mut queue = self.shared.lock();
        let mut inner = worker.lock();
        if let Some(index) = inner.active.take() {
            inner.abandoned = true;
            queue.ended += 1;
            let outcome = match inner.timed_out {
                Some(_) => Outcome::TimedOut(TimedOut::Abandoned),
                None => Outcome::Abandoned,
            };
            self.own_outcomes.push(index, outcome);
        }
    }

    /// The task of this worker has come to its limit, or to the end of the grace
    /// period after that.
    fn end_late(&mut self, worker: &Arc<WorkerQueue<T, V>>, now: Instant) {
        let mut queue = self.shared.lock();
        let mut inner = worker.lock();
        if inner.active.is_none() || self.limit_of(&inner, worker).is_none_or(|due| due > now) {
            // It is over, or is another one by now.
            return;
        }
        if inner.timed_out.is_none() {
            inner.timed_out = Some(now);
            // Others begin what it was to begin next.
            queue.push(std::mem::take(&mut inner.next));
            self.has_retired = true;
            drop((inner, queue));
            if let Some(scope) = &worker.scope {
                scope.stop(Stage::TerminateActive);
            }
            self.backend.terminate_one(worker.number);
        } else if inner.killed.is_none() {
            inner.killed = Some(now);
            drop((inner, queue));
            if !self.backend.kill_one(worker.number) {
                self.abandon(worker);
            }
        } else {
            drop((inner, queue));
            self.abandon(worker);
        }
    }

    /// When this worker's task has to be ended, or looked at again.
    pub(super) fn due_at(&self, worker: &WorkerQueue<T, V>) -> Option<Instant> {
        match self.deadline {
            Some(deadline) => {
                worker.lock().active?;
                if self.stage_seen().should_exit_now() {
                    // No task is spared.
                    return Some(deadline);
                }
                self.end_of_grace(worker, deadline)
            }
            None => {
                self.pool.task_limit?;
                self.limit_of(&worker.lock(), worker)
            }
        }
    }

    /// When the active task has to be stopped at its limit, or ended after that.
    fn limit_of(&self, inner: &Inner<T, V>, worker: &WorkerQueue<T, V>) -> Option<Instant> {
        inner.active?;
        match (inner.timed_out, inner.killed) {
            (_, Some(killed)) => killed.checked_add(KILL_LIMIT),
            (Some(stopped), None) => {
                self.end_of_grace(worker, stopped.checked_add(self.pool.grace)?)
            }
            (None, None) => inner.since?.checked_add(self.pool.task_limit?),
        }
    }

    /// When a task that was stopped has to be ended, or looked at again. A
    /// shielded one is left in peace until its shield ends, and has a grace
    /// period from then on.
    fn end_of_grace(&self, worker: &WorkerQueue<T, V>, usual: Instant) -> Option<Instant> {
        match worker.token.shields() {
            Shields::None => Some(usual),
            Shields::Ended(end) => end.checked_add(self.pool.grace).map(|due| due.max(usual)),
            Shields::HoldUntil(limit) => limit,
        }
    }

    /// When a task that has not begun yet may come to its limit.
    pub(super) fn next_limit(&self) -> Option<Instant> {
        let limit = self.pool.task_limit.filter(|_| self.deadline.is_none())?;
        Instant::now().checked_add(limit)
    }
}
