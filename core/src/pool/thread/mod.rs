//! The thread pool.

#[cfg(all(test, not(sigproof_loom)))]
mod end_tests;
#[cfg(all(test, not(sigproof_loom)))]
mod last_look_tests;
#[cfg(all(test, not(sigproof_loom)))]
mod short_task_tests;
#[cfg(all(test, not(sigproof_loom)))]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::feedback::Feedback;
use crate::pool::shared::{
    Coordinator, Executor, LIMIT_MIN, Outcome, Results, ScopedBackend, Settings, Sink, TaskError,
    ThreadBackend,
};
use crate::token::StopToken;

/// A task for a thread, for code that works with any [`Executor`].
pub type ThreadTask<V> = Box<dyn FnOnce(&StopToken) -> Result<V, TaskError> + Send>;

/// Runs tasks on threads of this process.
///
/// A task gets a token and calls [`StopToken::checkpoint`] now and then; at
/// stage 2 that returns an error, and the task returns it. A thread cannot be
/// killed: a task that never looks is abandoned after a grace period, its
/// thread left alone. For code that must be killable there is the process
/// pool.
///
/// Threads are started as tasks need them, in each run, and none outlives it
/// but abandoned ones. They take signals like any other thread: a blocked
/// mask would be inherited by programs that a task starts.
///
/// ```
/// use sigproof_core::{StopSource, ThreadPool};
/// let pool = ThreadPool::new(&StopSource::new().token());
/// let results = pool.map(["a", "bb"], |word, _token| Ok(word.len()));
/// assert_eq!(results.values().sum::<usize>(), 3);
/// ```
#[derive(Clone, Debug)]
pub struct ThreadPool {
    settings: Settings,
}

impl ThreadPool {
    /// A pool that obeys `token`, with a thread for each processor.
    #[must_use]
    pub fn new(token: &StopToken) -> ThreadPool {
        ThreadPool {
            settings: Settings::new(token),
        }
    }

    /// Sets the number of threads; 0 counts as 1.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> ThreadPool {
        self.settings.set_workers(workers);
        self
    }

    /// Sets how many tasks may wait in the queue; 0 counts as 1. Tasks beyond
    /// it stay in their iterator until there is room. By default it is 256, and
    /// 4,096 while tasks take less than a microsecond.
    #[must_use]
    pub fn queue_limit(mut self, tasks: usize) -> ThreadPool {
        self.settings.set_queue_limit(tasks);
        self
    }

    /// Sets how long stage 2 waits for active tasks before it abandons them,
    /// 5 s by default.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> ThreadPool {
        self.settings.grace = grace;
        self
    }

    /// Sets how long one task may take, from the moment when a thread takes it.
    /// There is no limit by default. A limit is kept to about a millisecond,
    /// and shorter ones than that are a millisecond.
    ///
    /// At its limit a task meets what stage 2 means, alone: its token is at
    /// [`Stage::TerminateActive`](crate::Stage), and after
    /// [`ThreadPool::grace`] it is abandoned and another thread works in place
    /// of its own. Its outcome is [`Outcome::TimedOut`], unless it completes or
    /// fails before that. A shield in the task holds that off, as it holds off
    /// stage 2.
    ///
    /// The thread that runs the pool looks at the limits: an iterator of tasks
    /// that blocks, and a slow `on_outcome`, delay them.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sigproof_core::{Outcome, StopSource, ThreadPool, pool::TimedOut};
    /// let pool = ThreadPool::new(&StopSource::new().token()).task_limit(Duration::from_millis(20));
    /// let results = pool.map([0, 600], |seconds, token| {
    ///     token.sleep(Duration::from_secs(seconds))?;
    ///     Ok(())
    /// });
    /// assert_eq!(results.outcomes()[0], Outcome::Completed(()));
    /// assert_eq!(results.outcomes()[1], Outcome::TimedOut(TimedOut::Ended));
    /// ```
    #[must_use]
    pub fn task_limit(mut self, limit: Duration) -> ThreadPool {
        self.settings.task_limit = Some(limit.max(LIMIT_MIN));
        self
    }

    /// Passes failed and abandoned tasks and partial results to this feedback.
    #[must_use]
    pub fn feedback(mut self, feedback: impl Feedback + 'static) -> ThreadPool {
        self.settings.feedback = Arc::new(feedback);
        self
    }

    /// An executor that applies `work` to jobs, for code that does not know
    /// whether threads or processes do it: its tasks are the same as those of a
    /// `ProcessPool` for the same work.
    pub fn with_work<J, V>(
        self,
        work: impl Fn(J, &StopToken) -> Result<V, TaskError> + Send + Sync + 'static,
    ) -> ThreadWork<J, V> {
        ThreadWork {
            pool: self,
            work: Arc::new(work),
        }
    }

    /// Runs closures and returns their outcomes in order.
    pub fn run<V, T>(&self, tasks: impl IntoIterator<Item = T>) -> Results<V>
    where
        V: Send + 'static,
        T: FnOnce(&StopToken) -> Result<V, TaskError> + Send + 'static,
    {
        self.run_streaming(tasks, |_, _| {})
    }

    /// Runs closures; `on_outcome` gets each outcome as soon as it is known,
    /// on the calling thread.
    pub fn run_streaming<V, T>(
        &self,
        tasks: impl IntoIterator<Item = T>,
        on_outcome: impl FnMut(usize, &Outcome<V>),
    ) -> Results<V>
    where
        V: Send + 'static,
        T: FnOnce(&StopToken) -> Result<V, TaskError> + Send + 'static,
    {
        self.map_streaming(tasks, |task: T, token| task(token), on_outcome)
    }

    /// Applies `work` to every job and returns the outcomes in order.
    pub fn map<J, V>(
        &self,
        jobs: impl IntoIterator<Item = J>,
        work: impl Fn(J, &StopToken) -> Result<V, TaskError> + Send + Sync + 'static,
    ) -> Results<V>
    where
        J: Send + 'static,
        V: Send + 'static,
    {
        self.map_streaming(jobs, work, |_, _| {})
    }

    /// Applies `work` to every job; `on_outcome` gets each outcome as soon as
    /// it is known, on the calling thread.
    pub fn map_streaming<J, V>(
        &self,
        jobs: impl IntoIterator<Item = J>,
        work: impl Fn(J, &StopToken) -> Result<V, TaskError> + Send + Sync + 'static,
        on_outcome: impl FnMut(usize, &Outcome<V>),
    ) -> Results<V>
    where
        J: Send + 'static,
        V: Send + 'static,
    {
        let work = move |job, token: &StopToken, _| Outcome::of_result(work(job, token), token);
        let mut on_outcome = on_outcome;
        Coordinator::new(&self.settings, &ThreadBackend, Box::new(work))
            .run(jobs.into_iter(), Sink::Look(&mut on_outcome))
    }

    /// As [`ThreadPool::map_streaming`], and hands each outcome over by value. The
    /// results keep none of them and only count, so that a run of millions of
    /// tasks needs no more memory than a short one.
    ///
    /// ```
    /// use sigproof_core::{StopSource, ThreadPool};
    /// let pool = ThreadPool::new(&StopSource::new().token());
    /// let mut sum = 0;
    /// let results = pool.map_into(0..1000_u64, |n, _| Ok(n), |_, outcome| {
    ///     sum += outcome.into_value().unwrap_or(0);
    /// });
    /// assert_eq!((sum, results.tally().completed), (499_500, 1000));
    /// ```
    pub fn map_into<J, V>(
        &self,
        jobs: impl IntoIterator<Item = J>,
        work: impl Fn(J, &StopToken) -> Result<V, TaskError> + Send + Sync + 'static,
        mut on_outcome: impl FnMut(usize, Outcome<V>),
    ) -> Results<V>
    where
        J: Send + 'static,
        V: Send + 'static,
    {
        let work = move |job, token: &StopToken, _| Outcome::of_result(work(job, token), token);
        Coordinator::new(&self.settings, &ThreadBackend, Box::new(work))
            .run(jobs.into_iter(), Sink::Take(&mut on_outcome))
    }

    /// As [`ThreadPool::map`], with jobs and work that borrow from the caller's
    /// stack. Therefore the run waits for every thread: a task that ignores
    /// stage 2 counts as abandoned after the grace period, and still holds up
    /// the return until it ends.
    ///
    /// ```
    /// use sigproof_core::{StopSource, ThreadPool};
    /// let words = ["a".to_owned(), "bb".to_owned()];
    /// let pool = ThreadPool::new(&StopSource::new().token());
    /// let results = pool.scoped_map(&words, |word, _token| Ok(word.len()));
    /// assert!(results.values().eq(&[1, 2]));
    /// ```
    pub fn scoped_map<J, V>(
        &self,
        jobs: impl IntoIterator<Item = J>,
        work: impl Fn(J, &StopToken) -> Result<V, TaskError> + Send + Sync,
    ) -> Results<V>
    where
        J: Send,
        V: Send,
    {
        self.scoped_map_streaming(jobs, work, |_, _| {})
    }

    /// As [`ThreadPool::map_streaming`], with jobs and work that borrow from the
    /// caller's stack; see [`ThreadPool::scoped_map`].
    pub fn scoped_map_streaming<J, V>(
        &self,
        jobs: impl IntoIterator<Item = J>,
        work: impl Fn(J, &StopToken) -> Result<V, TaskError> + Send + Sync,
        on_outcome: impl FnMut(usize, &Outcome<V>),
    ) -> Results<V>
    where
        J: Send,
        V: Send,
    {
        let work = &work;
        let mut on_outcome = on_outcome;
        std::thread::scope(|scope| {
            let backend = ScopedBackend(scope);
            let work = move |job, token: &StopToken, _| Outcome::of_result(work(job, token), token);
            let coordinator = Coordinator::new(&self.settings, &backend, Box::new(work));
            coordinator.run(jobs.into_iter(), Sink::Look(&mut on_outcome))
        })
    }
}

impl<V: Send + 'static> Executor<V> for ThreadPool {
    type Task = ThreadTask<V>;

    fn run_each(
        &self,
        tasks: &mut dyn Iterator<Item = Self::Task>,
        on_outcome: &mut dyn FnMut(usize, &Outcome<V>),
    ) -> Results<V> {
        self.map_streaming(tasks, |task: ThreadTask<V>, token| task(token), on_outcome)
    }
}

/// What a [`ThreadWork`] does with each job.
type Work<J, V> = dyn Fn(J, &StopToken) -> Result<V, TaskError> + Send + Sync;

/// A thread pool with its work; made by [`ThreadPool::with_work`].
#[derive(Clone)]
pub struct ThreadWork<J, V> {
    pool: ThreadPool,
    work: Arc<Work<J, V>>,
}

impl<J, V> fmt::Debug for ThreadWork<J, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadWork")
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

impl<J: Send + 'static, V: Send + 'static> Executor<V> for ThreadWork<J, V> {
    type Task = J;

    fn run_each(
        &self,
        tasks: &mut dyn Iterator<Item = J>,
        on_outcome: &mut dyn FnMut(usize, &Outcome<V>),
    ) -> Results<V> {
        let work = Arc::clone(&self.work);
        let work = move |job, token: &StopToken| work(job, token);
        self.pool.map_streaming(tasks, work, on_outcome)
    }
}
