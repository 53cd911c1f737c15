//! What only cases of one kind have.

use crate::explore::EndReason;
use serde::{Deserialize, Serialize};

/// What a session of random schedules did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FuzzSummary {
    /// The seed: with it the same schedules come again.
    pub seed: u64,
    /// Why it ended.
    pub ended: EndReason,
    /// Runs that repeat what was found.
    pub repeats: usize,
    /// Runs in which nothing of the schedule came due before the target ended.
    pub unstruck: usize,
    /// Calls after a fault that became points.
    pub points_later: usize,
    /// Pairs of moments, one after the other, that were chosen.
    pub pairs: usize,
    /// The file of earlier sessions' schedules; `None` when none is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regressions: Option<Regressions>,
}

impl FuzzSummary {
    /// In a line, for a reader of another kind of report.
    pub fn words(&self) -> String {
        format!(
            "seed {}, {} pairs of moments; {}",
            self.seed,
            self.pairs,
            self.ended.words()
        )
    }
}

/// The file in which failing schedules are kept from session to session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regressions {
    /// Where it is.
    pub file: String,
    /// Schedules of earlier sessions that were tried.
    pub tried: usize,
    /// How many of those fail again.
    pub shown: usize,
    /// Schedules that this session put into it.
    pub added: usize,
}

/// How a finding of a session of random schedules came about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FuzzOrigin {
    /// The steps of the schedule that is stored.
    pub schedule: Vec<String>,
    /// The steps as they were found.
    pub original: Vec<String>,
    /// In which run it showed first, from 1; 0 for one that an earlier session kept.
    pub run: usize,
    /// Runs that it took to shrink it.
    pub shrinking: usize,
    /// An earlier session kept it.
    pub kept: bool,
}

/// What a stored failure was, and how often it showed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplaySummary {
    /// The oracle that was violated.
    pub oracle: String,
    /// What was wrong.
    pub text: String,
    /// How often it showed again.
    pub shown: u32,
    /// How often the schedule was carried out whole.
    pub reached: u32,
    /// How often it was run.
    pub times: u32,
}

/// What a stored failure was, and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinimizeSummary {
    /// The oracle that was violated.
    pub oracle: String,
    /// What was wrong.
    pub text: String,
    /// In how many runs the original showed.
    pub seen: u32,
    /// How often it was run.
    pub times: u32,
    /// What was left out, one a line.
    pub dropped: Vec<String>,
    /// The steps that are left.
    pub schedule: Vec<String>,
    /// The input files that are left, when they are stored with it.
    pub files: Vec<String>,
    /// In how many of the last repetitions the smaller one showed.
    pub confirmed: u32,
    /// How many repetitions those were.
    pub of: u32,
    /// Runs that it took, baselines not counted.
    pub runs: usize,
    /// The file of the smaller one; `None` when nothing could be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}
