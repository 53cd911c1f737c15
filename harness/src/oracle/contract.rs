//! What is asked of a target.

use crate::oracle::id::OracleId;
use crate::oracle::learn::redact::Redactions;
use globset::{Glob, GlobMatcher};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The set of oracles, and what the user declared to be right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// Oracles that are not asked.
    pub skip: BTreeSet<OracleId>,
    /// When not empty, only these are asked.
    pub only: BTreeSet<OracleId>,
    /// Exit statuses that are right for a cancelled run.
    pub ok_status: BTreeSet<i32>,
    /// The exit status of an undisturbed run.
    pub baseline_status: i32,
    /// Globs of paths that may be left behind (checkpoints).
    pub keep: Vec<String>,
    /// Globs of outputs that may be cut short.
    pub prefix: Vec<String>,
    /// Globs of outputs whose content does not matter.
    pub any: Vec<String>,
    /// A command for `sh -c` that must succeed on the end state.
    pub check: Option<String>,
    /// Globs of command lines that may outlive the target.
    pub daemons: Vec<String>,
    /// A word to the person, soon.
    #[serde(default)]
    pub acknowledged: Option<Acknowledged>,
    /// What the target says is done is in its result, once.
    #[serde(default)]
    pub results: Option<Results>,
    /// More signals stop it sooner.
    #[serde(default)]
    pub escalation: Option<Escalation>,
    /// The same schedule does whomever the signal is sent to.
    #[serde(default)]
    pub reach: bool,
    /// Started with the signal ignored, it does not stop on it.
    #[serde(default)]
    pub ignored: bool,
    /// How long a signal handler may run, in milliseconds.
    #[serde(default)]
    pub handler_budget_ms: Option<u64>,
    /// What a person sees.
    #[serde(default)]
    pub messages: Option<Messages>,
}

/// A word to the person must come this soon after each signal, or the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// How soon, in milliseconds.
    pub within_ms: u64,
    /// What the word is, a regular expression; any output when absent.
    pub pattern: Option<String>,
}

impl Acknowledged {
    /// The usual bound, in milliseconds.
    pub const WITHIN_MS: u64 = 250;
}

/// What the target says is done, and how to find it in its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// The acknowledgement of one piece of work in the output, a regular
    /// expression; its first group is the work's name.
    pub said: String,
    /// A command for `sh -c` in the work tree that prints the results.
    pub command: String,
    /// Where that looks, for the evidence.
    pub place: String,
    /// One piece of work in what that prints; the first group is its name.
    pub found: String,
}

/// The second signal stops it sooner, the third at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Time between two signals, in milliseconds; 60 at least, since nearer ones can merge.
    pub gap_ms: u64,
    /// How soon the third ends it, in milliseconds.
    pub third_ms: u64,
    /// How many signals are told apart, 2 or 3.
    pub signals: u8,
}

/// What a person sees.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// Lines that come, whole, once each, in this order; `[..]` stands for any part of a line.
    pub lines: Vec<String>,
    /// Text that no line contains.
    pub never: Vec<String>,
    /// The whole transcript; a line `...` stands for any lines.
    pub transcript: Option<String>,
    /// The screens at each signal and at the end, as text.
    pub screens: Option<String>,
    /// What is replaced in lines before they are compared.
    pub redactions: Redactions,
}

impl Contract {
    /// Whether this oracle is part of the contract.
    pub fn asks(&self, oracle: OracleId) -> bool {
        (self.only.is_empty() || self.only.contains(&oracle)) && !self.skip.contains(&oracle)
    }

    pub(crate) fn keeps(&self, path: &str) -> bool {
        matches_any(&self.keep, path)
    }

    pub(crate) fn may_be_cut(&self, path: &str) -> bool {
        matches_any(&self.prefix, path)
    }

    pub(crate) fn may_be_anything(&self, path: &str) -> bool {
        matches_any(&self.any, path)
    }

    pub(crate) fn is_daemon(&self, command: &str) -> bool {
        matches_any(&self.daemons, command)
    }
}

/// Globs are checked when they are read from the command line.
fn matches_any(globs: &[String], text: &str) -> bool {
    globs
        .iter()
        .filter_map(|glob| Some(Glob::new(glob).ok()?.compile_matcher()))
        .any(|glob: GlobMatcher| glob.is_match(text))
}
