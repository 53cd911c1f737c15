//! The process pool.

mod frame;
mod job_reader;
mod process_backend;
mod run_backend;
mod thread_cache;
mod worker_process;
mod worker_program;
mod worker_stage;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::feedback::Feedback;
use crate::pool::shared::{
    Cancelled, Coordinator, Executor, LIMIT_MIN, Lost, Outcome, Results, Settings, Sink,
};
use crate::token::StopToken;
use process_backend::ProcessBackend;
use run_backend::RunBackend;
pub use worker_program::WorkerProgram;

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

    /// Sets how long one task may take, from the moment when a worker is sought
    /// for it. There is no limit by default. A limit is kept to about a
    /// millisecond, and shorter ones than that are a millisecond.
    ///
    /// At its limit a task meets what stage 2 means, alone: its token is at
    /// [`Stage::TerminateActive`](crate::Stage), and its worker's group gets SIGTERM; after
    /// [`ProcessPool::grace`] the worker is killed with all that the task
    /// started. Another worker takes the next task. The outcome is
    /// [`Outcome::TimedOut`], unless the task completes or fails before that.
    ///
    /// The thread that runs the pool looks at the limits: an iterator of tasks
    /// that blocks delays them.
    #[must_use]
    pub fn task_limit(mut self, limit: Duration) -> ProcessPool<J, V> {
        self.settings.task_limit = Some(limit.max(LIMIT_MIN));
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
        let run = Arc::new(RunBackend::new(Arc::clone(&backend)));
        let at_work = Arc::clone(&run);
        let (name, limit) = (self.program.name, self.program.frame_limit);
        let args = self.args.clone();
        let work = move |job: J, _: &StopToken, number| {
            let workers = &at_work.pool;
            let worker = match workers.take(name, &args) {
                Ok(Some(worker)) => worker,
                Ok(None) => return Outcome::Cancelled(Cancelled::Queued),
                Err(error) => return Outcome::Lost(Lost::NotStarted(error.to_string())),
            };
            if !at_work.begin(number, &worker) {
                workers.give_back(worker, true);
                return Outcome::Cancelled(Cancelled::Queued);
            }
            let (outcome, usable) = worker.carry_out(&job, limit);
            at_work.end(number);
            workers.note(&worker, &outcome, usable);
            if usable && worker.has_timed_out() {
                // What it has printed is not lost with it.
                worker.ask_to_end();
                worker.wait_for_end();
            }
            let usable = usable && !worker.has_timed_out();
            workers.give_back(worker, usable);
            outcome
        };
        let coordinator = Coordinator::new(&self.settings, &*run, Box::new(work));
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
            *current = Arc::new(used.fresh());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic runs under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
