//! The coordinator of a run on a pool: the calling thread itself.
//! It feeds the queue, hands out outcomes, and is the one who sees the stage.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::outcome::{Cancelled, Outcome};
use super::results::Results;
use super::settings::{Crew, Settings};
use super::shared::{Inner, Queued, Shared, Work, Worker};
use super::slots::Slots;
use crate::feedback::Notice;
use crate::machine::{Stage, Step};
use crate::sync::thread::{self, JoinHandle};
use crate::token::{Interrupted, Shields};

/// Tasks taken from the iterator at a time.
const BATCH: usize = 32;
/// How long killed tasks may take to be gone.
const KILL_LIMIT: Duration = Duration::from_secs(5);
/// How long the end of a run waits for the announcement of its stage.
const ANNOUNCEMENT_LIMIT: Duration = Duration::from_secs(1);

pub(super) struct Coordinator<'pool, T, V> {
    pool: &'pool Settings,
    crew: &'pool dyn Crew,
    shared: Arc<Shared<T, V>>,
    /// Each with the number of its worker.
    threads: Vec<(usize, JoinHandle<()>)>,
    epoch: u32,
    interrupted: Option<Interrupted>,
    /// When active tasks are killed or, if they cannot be, abandoned; set at
    /// stage 2.
    deadline: Option<Instant>,
    /// They were killed and have to be gone by the deadline.
    killed: bool,
    /// Tasks were given up, and that was said or is about to be.
    submission_stopped: bool,
    /// To be said when the stage itself was announced: the coordinator is
    /// often faster than the watcher thread.
    notices: Vec<Notice>,
}

impl<T: Send + 'static, V: Send + 'static> Coordinator<'_, T, V> {
    pub(super) fn new<'pool>(
        pool: &'pool Settings,
        crew: &'pool dyn Crew,
        work: Box<Work<T, V>>,
    ) -> Coordinator<'pool, T, V> {
        Coordinator {
            pool,
            crew,
            shared: Arc::new(Shared::new(pool.token.clone(), work)),
            threads: Vec::new(),
            epoch: pool.token.epoch(),
            interrupted: None,
            deadline: None,
            killed: false,
            submission_stopped: false,
            notices: Vec::new(),
        }
    }

    pub(super) fn run(
        mut self,
        tasks: impl Iterator<Item = T>,
        mut on_outcome: impl FnMut(usize, &Outcome<V>),
    ) -> Results<V> {
        let mut tasks = tasks.enumerate().fuse();
        let mut slots = Slots::new();
        let mut fed = false;
        loop {
            self.look_at_stage();
            if self.interrupted.is_some() && !fed {
                self.drop_queue(&mut tasks);
                fed = true;
            } else if self.interrupted.is_some() {
                self.drop_queue(&mut std::iter::empty());
            }
            fed = fed || self.feed(&mut tasks);
            self.end_overdue();
            self.say_if_announced();
            let news = std::mem::take(&mut self.shared.lock().outcomes);
            for (index, outcome) in news {
                self.tell(index, &outcome);
                on_outcome(index, &outcome);
                slots.put(index, outcome);
            }
            if fed && self.is_drained() {
                break;
            }
            self.wait_for_news(fed);
        }
        self.finish(slots)
    }

    fn look_at_stage(&mut self) {
        let token = &self.pool.token;
        let stage = token.stage();
        // A run that slept through a stop and the new epoch after it was
        // interrupted all the same.
        let stale = token.epoch() != self.epoch;
        let stage = if stale {
            stage.max(Stage::CancelQueued)
        } else {
            stage
        };
        let seen = self.stage_seen();
        if stage <= seen {
            return;
        }
        self.interrupted = Some(Interrupted::new(stage, token.cause()));
        self.crew.show(stage);
        if stage.should_terminate_active_tasks() && !seen.should_terminate_active_tasks() {
            self.deadline = Instant::now().checked_add(self.pool.grace);
            self.notices.push(Notice::CollectionStopped);
            self.crew.terminate();
        }
        if stage.should_exit_now() && !self.killed {
            self.deadline = Some(Instant::now());
        }
    }

    fn stage_seen(&self) -> Stage {
        self.interrupted.map_or(Stage::Running, Interrupted::stage)
    }

    /// Fills the queue; whether the tasks are used up.
    fn feed(&mut self, tasks: &mut impl Iterator<Item = (usize, T)>) -> bool {
        while !self.pool.token.is_interrupted() {
            let queued = self.shared.lock().queue.len();
            let room = self.pool.queue_limit.get().saturating_sub(queued);
            if room == 0 {
                return false;
            }
            // The iterator is the caller's code and may be slow: no lock.
            let batch: Vec<_> = tasks.take(room.min(BATCH)).collect();
            if batch.is_empty() {
                self.shared.lock().closed = true;
                self.shared.wake_workers();
                return true;
            }
            if let Err(error) = self.queue(batch) {
                let why = format!("cannot start a worker thread: {error}");
                self.give_up_queued(tasks, || Outcome::Lost(why.clone()));
                return true;
            }
        }
        false
    }

    /// Queues tasks and sees to it that somebody works on them; an error if
    /// there is nobody.
    fn queue(&mut self, batch: Vec<(usize, T)>) -> io::Result<()> {
        let epoch = self.epoch;
        let count = batch.len();
        let mut inner = self.shared.lock();
        let queued = batch
            .into_iter()
            .map(|(index, task)| Queued { index, epoch, task });
        inner.queue.extend(queued);
        let idle = inner.idle;
        let mut wanted = inner.queue.len().saturating_sub(idle);
        drop(inner);
        for _ in 0..count.min(idle) {
            self.shared.wake_worker();
        }
        while wanted > 0 && self.threads.len() < self.pool.workers.get() {
            wanted -= 1;
            if let Err(error) = self.start_worker() {
                if self.threads.is_empty() {
                    return Err(error);
                }
                break;
            }
        }
        Ok(())
    }

    fn start_worker(&mut self) -> io::Result<()> {
        let token = self.pool.token.scope().token().clone();
        let mut inner = self.shared.lock();
        let number = inner.workers.len();
        inner.workers.push(Worker {
            active: None,
            abandoned: false,
            token: token.clone(),
        });
        drop(inner);
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(move || shared.work_through(number, &token))?;
        self.threads.push((number, thread));
        Ok(())
    }

    /// Cancels everything that is queued, and the tasks still to come.
    fn drop_queue(&mut self, tasks: &mut impl Iterator<Item = (usize, T)>) {
        let given_up = self.give_up_queued(tasks, || Outcome::Cancelled(Cancelled::Queued));
        let Some((first, last)) = given_up else {
            return;
        };
        // A worker may hand back a task a moment later, that it had taken and
        // not started: as long as nothing was said, that one was the first.
        let said = self.notices.iter_mut().find_map(|notice| match notice {
            Notice::SubmissionStopped { index, .. } => Some(index),
            _ => None,
        });
        match said {
            Some(index) => *index = first.min(*index),
            None if self.submission_stopped => {}
            None => self.notices.push(Notice::SubmissionStopped {
                index: first,
                total: last + 1,
            }),
        }
        self.submission_stopped = true;
    }

    /// Gives this outcome to everything that is queued and to the tasks still
    /// to come; gives the first and the last index of them.
    fn give_up_queued(
        &mut self,
        tasks: &mut impl Iterator<Item = (usize, T)>,
        outcome: impl Fn() -> Outcome<V>,
    ) -> Option<(usize, usize)> {
        let dropped: Vec<Queued<T>> = {
            let mut inner = self.shared.lock();
            inner.closed = true;
            inner.queue.drain(..).collect()
        };
        self.shared.wake_workers();
        // The tasks themselves, which are the caller's, are dropped unlocked.
        let mut indices: Vec<usize> = dropped.into_iter().map(|queued| queued.index).collect();
        indices.extend(tasks.map(|(index, _)| index));
        let ends = indices.first().copied().zip(indices.last().copied());
        let outcomes = indices.into_iter().map(|index| (index, outcome()));
        self.shared.lock().outcomes.extend(outcomes);
        ends
    }

    /// Ends what is still active after the grace period: kills it or, where
    /// that is impossible, abandons it.
    fn end_overdue(&mut self) {
        let now = Instant::now();
        let is_due = |worker: &Worker| self.due_at(worker).is_some_and(|due| now >= due);
        let any = self.shared.lock().workers.iter().any(is_due);
        if !any {
            return;
        }
        if !self.killed && self.crew.kill() {
            self.killed = true;
            self.notices.push(Notice::ActiveKilled);
            self.deadline = Some(now + KILL_LIMIT);
            return;
        }
        let mut inner = self.shared.lock();
        let Inner {
            workers, outcomes, ..
        } = &mut *inner;
        for worker in workers.iter_mut().filter(|worker| is_due(worker)) {
            if let Some(index) = worker.active.take() {
                worker.abandoned = true;
                outcomes.push((index, Outcome::Abandoned));
            }
        }
    }

    /// When this worker's task has to be ended, or looked at again. A shielded
    /// one is left in peace until its shield ends, and has a grace period from
    /// then on. At stage 3 nobody is spared.
    fn due_at(&self, worker: &Worker) -> Option<Instant> {
        let deadline = self.deadline?;
        worker.active?;
        match worker.token.shields() {
            _ if self.stage_seen().should_exit_now() => Some(deadline),
            Shields::None => Some(deadline),
            Shields::Ended(end) => end
                .checked_add(self.pool.grace)
                .map(|due| due.max(deadline)),
            Shields::HoldUntil(limit) => limit,
        }
    }

    fn is_drained(&self) -> bool {
        let inner = self.shared.lock();
        inner.outcomes.is_empty() && inner.is_quiet()
    }

    /// Sleeps until there are outcomes, room in the queue, a new stage, or
    /// something to abandon.
    fn wait_for_news(&self, fed: bool) {
        let token = &self.pool.token;
        let seen = self.stage_seen();
        let low = self.pool.queue_limit.get() / 2;
        token.wait_until(|| {
            let mut inner = self.shared.lock();
            let wants_tasks = !fed && inner.queue.len() <= low;
            let stale = token.epoch() != self.epoch && !seen.is_interrupted();
            let to_drop = seen.is_interrupted() && !inner.queue.is_empty();
            let news = !inner.outcomes.is_empty() || inner.is_quiet() || to_drop;
            let due = inner
                .workers
                .iter()
                .filter_map(|worker| self.due_at(worker))
                .min();
            let overdue = due.is_some_and(|due| Instant::now() >= due);
            let say = !self.notices.is_empty() && token.is_announced(seen);
            let done = news || wants_tasks || stale || overdue || say || token.stage() > seen;
            inner.asleep = !done;
            if done {
                Step::Done
            } else {
                Step::WaitUntil(due)
            }
        });
    }

    fn tell(&mut self, index: usize, outcome: &Outcome<V>) {
        match outcome {
            Outcome::Failed(failure) => self.notices.push(Notice::TaskFailed {
                index,
                message: failure.to_string(),
            }),
            Outcome::Abandoned => self.notices.push(Notice::TaskAbandoned { index }),
            Outcome::Completed(_) | Outcome::Cancelled(_) | Outcome::Lost(_) => {}
        }
    }

    fn say_if_announced(&mut self) {
        if self.pool.token.is_announced(self.stage_seen()) {
            self.say();
        }
    }

    fn say(&mut self) {
        for notice in self.notices.drain(..) {
            self.pool.feedback.notify(&notice);
        }
    }

    fn finish(mut self, slots: Slots<V>) -> Results<V> {
        let results = Results::new(slots.into_outcomes(), self.interrupted);
        for (number, thread) in self.threads.drain(..) {
            let abandoned = self.shared.lock().workers[number].abandoned;
            if !abandoned {
                // It is on its way out. Panics of tasks were caught.
                let _ = thread.join();
            }
        }
        if self.interrupted.is_some() {
            self.notices.push(results.partial_notice());
        }
        if !self.notices.is_empty() {
            let (token, stage) = (&self.pool.token, self.stage_seen());
            // Bounded: an observer of the caller's own may hang.
            let limit = Instant::now() + ANNOUNCEMENT_LIMIT;
            token.wait_until(|| {
                if token.is_announced(stage) {
                    Step::Done
                } else {
                    Step::WaitUntil(Some(limit))
                }
            });
            self.say();
        }
        results
    }
}

/// If `on_outcome` or the iterator of tasks panics, the workers must not wait
/// for tasks for ever.
impl<T, V> Drop for Coordinator<'_, T, V> {
    fn drop(&mut self) {
        let mut inner = self.shared.lock();
        inner.closed = true;
        let dropped: Vec<_> = inner.queue.drain(..).collect();
        drop(inner);
        drop(dropped);
        self.shared.wake_workers();
    }
}
