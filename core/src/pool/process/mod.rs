//! The process pool.

mod frame;
mod job_reader;
mod thread_cache;
mod worker_process;
mod worker_program;
mod worker_stage;

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::feedback::Feedback;
use crate::machine::Stage;
use crate::pool::shared::{
    Cancelled, Coordinator, Executor, Job, Join, Lost, Outcome, Results, Settings, Sink,
    WorkerBackend,
};
use crate::sys::process;
use crate::token::StopToken;
use thread_cache::ThreadCache;
use worker_process::WorkerProcess;
pub use worker_program::WorkerProgram;
use worker_program::refusal;
use worker_stage::WorkerStage;

/// Runs tasks in worker processes: this program, executed again.
///
/// A task that crashes, hangs or leaks takes nothing with it: its worker is
/// replaced. At stage 2 the worker's process group gets SIGTERM, which the
/// task sees through its token; what is left after the grace period is
/// killed, with all processes that the task started. A shield inside a task
/// holds at most for the grace period. No worker outlives this process, even
/// if that is killed.
///
/// Jobs and values travel in `postcard` format, at most 16 MiB each. Idle
/// workers, and the threads that look after them, wait for the next run; they
/// end with the pool.
///
/// On Windows workers are held by jobs, and asked to end by Ctrl+Break; the
/// stage they see in any case.
///
/// ```no_run
/// use sigproof_core::{InterruptHandler, Policy, Executor};
/// use sigproof_core::pool::{ProcessPool, WorkerProgram};
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let square = WorkerProgram::register("square", |number: u64, token| {
///         token.checkpoint()?;
///         Ok(number * number)
///     });
///     let handler = InterruptHandler::install(Policy::escalating())?;
///     let results = ProcessPool::new(&handler.token(), &square).run(0..100);
///     println!("{}", results.tally());
///     handler.conclude();
///     Ok(())
/// }
/// ```
pub struct ProcessPool<J, V> {
    settings: Settings,
    program: WorkerProgram<J, V>,
    args: Vec<String>,
    /// The workers of new runs. A run that is interrupted leaves its workers to
    /// the runs that still use them, and they end with the last of these.
    backend: Mutex<Arc<ProcessBackend>>,
}

impl<J, V> fmt::Debug for ProcessPool<J, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPool")
            .field("settings", &self.settings)
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}

impl<J, V> ProcessPool<J, V>
where
    J: Serialize + DeserializeOwned + Send + 'static,
    V: Serialize + DeserializeOwned + Send + 'static,
{
    /// A pool that obeys `token`, with a worker for each processor. Workers
    /// are started as tasks need them.
    #[must_use]
    pub fn new(token: &StopToken, program: &WorkerProgram<J, V>) -> ProcessPool<J, V> {
        ProcessPool {
            settings: Settings::new(token),
            program: program.clone(),
            args: Vec::new(),
            backend: Mutex::default(),
        }
    }

    /// Sets the number of workers; 0 counts as 1.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> ProcessPool<J, V> {
        self.settings.set_workers(workers);
        self
    }

    /// Sets how many tasks may wait in the queue; 0 counts as 1. Tasks beyond
    /// it stay in their iterator until there is room. By default it is 256, and
    /// 4,096 while tasks take less than a microsecond.
    #[must_use]
    pub fn queue_limit(mut self, tasks: usize) -> ProcessPool<J, V> {
        self.settings.set_queue_limit(tasks);
        self
    }

    /// Sets how long stage 2 waits for active tasks before it kills them, 5 s
    /// by default.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> ProcessPool<J, V> {
        self.settings.grace = grace;
        self
    }

    /// Passes failed tasks and partial results to this feedback.
    #[must_use]
    pub fn feedback(mut self, feedback: impl Feedback + 'static) -> ProcessPool<J, V> {
        self.settings.feedback = Arc::new(feedback);
        self
    }

    /// Starts workers with these arguments, for programs that have to get by
    /// their argument parser to reach [`WorkerProgram::register`]. None by
    /// default.
    #[must_use]
    pub fn worker_args(
        mut self,
        args: impl IntoIterator<Item = impl Into<String>>,
    ) -> ProcessPool<J, V> {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }
}

impl<J, V> Executor<V> for ProcessPool<J, V>
where
    J: Serialize + DeserializeOwned + Send + 'static,
    V: Serialize + DeserializeOwned + Send + 'static,
{
    type Task = J;

    fn run_each(
        &self,
        tasks: &mut dyn Iterator<Item = J>,
        on_outcome: &mut dyn FnMut(usize, &Outcome<V>),
    ) -> Results<V> {
        let backend = Arc::clone(&lock(&self.backend));
        let workers = Arc::clone(&backend);
        let (name, limit) = (self.program.name, self.program.frame_limit);
        let args = self.args.clone();
        let work = move |job: J, _: &StopToken| {
            let worker = match workers.take(name, &args) {
                Ok(Some(worker)) => worker,
                Ok(None) => return Outcome::Cancelled(Cancelled::Queued),
                Err(error) => return Outcome::Lost(Lost::NotStarted(error.to_string())),
            };
            let (outcome, usable) = worker.carry_out(&job, limit);
            workers.note(&worker, &outcome, usable);
            workers.give_back(worker, usable);
            outcome
        };
        let coordinator = Coordinator::new(&self.settings, &*backend, Box::new(work));
        let results = coordinator.run(tasks, Sink::Look(on_outcome));
        if results.interrupted().is_some() {
            self.replace(&backend);
        }
        results
    }
}

impl<J, V> ProcessPool<J, V> {
    /// The next run gets new workers: these have seen a stage and will not
    /// forget it.
    fn replace(&self, used: &Arc<ProcessBackend>) {
        let mut current = lock(&self.backend);
        if Arc::ptr_eq(&current, used) {
            let mut next = ProcessBackend::default();
            next.threads = Arc::clone(&used.threads);
            *current = Arc::new(next);
        }
    }
}

/// So many workers may end before they register their work, one after the other,
/// until no more of them are started: `main` does not come to it.
const NEVER_BEGAN_MAX: usize = 3;

/// The worker processes of a pool. They end with it.
#[derive(Default)]
struct ProcessBackend {
    /// All that were started and not finished.
    all: Mutex<Vec<Arc<WorkerProcess>>>,
    /// Those that have nothing to do.
    idle: Mutex<Vec<Arc<WorkerProcess>>>,
    /// There is an idle worker, or one less at work; with the lock of `idle`.
    returned: Condvar,
    /// The run is being terminated: no worker may be started.
    terminating: AtomicBool,
    /// Workers in a row that have ended before they registered their work.
    never_began: AtomicUsize,
    /// The stage as the workers see it; made with the first of them.
    stage: OnceLock<WorkerStage>,
    /// Threads, each to look after a worker.
    threads: Arc<ThreadCache>,
}

impl ProcessBackend {
    /// A worker to work with, `None` if the run is being terminated. If no
    /// more of them can be started, it is one that another task has had.
    ///
    /// # Errors
    /// Those of starting a worker, if there is no other one.
    fn take(&self, name: &str, args: &[String]) -> io::Result<Option<Arc<WorkerProcess>>> {
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
            if lock(&self.all).is_empty() {
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
        let stage = match self.stage.get() {
            Some(stage) => stage,
            // Nobody else is here: the list is locked.
            None => {
                let new = WorkerStage::new()?;
                self.stage.get_or_init(|| new)
            }
        };
        let worker = Arc::new(WorkerProcess::start(name, args, stage)?);
        all.push(Arc::clone(&worker));
        Ok(Some(worker))
    }

    /// Learns from a worker that has done a job, or was to do one.
    fn note<V>(&self, worker: &WorkerProcess, outcome: &Outcome<V>, usable: bool) {
        // `main` has no part in the end of a worker that somebody kills.
        let killed = matches!(outcome, Outcome::Lost(Lost::Died(end)) if process::was_killed(*end));
        if usable {
            self.never_began.store(0, Ordering::SeqCst);
        } else if !killed && worker.never_began() {
            self.never_began.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn give_back(&self, worker: Arc<WorkerProcess>, usable: bool) {
        if usable {
            lock(&self.idle).push(worker);
            self.returned.notify_one();
        } else {
            lock(&self.all).retain(|other| !Arc::ptr_eq(other, &worker));
            self.wake_waiting();
        }
    }
}

/// Ends and reaps all workers: those without a task politely at first, so that
/// nothing that they have printed is lost.
impl Drop for ProcessBackend {
    fn drop(&mut self) {
        let all = std::mem::take(&mut *lock(&self.all));
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

impl WorkerBackend<'static> for ProcessBackend {
    fn start(&self, name: String, job: Job<'static>) -> io::Result<Join<'static>> {
        self.threads.start(name, job)
    }

    fn show(&self, stage: Stage) {
        if let Some(shown) = self.stage.get() {
            shown.show(stage);
        }
    }

    fn terminate(&self) {
        let all = lock(&self.all);
        self.terminating.store(true, Ordering::SeqCst);
        for worker in &*all {
            worker.terminate();
        }
        drop(all);
        self.wake_waiting();
    }

    fn kill(&self) -> bool {
        for worker in &*lock(&self.all) {
            worker.kill();
        }
        true
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic runs under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
