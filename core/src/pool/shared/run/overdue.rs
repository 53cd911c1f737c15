//! Tasks that are still active when their time is over: they are killed or,
//! where that is impossible, abandoned.

use std::time::{Duration, Instant};

use super::coordinator::Coordinator;
use super::worker_queue::WorkerQueue;
use crate::feedback::Notice;
use crate::pool::shared::outcome::Outcome;
use crate::token::Shields;

/// How long killed tasks may take to be gone.
const KILL_LIMIT: Duration = Duration::from_secs(5);

impl<'run, T: Send + 'run, V: Send + 'run> Coordinator<'_, 'run, T, V> {
    /// Ends what is still active after the grace period: kills it or, where
    /// that is impossible, abandons it.
    pub(super) fn end_overdue(&mut self) {
        if self.deadline.is_none() {
            return;
        }
        let now = Instant::now();
        let is_due = |worker: &WorkerQueue<T, V>| self.due_at(worker).is_some_and(|due| now >= due);
        let due: Vec<_> = self
            .workers
            .iter()
            .filter(|worker| is_due(worker))
            .collect();
        if due.is_empty() {
            return;
        }
        if !self.killed && self.backend.kill() {
            self.killed = true;
            self.notices.push(Notice::ActiveKilled);
            self.deadline = Some(now + KILL_LIMIT);
            return;
        }
        for worker in due {
            let mut inner = worker.lock();
            if let Some(index) = inner.active.take() {
                inner.abandoned = true;
                self.own_outcomes.push(index, Outcome::Abandoned);
            }
        }
    }

    /// When this worker's task has to be ended, or looked at again. A shielded
    /// one is left in peace until its shield ends, and has a grace period from
    /// then on. At stage 3 no task is spared.
    pub(super) fn due_at(&self, worker: &WorkerQueue<T, V>) -> Option<Instant> {
        let deadline = self.deadline?;
        worker.lock().active?;
        match worker.token.shields() {
            _ if self.stage_seen().should_exit_now() => Some(deadline),
            Shields::None => Some(deadline),
            Shields::Ended(end) => end
                .checked_add(self.pool.grace)
                .map(|due| due.max(deadline)),
            Shields::HoldUntil(limit) => limit,
        }
    }
}
