//! What all pools have in common.

use super::outcome::Outcome;
use super::results::Results;

/// Runs tasks and reports the outcome of each.
///
/// | stage | what happens |
/// | --- | --- |
/// | 1 | queued tasks are cancelled, active ones complete |
/// | 2 | active tasks are terminated; after a grace period they are given up |
/// | 3 | the run returns at once (with a signal handler installed, the process ends) |
///
/// Promises, whatever signals arrive and when: every task that was
/// taken has exactly one outcome; a completed value is never dropped; no task is started after the
/// run has seen a stage.
pub trait Executor<V> {
    /// What is run.
    type Task;

    /// Runs the tasks and calls `on_outcome` with each one's index and outcome
    /// as soon as it is known, on the calling thread. The other methods call
    /// this one, so that there can be a `dyn Executor`.
    ///
    /// The tasks are taken from the iterator as there is room for them, on the
    /// calling thread. After a stop none is taken any more. The rest counts as
    /// cancelled if the iterator knows its length; otherwise it gets no outcome
    /// ([`Results::is_truncated`]). For an iterator whose `next` may block, such
    /// as a channel, there is
    /// [`StopToken::interruptible`](crate::StopToken::interruptible).
    fn run_each(
        &self,
        tasks: &mut dyn Iterator<Item = Self::Task>,
        on_outcome: &mut dyn FnMut(usize, &Outcome<V>),
    ) -> Results<V>;

    /// As [`Executor::run_each`], with any iterator and closure.
    fn run_streaming<I, F>(&self, tasks: I, mut on_outcome: F) -> Results<V>
    where
        Self: Sized,
        I: IntoIterator<Item = Self::Task>,
        F: FnMut(usize, &Outcome<V>),
    {
        self.run_each(&mut tasks.into_iter(), &mut on_outcome)
    }

    /// Runs the tasks and returns their outcomes in order.
    fn run<I>(&self, tasks: I) -> Results<V>
    where
        Self: Sized,
        I: IntoIterator<Item = Self::Task>,
    {
        self.run_streaming(tasks, |_, _| {})
    }
}

/// Also for an executor that was chosen at run time.
///
/// ```
/// use sigproof_core::{Executor, StopSource, ThreadPool};
/// let token = StopSource::new().token();
/// let executor: Box<dyn Executor<u64, Task = u64>> =
///     Box::new(ThreadPool::new(&token).with_work(|number: u64, _| Ok(2 * number)));
/// assert!(executor.run(0..3).into_values().eq([0, 2, 4]));
/// ```
impl<V, E: Executor<V> + ?Sized> Executor<V> for Box<E> {
    type Task = E::Task;

    fn run_each(
        &self,
        tasks: &mut dyn Iterator<Item = Self::Task>,
        on_outcome: &mut dyn FnMut(usize, &Outcome<V>),
    ) -> Results<V> {
        (**self).run_each(tasks, on_outcome)
    }
}

impl<V, E: Executor<V> + ?Sized> Executor<V> for &E {
    type Task = E::Task;

    fn run_each(
        &self,
        tasks: &mut dyn Iterator<Item = Self::Task>,
        on_outcome: &mut dyn FnMut(usize, &Outcome<V>),
    ) -> Results<V> {
        (**self).run_each(tasks, on_outcome)
    }
}
