//! The outcome of a task.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::mem::ManuallyDrop;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitStatus;

use super::failure::{Failure, TaskError};
use crate::sys::process;
use crate::token::{Interrupted, StopToken};

/// The outcome of a task. Every task of a run has exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<V> {
    /// It returned this value.
    Completed(V),
    /// It returned an error, or panicked.
    Failed(Failure),
    /// It was cancelled.
    Cancelled(Cancelled),
    /// It ignored stage 2 for longer than the grace period. Its thread was
    /// left alone; what it still does is lost.
    Abandoned,
    /// It was still at work at the limit for one task, and did not complete
    /// afterwards.
    TimedOut(TimedOut),
    /// Nothing is known of its work, through no fault of its own.
    Lost(Lost),
}

/// Why nothing is known of a task's work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lost {
    /// The process that worked on it died, or ended too early: how.
    Died(ExitStatus),
    /// No worker could be had for it.
    NotStarted(String),
    /// Its worker says that it cannot do this work.
    Unfit(String),
    /// What its worker answered cannot be read.
    Garbled(String),
    /// How its worker ended cannot be learned.
    Unknown(String),
}

/// `killed by signal 9`, `exited with status 3`, `cannot start a worker: …`.
impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lost::Died(status) => match (process::abnormal_end(*status), status.code()) {
                (Some(how), _) => f.write_str(&how),
                (None, Some(code)) => write!(f, "exited with status {code}"),
                (None, None) => write!(f, "ended: {status}"),
            },
            Lost::NotStarted(why) => write!(f, "cannot start a worker: {why}"),
            Lost::Unfit(why) => write!(f, "its worker cannot work: {why}"),
            Lost::Garbled(how) | Lost::Unknown(how) => f.write_str(how),
        }
    }
}

impl Error for Lost {}

/// What became of a task that was still at work at its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimedOut {
    /// It is over: it stopped at a checkpoint, or its worker process was ended.
    Ended,
    /// It ignored the limit for longer than the grace period. Its thread was
    /// left alone; what it still does is lost.
    Abandoned,
}

/// `took too long`, `took too long and was abandoned`.
impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TimedOut::Ended => "took too long",
            TimedOut::Abandoned => "took too long and was abandoned",
        })
    }
}

/// When a task was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cancelled {
    /// Before it was started.
    Queued,
    /// At work: it stopped at a checkpoint, or was terminated.
    Active,
}

impl<V> Outcome<V> {
    /// The outcome of a task that returned `result` and had `token`.
    ///
    /// It is cancelled if an [`Interrupted`] is anywhere inside its error. Some
    /// error types hide what is inside, so it is also cancelled if one of its
    /// checkpoints failed and its token still shows the stop.
    pub(crate) fn of_result(result: Result<V, TaskError>, token: &StopToken) -> Outcome<V> {
        match result {
            Ok(value) => Outcome::Completed(value),
            Err(error)
                if Interrupted::find(&*error).is_some()
                    || token.checkpoint_has_failed() && token.is_interrupted() =>
            {
                Outcome::Cancelled(Cancelled::Active)
            }
            Err(error) => Outcome::Failed(Failure::of_error(error)),
        }
    }

    /// The outcome of a task that panicked.
    pub(crate) fn of_panic(payload: Box<dyn Any + Send>) -> Outcome<V> {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a panic without a message".to_owned());
        // A payload may panic again when it is dropped. What it panics with is
        // left alone.
        if let Err(again) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            let _ = ManuallyDrop::new(again);
        }
        Outcome::Failed(Failure::new(message, true))
    }

    /// The same outcome of a task that was stopped at its limit: what it
    /// completed or failed with stays.
    pub(in crate::pool) fn after_limit(self) -> Outcome<V> {
        match self {
            Outcome::Cancelled(_) => Outcome::TimedOut(TimedOut::Ended),
            other => other,
        }
    }

    /// The value, if the task completed.
    pub fn value(&self) -> Option<&V> {
        match self {
            Outcome::Completed(value) => Some(value),
            _ => None,
        }
    }

    /// The value by value, if the task completed.
    pub fn into_value(self) -> Option<V> {
        match self {
            Outcome::Completed(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the task completed.
    pub fn is_completed(&self) -> bool {
        self.value().is_some()
    }
}
