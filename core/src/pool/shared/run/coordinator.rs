//! The coordinator of a run: the calling thread, which feeds the queue,
//! collects outcomes, and sees the stage.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::batch::Batch;
use super::batch_size::BatchSize;
use super::outcome_slots::{OutcomeSlots, Outcomes};
use super::run_state::{Limit, Rest, RunState, Work};
use super::worker::ThreadWorker;
use super::worker_queue::WorkerQueue;
use crate::feedback::Notice;
use crate::machine::Stage;
use crate::pool::shared::notices::Notices;
use crate::pool::shared::outcome::{Cancelled, Lost, Outcome};
use crate::pool::shared::results::{Results, Tally, remaining};
use crate::pool::shared::settings::Settings;
use crate::pool::shared::worker_backend::{Join, WorkerBackend};
use crate::stage_cell::WaitStatus;
use crate::token::Interrupted;

/// Outcomes since the last rest that make a nap worth more than a sleep.
const MANY: usize = 8;
/// The longest nap: so long may an outcome wait when they come in a stream.
const NAP: Duration = Duration::from_micros(500);
/// How long the end of a run waits for the announcement of its stage.
const ANNOUNCEMENT_LIMIT: Duration = Duration::from_secs(1);

/// Who gets the outcomes as they come.
pub(in crate::pool) enum Sink<'caller, V> {
    /// Looks at each; the results keep them.
    Look(&'caller mut dyn FnMut(usize, &Outcome<V>)),
    /// Takes each; the results only count them.
    Take(&'caller mut dyn FnMut(usize, Outcome<V>)),
}

pub(in crate::pool) struct Coordinator<'pool, 'run, T, V> {
    pub(super) pool: &'pool Settings,
    pub(super) backend: &'pool dyn WorkerBackend<'run>,
    pub(super) shared: Arc<RunState<'run, T, V>>,
    pub(super) workers: Vec<Arc<WorkerQueue<T, V>>>,
    /// The thread of each, unless it was joined.
    threads: Vec<Option<Join<'run>>>,
    /// Workers that were started, or were to be.
    started: usize,
    /// A task has come to its limit, so a worker may be missing.
    pub(super) has_retired: bool,
    epoch: u32,
    /// Tasks taken from the iterator, which ends with them if `fed`.
    submitted: usize,
    fed: bool,
    /// More tasks were left in it, nobody knows how many.
    truncated: bool,
    batch_size: BatchSize,
    slots: OutcomeSlots<V>,
    /// The outcomes that were handed over.
    tally: Tally,
    /// Outcomes given by the coordinator itself.
    pub(super) own_outcomes: Outcomes<V>,
    /// Outcomes collected since the last rest.
    collected: usize,
    interrupted: Option<Interrupted>,
    /// When active tasks are killed or, if they cannot be, abandoned; set at
    /// stage 2.
    pub(super) deadline: Option<Instant>,
    /// They were killed and have to be gone by the deadline.
    pub(super) killed: bool,
    pub(super) notices: Notices,
}

impl<'run, T: Send + 'run, V: Send + 'run> Coordinator<'_, 'run, T, V> {
    pub(in crate::pool) fn new<'pool>(
        pool: &'pool Settings,
        backend: &'pool dyn WorkerBackend<'run>,
        work: Box<Work<'run, T, V>>,
    ) -> Coordinator<'pool, 'run, T, V> {
        let limit = Limit {
            usual: pool.queue_limit(false),
            short: pool.queue_limit(true),
        };
        Coordinator {
            pool,
            backend,
            shared: Arc::new(RunState::new(pool.token.clone(), limit, work)),
            workers: Vec::new(),
            threads: Vec::new(),
            started: 0,
            has_retired: false,
            epoch: pool.token.epoch(),
            submitted: 0,
            fed: false,
            truncated: false,
            batch_size: BatchSize::new(),
            slots: OutcomeSlots::new(),
            tally: Tally::default(),
            own_outcomes: Outcomes::new(),
            collected: 0,
            interrupted: None,
            deadline: None,
            killed: false,
            notices: Notices::default(),
        }
    }

    pub(in crate::pool) fn run(
        mut self,
        tasks: impl Iterator<Item = T>,
        mut sink: Sink<'_, V>,
    ) -> Results<V> {
        let mut tasks = tasks.fuse();
        if let Sink::Look(_) = sink {
            self.slots.expect(tasks.size_hint().0);
        }
        let mut arrived = Outcomes::new();
        loop {
            self.look_at_stage();
            if self.interrupted.is_some() {
                self.drop_queue(&tasks);
            } else if !self.fed {
                self.feed(&mut tasks);
            }
            self.end_overdue();
            self.say_if_announced();
            self.collect(&mut arrived, &mut sink);
            if self.has_retired {
                let missing = self.shared.push(Batch::default(), false);
                self.start_missing(missing, &tasks);
            }
            if self.fed && self.slots.filled() == self.submitted {
                return self.finish(&sink);
            }
            if self.fed
                || self.is_full() && !(self.collected >= MANY && self.shared.soon_runs_dry())
            {
                self.rest();
            }
        }
    }

    fn look_at_stage(&mut self) {
        let seen = self.stage_seen();
        let Some(stage) = self.see_stage() else {
            return;
        };
        self.backend.show(stage);
        if stage.should_terminate_active_tasks() && !seen.should_terminate_active_tasks() {
            self.deadline = Instant::now().checked_add(self.pool.grace);
            self.notices.push(Notice::CollectionStopped);
            self.backend.terminate();
        }
        if stage.should_exit_now() && !self.killed {
            self.deadline = Some(Instant::now());
        }
    }

    /// The stage, if it is a later one than the one last seen.
    fn see_stage(&mut self) -> Option<Stage> {
        let token = &self.pool.token;
        let stage = token.stage_since(self.epoch);
        let is_new = stage > self.stage_seen();
        is_new.then(|| {
            self.interrupted = Some(Interrupted::new(stage, token.cause()));
            stage
        })
    }

    pub(super) fn stage_seen(&self) -> Stage {
        self.interrupted.map_or(Stage::Running, Interrupted::stage)
    }

    /// How many tasks there is room for. Outcomes that were not collected take
    /// room as well: they are as many as the tasks were.
    fn room(&self) -> usize {
        let limit = self.shared.limit().saturating_add(self.workers.len());
        limit.saturating_sub(self.submitted - self.slots.filled())
    }

    /// Whether it has to wait with the next batch: a small one, each time that
    /// a worker takes one, would be dear.
    fn is_full(&self) -> bool {
        let room = self.room();
        room == 0 || room < self.batch_size.batch() && !self.shared.seems_low()
    }

    /// Queues a batch of tasks, if there is room, and sees to it that somebody
    /// works on them.
    fn feed(&mut self, tasks: &mut impl Iterator<Item = T>) {
        if self.is_full() {
            return;
        }
        let count = self.room().min(self.batch_size.batch());
        // The iterator is the caller's code and may be slow: no lock.
        self.batch_size.begin();
        let batch: VecDeque<T> = tasks.take(count).collect();
        self.batch_size.end();
        if batch.is_empty() {
            self.fed = true;
            self.shared.close();
            return;
        }
        let first = self.submitted;
        self.submitted += batch.len();
        let batch = Batch::new(first, self.epoch, batch);
        let missing = self.shared.push(batch, self.batch_size.is_fast());
        self.start_missing(missing, tasks);
    }

    /// Starts so many workers, as far as there may be more of them.
    fn start_missing(&mut self, missing: usize, tasks: &impl Iterator<Item = T>) {
        for _ in 0..missing {
            let Some(place) = self.free_place() else {
                return;
            };
            if let Err(error) = self.start_worker(place) {
                let is_retired = |worker: &Arc<WorkerQueue<T, V>>| worker.lock().is_retired();
                if self.workers.iter().all(is_retired) {
                    let lost = Lost::NotStarted(error.to_string());
                    self.give_up_queued(tasks, || Outcome::Lost(lost.clone()));
                }
                return;
            }
        }
    }

    /// The place for one more worker.
    fn free_place(&self) -> Option<usize> {
        if self.workers.len() < self.pool.workers.get() {
            return Some(self.workers.len());
        }
        if !self.has_retired {
            return None;
        }
        self.workers.iter().position(|worker| {
            let inner = worker.lock();
            inner.is_retired() && inner.outcomes.is_empty()
        })
    }

    /// Starts a worker, in place of a retired one if there was one before.
    fn start_worker(&mut self, place: usize) -> io::Result<()> {
        if let Some(before) = self.workers.get(place)
            && let Some(join) = self.threads[place].take()
            && !before.lock().abandoned
        {
            // It is on its way out. Then it counts as ended.
            join();
        }
        let number = self.started;
        self.started += 1;
        let has_limit = self.pool.task_limit.is_some();
        let worker = Arc::new(WorkerQueue::new(number, &self.pool.token, has_limit));
        let (shared, own) = (Arc::clone(&self.shared), Arc::clone(&worker));
        // Listed first: the worker may be at work before `start` returns.
        let before = self.shared.lock().list(place, Arc::clone(&worker));
        let work = move || ThreadWorker::new(&shared, &own).live();
        match self.backend.start(number, Box::new(work)) {
            Ok(join) if before.is_some() => {
                self.threads[place] = Some(join);
                self.workers[place] = worker;
                Ok(())
            }
            Ok(join) => {
                self.threads.push(Some(join));
                self.workers.push(worker);
                Ok(())
            }
            Err(error) => {
                self.shared.lock().unlist(place, before);
                Err(error)
            }
        }
    }

    /// Cancels everything that is queued, and the tasks still to come.
    fn drop_queue(&mut self, tasks: &impl Iterator<Item = T>) {
        let given_up = self.give_up_queued(tasks, || Outcome::Cancelled(Cancelled::Queued));
        if let Some((first, last)) = given_up {
            self.notices.not_started(first, last);
        }
    }

    /// Gives this outcome to every queued task and to the tasks still to come,
    /// if their number is known; returns the first and the last index of them.
    fn give_up_queued(
        &mut self,
        tasks: &impl Iterator<Item = T>,
        outcome: impl Fn() -> Outcome<V>,
    ) -> Option<(usize, usize)> {
        let dropped = self.shared.close_and_drain();
        // The tasks themselves, which are the caller's, are dropped unlocked.
        let numbered = dropped.into_iter().flat_map(Batch::into_numbered);
        let mut indices: Vec<usize> = numbered.map(|(index, _task)| index).collect();
        if !self.fed {
            self.fed = true;
            let first = self.submitted;
            match remaining(tasks) {
                Some(count) => self.submitted += count,
                None => self.truncated = true,
            }
            indices.extend(first..self.submitted);
        }
        let ends = indices
            .iter()
            .min()
            .copied()
            .zip(indices.iter().max().copied());
        for index in indices {
            self.own_outcomes.push(index, outcome());
        }
        ends
    }

    /// Hands over every outcome that there is. `arrived` is empty, and saves
    /// the workers from beginning with an empty vector each time.
    fn collect(&mut self, arrived: &mut Outcomes<V>, sink: &mut Sink<'_, V>) {
        for number in 0..=self.workers.len() {
            match self.workers.get(number) {
                Some(worker) => std::mem::swap(&mut worker.lock().outcomes, arrived),
                None => std::mem::swap(&mut self.own_outcomes, arrived),
            }
            self.collected += arrived.len();
            arrived.iter().for_each(|(index, outcome)| {
                self.notices.outcome(index, outcome);
            });
            match sink {
                Sink::Look(look) => {
                    arrived
                        .iter()
                        .for_each(|(index, outcome)| look(index, outcome));
                    self.slots.put(arrived);
                }
                Sink::Take(take) => {
                    let tally = &mut self.tally;
                    self.slots.pass_on(arrived, &mut |index, outcome| {
                        tally.record(&outcome);
                        take(index, outcome);
                    });
                }
            }
        }
    }

    /// Sleeps until there are outcomes, room in the queue, a new stage, or
    /// something to abandon. While outcomes come in a stream it naps instead,
    /// and lets them gather for a moment.
    fn rest(&mut self) {
        let token = &self.pool.token;
        let seen = self.stage_seen();
        let has_room = self.room() > 0;
        let nap_end = (self.collected >= MANY).then(|| Instant::now() + NAP);
        self.collected = 0;
        self.shared.wake_workers();
        token.wait_until(|| {
            // Said first and looked at afterwards, see `RunState::rest`.
            self.shared.rest(nap_end.map_or(Rest::Sleep, |_| Rest::Nap));
            let stage = token.stage() > seen;
            let stale = token.epoch() != self.epoch && !seen.is_interrupted();
            let say = !self.notices.is_empty() && token.is_announced(seen);
            let queue = self.shared.lock();
            let runs_dry = !self.fed && queue.len() <= self.shared.low();
            let to_drop = seen.is_interrupted() && queue.len() > 0;
            let is_idle = !queue.is_busy();
            drop(queue);
            // To collect them makes room.
            let news = (nap_end.is_none() || runs_dry || is_idle)
                && self.workers.iter().any(|worker| worker.has_outcomes());
            let due = self
                .workers
                .iter()
                .filter_map(|worker| self.due_at(worker))
                .min();
            let overdue = due.is_some_and(|due| Instant::now() >= due);
            // A task that begins after this look is due after that at the earliest.
            let due = due.into_iter().chain(self.next_limit()).min();
            if stage || stale || say || to_drop || news || runs_dry && has_room || overdue {
                WaitStatus::Done
            } else {
                let ends = due.into_iter().chain(nap_end);
                WaitStatus::WaitUntil(ends.chain(token.next_change()).min())
            }
        });
        self.shared.rest(Rest::Awake);
    }

    fn say_if_announced(&mut self) {
        if !self.notices.is_empty() && self.pool.token.is_announced(self.stage_seen()) {
            self.notices.say(&*self.pool.feedback);
        }
    }

    fn finish(mut self, sink: &Sink<'_, V>) -> Results<V> {
        // Tasks see a stage before the coordinator does. If it ended the last
        // ones since the last look, it is the one that the run ended at.
        let was_said = self.stage_seen().should_terminate_active_tasks();
        self.see_stage();
        let slots = std::mem::replace(&mut self.slots, OutcomeSlots::new());
        let results = match sink {
            Sink::Look(_) => Results::new(slots.into_outcomes(), self.interrupted, self.truncated),
            Sink::Take(_) => Results::taken(self.tally, self.interrupted, self.truncated),
        };
        let ends = self.stage_seen().should_terminate_active_tasks();
        if ends && !was_said && results.has_stopped() {
            self.notices.push(Notice::CollectionStopped);
        }
        for (worker, join) in self.workers.iter().zip(self.threads.drain(..)) {
            if let Some(join) = join
                && !worker.lock().abandoned
            {
                // It is on its way out.
                join();
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
                    WaitStatus::Done
                } else {
                    WaitStatus::WaitUntil(Some(limit))
                }
            });
            self.notices.say(&*self.pool.feedback);
        }
        results
    }
}

/// If `on_outcome` or the iterator of tasks panics, the workers must not wait
/// for tasks for ever.
impl<T, V> Drop for Coordinator<'_, '_, T, V> {
    fn drop(&mut self) {
        drop(self.shared.close_and_drain());
    }
}
