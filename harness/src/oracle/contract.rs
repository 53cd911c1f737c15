//! What is asked of a target.

use globset::{Glob, GlobMatcher};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The set of oracles, and what the user declared to be right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// Oracles that are not asked.
    pub skip: BTreeSet<String>,
    /// When not empty, only these are asked.
    pub only: BTreeSet<String>,
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
}

impl Contract {
    /// Whether this oracle is part of the contract.
    pub fn asks(&self, oracle: &str) -> bool {
        (self.only.is_empty() || self.only.contains(oracle)) && !self.skip.contains(oracle)
    }

    pub(super) fn keeps(&self, path: &str) -> bool {
        matches_any(&self.keep, path)
    }

    pub(super) fn may_be_cut(&self, path: &str) -> bool {
        matches_any(&self.prefix, path)
    }

    pub(super) fn may_be_anything(&self, path: &str) -> bool {
        matches_any(&self.any, path)
    }

    pub(super) fn is_daemon(&self, command: &str) -> bool {
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
