//! Notices: what a person or a program learns of a run.

use crate::machine::{Cause, Stage};

/// A notice: something that a person or a program may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The stage was raised.
    Stage(StageNotice),
    /// A first signal arrived and the next one will stop the program.
    Armed {
        /// The rung's own message, `None` for the usual one.
        message: Option<String>,
    },
    /// The warning expired; the next signal warns again.
    Disarmed,
    /// Tasks from this one on are not started any more.
    SubmissionStopped {
        /// Index of the first task that was not started, counted from 0.
        index: usize,
        /// Number of tasks in all.
        total: usize,
    },
    /// Results are not waited for any longer.
    CollectionStopped,
    /// Active tasks were still there when the grace period was over, and were
    /// killed.
    ActiveKilled,
    /// A task failed.
    TaskFailed {
        /// Index of the task, counted from 0.
        index: usize,
        /// The message of its error or panic, with the causes of the error.
        message: String,
    },
    /// Nothing is known of a task's work: its worker died, or could not be
    /// started.
    TaskLost {
        /// Index of the task, counted from 0.
        index: usize,
        /// What happened to its worker.
        message: String,
    },
    /// A task ignored stage 2 for longer than the grace period and was left
    /// to itself.
    TaskAbandoned {
        /// Index of the task, counted from 0.
        index: usize,
    },
    /// A task was still at work at the limit for one task, and was stopped.
    TaskTimedOut {
        /// Index of the task, counted from 0.
        index: usize,
        /// It ignored that for longer than the grace period and was left to
        /// itself.
        abandoned: bool,
    },
    /// An interrupted run returns what it has.
    PartialResults {
        /// Number of completed tasks.
        completed: usize,
        /// Number of tasks in all.
        total: usize,
    },
    /// An explanation of what each Ctrl+C does; programs may show it at the
    /// start.
    Help,
    /// Removing the interrupt handler failed.
    CleanupFailed {
        /// The error.
        message: String,
    },
}

/// The stage was raised.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageNotice {
    /// When, in nanoseconds on the monotonic clock of the system.
    pub at_ns: u64,
    /// The stage before.
    pub from: Stage,
    /// The stage after.
    pub to: Stage,
    /// Why.
    pub cause: Cause,
    /// Name of the rung that was entered.
    pub rung: String,
    /// Whether this carries out a stop that was warned of.
    pub confirmed: bool,
    /// The rung's own message, `None` for the usual one.
    pub message: Option<String>,
    /// The rung's own hint, `None` for the usual one.
    pub hint: Option<String>,
}

impl StageNotice {
    /// The stage was raised at 0, on the rung of that stage, with its usual words.
    pub fn new(from: Stage, to: Stage, cause: Cause) -> StageNotice {
        StageNotice {
            at_ns: 0,
            from,
            to,
            cause,
            rung: to.id().to_owned(),
            confirmed: false,
            message: None,
            hint: None,
        }
    }
}

/// Receives notices, in order, from any thread.
///
/// An implementation must not block for long: a thread pool and the watcher
/// thread call it. [`Console`](super::Console) therefore prints on a thread of
/// its own.
pub trait Feedback: Send + Sync {
    /// Called once for each notice.
    fn notify(&self, notice: &Notice);

    /// Waits until everything is shown, for a bounded time.
    fn flush(&self) {}

    /// The bytes that the signal handler itself writes to standard error
    /// when a stage 3 ends the process; nothing by default.
    fn exit_message(&self) -> Vec<u8> {
        Vec::new()
    }
}

impl<F: Feedback + ?Sized> Feedback for std::sync::Arc<F> {
    fn notify(&self, notice: &Notice) {
        (**self).notify(notice);
    }

    fn flush(&self) {
        (**self).flush();
    }

    fn exit_message(&self) -> Vec<u8> {
        (**self).exit_message()
    }
}

/// Passes each notice to both.
impl<A: Feedback, B: Feedback> Feedback for (A, B) {
    fn notify(&self, notice: &Notice) {
        self.0.notify(notice);
        self.1.notify(notice);
    }

    fn flush(&self) {
        self.0.flush();
        self.1.flush();
    }

    fn exit_message(&self) -> Vec<u8> {
        [self.0.exit_message(), self.1.exit_message()].concat()
    }
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Feedback for Silent {
    fn notify(&self, _notice: &Notice) {}
}
