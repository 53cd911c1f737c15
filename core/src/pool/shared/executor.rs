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

    /// Runs the tasks and calls `on_outcome` with each one's index and
    /// outcome as soon as it is known, on the calling thread.
    ///
    /// The tasks are taken from the iterator as there is room for them, on the
    /// calling thread. After a stop none is taken any more. The rest counts as
    /// cancelled if the iterator knows its length; otherwise it gets no outcome
    /// ([`Results::is_truncated`]). For an iterator whose `next` may block, such
    /// as a channel, there is
    /// [`StopToken::interruptible`](crate::StopToken::interruptible).
    fn run_streaming<I, F>(&self, tasks: I, on_outcome: F) -> Results<V>
    where
        I: IntoIterator<Item = Self::Task>,
        F: FnMut(usize, &Outcome<V>);

    /// Runs the tasks and returns their outcomes in order.
    fn run<I>(&self, tasks: I) -> Results<V>
    where
        I: IntoIterator<Item = Self::Task>,
    {
        self.run_streaming(tasks, |_, _| {})
    }
}
