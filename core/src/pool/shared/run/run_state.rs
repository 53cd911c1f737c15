//! What the coordinator of a run and its worker threads share.
//!
//! Workers without a task look for one for a moment, then sleep on a condition
//! variable. The coordinator rests on the cell, so that a signal wakes it as
//! well, and stores in `rest` what else is to wake it.

use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use super::batch::{Batch, Ready};
use super::queue::Queue;
use super::worker_queue::WorkerQueue;
use crate::pool::shared::outcome::Outcome;
use crate::sync::thread::yield_now;
use crate::sync::{AtomicU32, Condvar, Mutex, MutexGuard, Ordering};
use crate::token::StopToken;

/// What a worker does with a task, a token for it, and its own number.
pub(in crate::pool) type Work<'run, T, V> =
    dyn Fn(T, &StopToken, usize) -> Outcome<V> + Send + Sync + 'run;

/// How often one looks for work before one sleeps. To sleep and to be woken
/// costs as much as hundreds of empty tasks.
pub(in crate::pool) const LOOKS: u32 = if cfg!(sigproof_loom) { 0 } else { 32 };
/// The hint when there will be no more tasks.
const CLOSED: usize = usize::MAX;
/// More workers than this need not look at a time.
const LOOKERS: usize = 2;

/// What wakes the coordinator, besides a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Rest {
    /// It is awake.
    Awake,
    /// A queue that runs dry, or a worker without a task. Outcomes come so
    /// fast that it had better collect many at a time.
    Nap,
    /// Any outcome as well.
    Sleep,
}

/// How many tasks may wait.
pub(super) struct Limit {
    pub(super) usual: usize,
    /// While they are short.
    pub(super) short: usize,
}

pub(super) struct RunState<'run, T, V> {
    queue: Mutex<Queue<T, V>>,
    work_available: Condvar,
    /// The length of the queue, or [`CLOSED`]: a hint for those who look
    /// without the lock. Nothing depends on it.
    hint: AtomicUsize,
    /// The last batch of a worker was as large as batches get: tasks are short.
    /// A hint as well.
    short: AtomicBool,
    rest: AtomicU32,
    limit: Limit,
    pub(super) work: Box<Work<'run, T, V>>,
    pub(super) token: StopToken,
}

impl<'run, T, V> RunState<'run, T, V> {
    pub(super) fn new(
        token: StopToken,
        limit: Limit,
        work: Box<Work<'run, T, V>>,
    ) -> RunState<'run, T, V> {
        RunState {
            queue: Mutex::new(Queue::new()),
            work_available: Condvar::new(),
            hint: AtomicUsize::new(0),
            short: AtomicBool::new(false),
            rest: AtomicU32::new(Rest::Awake as u32),
            limit,
            work,
            token,
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Queue<T, V>> {
        // No user code runs under the lock, so it is never poisoned halfway.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues tasks and wakes workers; returns the number of workers that are
    /// missing.
    ///
    /// If more tasks are `about_to_come` one worker has to be awake, no more:
    /// to wake one costs as much as many short tasks, and the others are woken
    /// by [`RunState::wake_workers`], as soon as no more tasks come.
    pub(super) fn push(&self, tasks: Batch<T>, about_to_come: bool) -> usize {
        let mut queue = self.lock();
        queue.push(tasks);
        self.hint(&queue);
        let missing = queue.len().saturating_sub(queue.idle);
        let wanted = if about_to_come {
            usize::from(queue.asleep + queue.ended == queue.workers.len())
        } else {
            queue.len().saturating_sub(queue.idle - queue.asleep)
        };
        let wanted = wanted.min(queue.asleep);
        drop(queue);
        for _ in 0..wanted {
            self.work_available.notify_one();
        }
        missing
    }

    /// Wakes as many workers as there may be work for.
    pub(super) fn wake_workers(&self) {
        self.push(Batch::default(), false);
    }

    /// Closes the queue: nothing will be queued any more.
    pub(super) fn close(&self) {
        let mut queue = self.lock();
        queue.closed = true;
        self.hint(&queue);
        let asleep = queue.asleep > 0;
        drop(queue);
        // A system call, even if there is nobody.
        if asleep {
            self.work_available.notify_all();
        }
    }

    /// Closes the queue and returns what is in it.
    pub(super) fn close_and_drain(&self) -> Vec<Batch<T>> {
        self.close();
        self.lock().drain()
    }

    fn hint(&self, queue: &Queue<T, V>) {
        let hint = if queue.closed { CLOSED } else { queue.len() };
        self.hint.store(hint, Ordering::Relaxed);
    }

    /// Gives the workers a moment to empty the queue; whether they did.
    pub(super) fn soon_runs_dry(&self) -> bool {
        for _ in 0..LOOKS {
            if self.seems_low() {
                return true;
            }
            yield_now();
        }
        false
    }

    /// Whether the queue runs dry, by the hint.
    pub(super) fn seems_low(&self) -> bool {
        self.hint.load(Ordering::Relaxed) <= self.low()
    }

    /// How many tasks may wait.
    pub(super) fn limit(&self) -> usize {
        let short = self.short.load(Ordering::Relaxed);
        if short {
            self.limit.short
        } else {
            self.limit.usual
        }
    }

    /// A queue that is not longer than this runs dry.
    pub(super) fn low(&self) -> usize {
        self.limit() / 2
    }

    /// A worker reports whether tasks are short.
    pub(super) fn tasks_are(&self, short: bool) {
        if self.short.load(Ordering::Relaxed) != short {
            self.short.store(short, Ordering::Relaxed);
        }
    }

    /// The coordinator stores what it wants to be woken for, and looks for it
    /// afterwards: under the locks under which it comes, so that whoever
    /// brings it about later sees that the coordinator rests.
    pub(super) fn rest(&self, rest: Rest) {
        self.rest.store(rest as u32, Ordering::SeqCst);
    }

    /// Wakes the coordinator if it wants to be woken for this much.
    pub(super) fn wake_from(&self, lightest: Rest) {
        let rest = self.rest.load(Ordering::SeqCst);
        if rest < lightest as u32 {
            return;
        }
        // One of many workers wakes it. Where the exchange fails, another one
        // does, or the coordinator has woken by itself and looks again.
        let (awake, order) = (Rest::Awake as u32, Ordering::SeqCst);
        let exchanged = self.rest.compare_exchange(rest, awake, order, order);
        if exchanged.is_ok() {
            self.token.wake_all();
        }
    }

    /// A worker has ended.
    pub(super) fn end_worker(&self) {
        self.lock().ended += 1;
        self.wake_from(Rest::Nap);
    }

    /// Takes tasks from the queue and returns the first of them, `None` when
    /// there will be no more.
    pub(super) fn take(&self, worker: &WorkerQueue<T, V>, batch: usize) -> Option<Ready<T>> {
        let mut queue = self.lock();
        let mut looks = LOOKS;
        loop {
            if let Some((next, more)) = queue.take(worker, batch) {
                self.hint(&queue);
                let runs_dry = !queue.closed && queue.len() <= self.low();
                let wake_another = more && queue.asleep > 0;
                drop(queue);
                if runs_dry {
                    self.wake_from(Rest::Nap);
                }
                if wake_another {
                    self.work_available.notify_one();
                }
                return Some(next);
            }
            if queue.closed {
                return None;
            }
            queue.idle += 1;
            if !queue.is_busy() {
                self.wake_from(Rest::Nap);
            }
            if looks > 0 && queue.idle - queue.asleep <= LOOKERS {
                drop(queue);
                while looks > 0 && self.hint.load(Ordering::Relaxed) == 0 {
                    looks -= 1;
                    yield_now();
                }
                queue = self.lock();
            } else {
                queue.asleep += 1;
                queue = self
                    .work_available
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
                queue.asleep -= 1;
            }
            queue.idle -= 1;
        }
    }
}
