//! The report of a phased run.

use std::fmt;

use crate::pool::{Cancelled, Failure, Outcome};
use crate::token::Interrupted;

/// The outcome of one phase or teardown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PhaseReport {
    /// Its name.
    pub name: String,
    /// Its outcome. A skipped phase is cancelled (queued), an interrupted one
    /// cancelled (active).
    pub outcome: Outcome<()>,
}

/// The outcomes of a phased run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a phased run may have failed"]
#[non_exhaustive]
pub struct RunReport {
    /// The phases, in order.
    pub phases: Vec<PhaseReport>,
    /// The teardowns, in the order in which they ran.
    pub teardowns: Vec<PhaseReport>,
    /// Whether the program was asked to stop, and how urgently.
    pub interrupted: Option<Interrupted>,
}

impl RunReport {
    /// Whether every phase and every teardown completed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.all().all(|report| report.outcome.is_completed())
    }

    /// The failures, in order, with the names of the phases.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &Failure)> {
        self.all().filter_map(|report| match &report.outcome {
            Outcome::Failed(failure) => Some((report.name.as_str(), failure)),
            _ => None,
        })
    }

    fn all(&self) -> impl Iterator<Item = &PhaseReport> {
        self.phases.iter().chain(&self.teardowns)
    }
}

/// One line for each phase, for instance `prepare: done`.
impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for report in self.all() {
            let name = &report.name;
            match &report.outcome {
                Outcome::Completed(()) => writeln!(f, "{name}: done")?,
                Outcome::Failed(failure) => writeln!(f, "{name}: failed: {failure:#}")?,
                Outcome::Cancelled(Cancelled::Queued) => writeln!(f, "{name}: skipped")?,
                Outcome::Cancelled(Cancelled::Active) => writeln!(f, "{name}: interrupted")?,
                Outcome::Abandoned => writeln!(f, "{name}: abandoned")?,
                Outcome::TimedOut(how) => writeln!(f, "{name}: {how}")?,
                Outcome::Lost(how) => writeln!(f, "{name}: lost: {how}")?,
            }
        }
        Ok(())
    }
}
