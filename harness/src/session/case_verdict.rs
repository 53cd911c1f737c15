//! The verdicts that a case can have. `verdict.rs` decides between them.

use serde::{Deserialize, Serialize};

/// The verdict of a case, from the least to the most certain that something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseVerdict {
    /// Every contract holds.
    Holds,
    /// Nothing is wrong as far as it went, but something was not tried.
    NotReached,
    /// A verdict was not reproduced.
    Flaky,
    /// It, or some of its runs, could not be carried out.
    Error,
    /// A contract is violated.
    Violated,
}

impl CaseVerdict {
    /// Every verdict, from the worst to the best.
    pub const ALL: [CaseVerdict; 5] = [
        CaseVerdict::Violated,
        CaseVerdict::Error,
        CaseVerdict::Flaky,
        CaseVerdict::NotReached,
        CaseVerdict::Holds,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            CaseVerdict::Holds => "holds",
            CaseVerdict::NotReached => "not reached",
            CaseVerdict::Flaky => "flaky",
            CaseVerdict::Violated => "violated",
            CaseVerdict::Error => "error",
        }
    }
}
