//! What an oracle says.

use crate::oracle::id::OracleId;
use serde::Serialize;
use std::fmt;

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
    /// How it is declared right, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<Acceptance>,
}

/// A declaration that makes a state right, as part of a contract.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Acceptance {
    /// Whatever is in these outputs.
    Any(String),
    /// These outputs, cut short.
    Prefix(String),
    /// These paths may be left behind.
    Keep(String),
    /// This exit status of a canceled run.
    OkStatus(u8),
    /// These command lines may outlive the target.
    Daemon(String),
}

impl Acceptance {
    /// Whether what is there begins as a finished output does, and ends with a line.
    pub(crate) fn is_prefix_by_lines(&self) -> bool {
        matches!(self, Acceptance::Prefix(glob) if !glob.starts_with("bytes:"))
    }

    /// One that makes right what either of them does.
    pub(crate) fn or(self, other: &Acceptance) -> Acceptance {
        let glob = |text: &str| text.trim_start_matches("bytes:").to_owned();
        match (&self, other) {
            (Acceptance::Prefix(one), Acceptance::Prefix(two)) if one != two => {
                Acceptance::Prefix(format!("bytes:{}", glob(one)))
            }
            (Acceptance::Prefix(_), Acceptance::Any(any)) => Acceptance::Any(any.clone()),
            _ => self,
        }
    }

    /// The flag.
    pub fn flag(&self) -> &'static str {
        match self {
            Acceptance::Any(_) => "--any",
            Acceptance::Prefix(_) => "--prefix",
            Acceptance::Keep(_) => "--keep",
            Acceptance::OkStatus(_) => "--ok-status",
            Acceptance::Daemon(_) => "--daemon",
        }
    }

    /// The value of the flag.
    pub fn value(&self) -> String {
        match self {
            Acceptance::Any(glob)
            | Acceptance::Prefix(glob)
            | Acceptance::Keep(glob)
            | Acceptance::Daemon(glob) => glob.clone(),
            Acceptance::OkStatus(status) => status.to_string(),
        }
    }
}

/// As it is typed in a shell.
impl fmt::Display for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
        match value.chars().all(plain) {
            true => write!(f, "{} {value}", self.flag()),
            false => write!(f, "{} '{}'", self.flag(), value.replace('\'', r"'\''")),
        }
    }
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
            accept: None,
        }
    }

    /// The same, with the declaration that makes it right.
    pub(crate) fn accepted_by(mut self, accept: Acceptance) -> Evidence {
        self.accept = Some(accept);
        self
    }
}
