//! The verdict of a case and of a session: the one place that decides it.
//!
//! Exit code, JSON, HTML, JUnit, annotations and terminal read it from here, so that they say the same of the same
//! session. The order is that of `docs/guide/exit-codes.md`: if several apply, the most certain takes precedence. An
//! oracle that could judge no run changes nothing; the reports list it.

use super::case::Case;
use super::case_verdict::CaseVerdict;
use super::finding::Finding;
use super::model::Results;
use crate::session::shortfall::Shortfall;

/// The exit codes of a session.
pub mod exit_code {
    /// Every contract holds.
    pub const HOLDS: u8 = 0;
    /// A contract is violated.
    pub const VIOLATED: u8 = 1;
    /// Usage, an input, or the target's baseline is wrong.
    pub const USAGE: u8 = 2;
    /// The harness itself failed.
    pub const HARNESS: u8 = 3;
    /// An injection point was not reached.
    pub const NOT_REACHED: u8 = 4;
    /// A verdict was not reproduced.
    pub const FLAKY: u8 = 5;
}

/// What a case adds up to.
fn of_case(case: &Case) -> CaseVerdict {
    let found = CaseFacts::of(case);
    if found.violated && !case.held_on_retry {
        CaseVerdict::Violated
    } else if found.error && !case.held_on_retry {
        CaseVerdict::Error
    } else if found.flaky || case.held_on_retry {
        CaseVerdict::Flaky
    } else if found.not_reached {
        CaseVerdict::NotReached
    } else {
        CaseVerdict::Holds
    }
}

/// What is true of a case, each by itself.
struct CaseFacts {
    violated: bool,
    error: bool,
    flaky: bool,
    not_reached: bool,
}

impl CaseFacts {
    fn of(case: &Case) -> CaseFacts {
        let error = case.error.as_ref().map(|error| error.exit_code);
        CaseFacts {
            violated: case.counted().any(Finding::is_sure) || case.broken_promises() > 0,
            error: error.is_some_and(|code| code != exit_code::NOT_REACHED)
                || case.failed_runs() > 0,
            flaky: case.counted().any(|finding| !finding.is_sure()),
            not_reached: error == Some(exit_code::NOT_REACHED) || !case.shortfalls.is_empty(),
        }
    }
}

impl Case {
    /// Decides the verdict by everything that the case holds. Whoever changes a case judges it again.
    #[must_use]
    pub fn judged(mut self) -> Case {
        self.verdict = of_case(&self);
        self
    }

    /// The exit code of a session with this case alone.
    pub fn exit_code(&self) -> u8 {
        of_verdict(self.verdict, std::slice::from_ref(self))
    }

    /// Runs that the harness could not do.
    pub(crate) fn failed_runs(&self) -> usize {
        self.coverage.as_ref().map_or(0, |coverage| coverage.failed)
    }

    /// The first reason for which it says less than it was asked to.
    pub(crate) fn shortfall(&self) -> Option<Shortfall> {
        self.shortfalls.first().copied()
    }
}

impl Results {
    /// The worst verdict of all cases; holds when there is none.
    pub fn verdict(&self) -> CaseVerdict {
        let verdicts = self.cases.iter().map(|case| case.verdict);
        verdicts.max().unwrap_or(CaseVerdict::Holds)
    }

    /// The exit code of the session.
    pub fn exit_code(&self) -> u8 {
        of_verdict(self.verdict(), &self.cases)
    }
}

fn of_verdict(verdict: CaseVerdict, cases: &[Case]) -> u8 {
    match verdict {
        CaseVerdict::Holds => exit_code::HOLDS,
        CaseVerdict::NotReached => exit_code::NOT_REACHED,
        CaseVerdict::Flaky => exit_code::FLAKY,
        CaseVerdict::Violated => exit_code::VIOLATED,
        CaseVerdict::Error => {
            // What the person can mend comes first.
            let wrong = |case: &Case| case.error.as_ref().map(|error| error.exit_code);
            let usage = cases
                .iter()
                .any(|case| case.verdict == verdict && wrong(case) == Some(exit_code::USAGE));
            if usage {
                exit_code::USAGE
            } else {
                exit_code::HARNESS
            }
        }
    }
}
