//! The worker processes of a pool.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::thread_cache::ThreadCache;
use super::worker_process::WorkerProcess;
use super::worker_program::refusal;
use crate::machine::Stage;
use crate::pool::shared::{Lost, Outcome};
use crate::sys::process;

/// So many workers may end before they register their work, one after the other,
/// until no more of them are started: `main` does not come to it.
const NEVER_BEGAN_MAX: usize = 3;

/// The worker processes of a pool. They end with it.
#[derive(Default)]
pub(super) struct ProcessBackend {
    /// All that were started and not finished.
    all: Mutex<Started>,
    /// Those that have nothing to do.
    idle: Mutex<Vec<Arc<WorkerProcess>>>,
    /// There is an idle worker, or one less at work; with the lock of `idle`.
    returned: Condvar,
    /// The run is being terminated: no worker may be started.
    terminating: AtomicBool,
    /// Workers in a row that have ended before they registered their work.
    never_began: AtomicUsize,
    /// Threads, each to look after a worker.
    pub(super) threads: Arc<ThreadCache>,
}

#[derive(Default)]
struct Started {
    workers: Vec<Arc<WorkerProcess>>,
    /// The stage that they were shown, and that later ones begin with.
    shown: Stage,
}

impl ProcessBackend {
    /// One without workers, with the same threads.
    pub(super) fn fresh(&self) -> ProcessBackend {
        let mut fresh = ProcessBackend::default();
        fresh.threads = Arc::clone(&self.threads);
        fresh
    }

    /// A worker to work with, `None` if the run is being terminated. If no
    /// more of them can be started, it is one that another task has had.
    ///
    /// # Errors
    /// Those of starting a worker, if there is no other one.
    pub(super) fn take(
        &self,
        name: &str,
        args: &[String],
    ) -> io::Result<Option<Arc<WorkerProcess>>> {
        loop {
            while let Some(worker) = self.pop_idle() {
                if !worker.has_ended() {
                    return Ok(Some(worker));
                }
                // It died with nothing to do: that costs no task.
                self.give_back(worker, false);
            }
            match self.start(name, args) {
                Err(_) if self.waits_for_another() => {}
                started => return started,
            }
        }
    }

    fn pop_idle(&self) -> Option<Arc<WorkerProcess>> {
        lock(&self.idle).pop()
    }

    /// Waits until there is an idle worker, or nothing to wait for; `false` if
    /// there is no worker at all.
    fn waits_for_another(&self) -> bool {
        let mut idle = lock(&self.idle);
        loop {
            if lock(&self.all).workers.is_empty() {
                return false;
            }
            if !idle.is_empty() || self.terminating.load(Ordering::SeqCst) {
                return true;
            }
            idle = self
                .returned
                .wait(idle)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Wakes those who wait for a worker: one has come back, or will not.
    fn wake_waiting(&self) {
        // Whoever has looked and does not wait yet holds the lock.
        drop(lock(&self.idle));
        self.returned.notify_all();
    }

    /// A new worker, `None` if the run is being terminated.
    fn start(&self, name: &str, args: &[String]) -> io::Result<Option<Arc<WorkerProcess>>> {
        if let Some(why) = refusal() {
            return Err(io::Error::other(why));
        }
        if self.never_began.load(Ordering::SeqCst) >= NEVER_BEGAN_MAX {
            return Err(io::Error::other(
                "several workers have ended before they registered their work",
            ));
        }
        // The lock keeps `terminate` out: it finds the worker in the list, or
        // the worker is not started.
        let mut all = lock(&self.all);
        if self.terminating.load(Ordering::SeqCst) {
            return Ok(None);
        }
        let worker = Arc::new(WorkerProcess::start(name, args, all.shown)?);
        all.workers.push(Arc::clone(&worker));
        Ok(Some(worker))
    }

    /// Learns from a worker that has done a job, or was to do one.
    pub(super) fn note<V>(&self, worker: &WorkerProcess, outcome: &Outcome<V>, usable: bool) {
        // `main` has no part in the end of a worker that somebody kills.
        let killed = matches!(outcome, Outcome::Lost(Lost::Died(end)) if process::was_killed(*end));
        if usable {
            self.never_began.store(0, Ordering::SeqCst);
        } else if !killed && worker.never_began() {
            self.never_began.fetch_add(1, Ordering::SeqCst);
        }
    }

    pub(super) fn give_back(&self, worker: Arc<WorkerProcess>, usable: bool) {
        if usable {
            lock(&self.idle).push(worker);
            self.returned.notify_one();
        } else {
            lock(&self.all)
                .workers
                .retain(|other| !Arc::ptr_eq(other, &worker));
            self.wake_waiting();
        }
    }
}

impl ProcessBackend {
    /// Shows them the stage.
    pub(super) fn show(&self, stage: Stage) {
        let mut all = lock(&self.all);
        all.shown = all.shown.max(stage);
        for worker in &all.workers {
            worker.show(stage);
        }
    }

    /// Asks them to end.
    pub(super) fn terminate(&self) {
        let all = lock(&self.all);
        self.terminating.store(true, Ordering::SeqCst);
        for worker in &all.workers {
            worker.terminate();
        }
        drop(all);
        self.wake_waiting();
    }

    /// Kills them.
    pub(super) fn kill(&self) {
        for worker in &lock(&self.all).workers {
            worker.kill();
        }
    }
}

/// Ends and reaps all workers: those without a task politely at first, so that
/// nothing that they have printed is lost.
impl Drop for ProcessBackend {
    fn drop(&mut self) {
        let all = std::mem::take(&mut lock(&self.all).workers);
        let idle = std::mem::take(&mut *lock(&self.idle));
        for worker in &idle {
            worker.ask_to_end();
        }
        for worker in &idle {
            worker.wait_for_end();
        }
        for worker in &all {
            worker.kill();
        }
        for worker in &all {
            // It was killed; there is nothing to learn from how it ended.
            let _ = worker.finish();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic runs under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
