//! What an oracle says.

use crate::oracle::id::OracleId;
use serde::Serialize;

/// The answer of one oracle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The property holds.
    Holds,
    /// It is violated.
    Violated {
        /// One entry for each thing that is wrong.
        evidence: Vec<Evidence>,
    },
    /// It cannot be judged.
    NotApplicable {
        /// Why.
        reason: String,
    },
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What it is about: a path, a command, a status. Equal subjects make one finding.
    pub subject: String,
    /// What is wrong with it, in a sentence.
    pub text: String,
}

/// An oracle's name and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// The oracle.
    pub oracle: OracleId,
    /// Its answer.
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl Verdict {
    /// Violated when there is evidence.
    pub(crate) fn of(evidence: Vec<Evidence>) -> Verdict {
        if evidence.is_empty() {
            Verdict::Holds
        } else {
            Verdict::Violated { evidence }
        }
    }

    pub(crate) fn not_applicable(reason: impl Into<String>) -> Verdict {
        Verdict::NotApplicable {
            reason: reason.into(),
        }
    }

    /// The evidence of a violation, or nothing.
    pub fn evidence(&self) -> &[Evidence] {
        match self {
            Verdict::Violated { evidence } => evidence,
            _ => &[],
        }
    }
}

impl Evidence {
    /// Evidence about a subject.
    pub fn new(subject: impl Into<String>, text: impl Into<String>) -> Evidence {
        Evidence {
            subject: subject.into(),
            text: text.into(),
        }
    }
}
