//! The results of a run.

use std::error::Error;
use std::fmt;

use super::outcome::{Cancelled, Outcome};
use crate::feedback::{Notice, percent};
use crate::token::Interrupted;

/// Counts outcomes; the progress of a run, and its sum at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Tasks that returned a value.
    pub completed: usize,
    /// Tasks that returned an error or panicked.
    pub failed: usize,
    /// Tasks cancelled before they started.
    pub cancelled_queued: usize,
    /// Tasks cancelled while active.
    pub cancelled_active: usize,
    /// Tasks abandoned after the grace period.
    pub abandoned: usize,
    /// Tasks that were still at work at the limit for one task.
    pub timed_out: usize,
    /// Tasks whose worker died.
    pub lost: usize,
}

impl Tally {
    /// Counts one more outcome.
    pub fn record<V>(&mut self, outcome: &Outcome<V>) {
        let counter = match outcome {
            Outcome::Completed(_) => &mut self.completed,
            Outcome::Failed(_) => &mut self.failed,
            Outcome::Cancelled(Cancelled::Queued) => &mut self.cancelled_queued,
            Outcome::Cancelled(Cancelled::Active) => &mut self.cancelled_active,
            Outcome::Abandoned => &mut self.abandoned,
            Outcome::TimedOut(_) => &mut self.timed_out,
            Outcome::Lost(_) => &mut self.lost,
        };
        *counter += 1;
    }

    /// All outcomes so far.
    #[must_use]
    pub fn total(&self) -> usize {
        self.completed
            + self.failed
            + self.cancelled_queued
            + self.cancelled_active
            + self.abandoned
            + self.timed_out
            + self.lost
    }
}

/// For instance `3/10 tasks completed (30.0%)`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (completed, total) = (self.completed, self.total());
        let share = percent(completed, total);
        write!(f, "{completed}/{total} tasks completed ({share:.1}%)")
    }
}

/// The results of a run: one outcome for each task, in the order of the tasks.
#[derive(Clone, Debug)]
#[must_use = "the results of a run say which tasks did not complete"]
pub struct Results<V> {
    outcomes: Vec<Outcome<V>>,
    interrupted: Option<Interrupted>,
    truncated: bool,
    /// Of outcomes that were handed over.
    taken: Option<Tally>,
}

/// The most tasks that are counted, and get an outcome each, without having been
/// taken from their iterator.
const UNTAKEN_MAX: usize = 1 << 24;

/// How many tasks an iterator still holds, if it knows. A stop ends the run at
/// once: the iterator may be slow or endless, so its tasks are not taken.
pub(in crate::pool) fn remaining<T>(tasks: &impl Iterator<Item = T>) -> Option<usize> {
    match tasks.size_hint() {
        (least, Some(most)) if least == most && most <= UNTAKEN_MAX => Some(most),
        _ => None,
    }
}

impl<V> Results<V> {
    pub(in crate::pool) fn new(
        outcomes: Vec<Outcome<V>>,
        interrupted: Option<Interrupted>,
        truncated: bool,
    ) -> Results<V> {
        Results {
            outcomes,
            interrupted,
            truncated,
            taken: None,
        }
    }

    /// Of a run whose outcomes were handed over.
    pub(in crate::pool) fn taken(
        tally: Tally,
        interrupted: Option<Interrupted>,
        truncated: bool,
    ) -> Results<V> {
        Results {
            taken: Some(tally),
            ..Results::new(Vec::new(), interrupted, truncated)
        }
    }

    /// Whether a stop left tasks in an iterator that does not know how many it
    /// holds. They have no outcome here.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// One outcome for each task, in the order of the tasks.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome<V>] {
        &self.outcomes
    }

    /// Returns the outcomes by value.
    #[must_use]
    pub fn into_outcomes(self) -> Vec<Outcome<V>> {
        self.outcomes
    }

    /// The completed values, in the order of the tasks.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.outcomes.iter().filter_map(Outcome::value)
    }

    /// The completed values by value, in the order of the tasks.
    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.outcomes.into_iter().filter_map(Outcome::into_value)
    }

    /// Counts the outcomes by kind.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = self.taken.unwrap_or_default();
        for outcome in &self.outcomes {
            tally.record(outcome);
        }
        tally
    }

    /// Whether the program was asked to stop during the run, and how urgently.
    #[must_use]
    pub fn interrupted(&self) -> Option<Interrupted> {
        self.interrupted
    }

    /// The line "Returning partial results: …" for these results, to be given
    /// to a [`Feedback`](crate::feedback::Feedback).
    #[must_use]
    pub fn partial_notice(&self) -> Notice {
        Notice::PartialResults {
            completed: self.tally().completed,
            total: self.tally().total(),
        }
    }

    /// Whether an active task was stopped.
    pub(in crate::pool) fn has_stopped(&self) -> bool {
        self.tally().cancelled_active > 0
    }

    /// These results, unless the run was cut by stage 3.
    ///
    /// # Errors
    /// [`ImmediateTermination`], with what there is, if stage 3 came. (With a
    /// signal handler installed, stage 3 ends the process instead.)
    pub fn unless_terminated(self) -> Result<Results<V>, ImmediateTermination<V>> {
        let terminated = self
            .interrupted
            .is_some_and(|interrupted| interrupted.stage().should_exit_now());
        if terminated {
            Err(ImmediateTermination { results: self })
        } else {
            Ok(self)
        }
    }
}

/// The outcomes, in the order of the tasks.
impl<V> IntoIterator for Results<V> {
    type Item = Outcome<V>;
    type IntoIter = std::vec::IntoIter<Outcome<V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.outcomes.into_iter()
    }
}

impl<'results, V> IntoIterator for &'results Results<V> {
    type Item = &'results Outcome<V>;
    type IntoIter = std::slice::Iter<'results, Outcome<V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.outcomes.iter()
    }
}

/// A run was cut by stage 3 while its results were collected.
#[derive(Debug)]
pub struct ImmediateTermination<V> {
    /// The results so far.
    pub results: Results<V>,
}

impl<V> fmt::Display for ImmediateTermination<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Immediate termination requested during result collection")
    }
}

impl<V: fmt::Debug> Error for ImmediateTermination<V> {}
