//! What came of it.

use crate::explore::finding::Finding;
use crate::explore::shard::Shard;
use crate::oracle::{Baseline, Contract};
use crate::schedule::Schedule;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Why it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Something was found.
    Found,
    /// All runs of the budget are done.
    Runs,
    /// The time of the budget is over.
    Time,
    /// The person interrupted it.
    Interrupted,
    /// One run after the other could not be done.
    Failing,
}

impl EndReason {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            EndReason::Found => "something was found",
            EndReason::Runs => "all runs are done",
            EndReason::Time => "the time is over",
            EndReason::Interrupted => "interrupted",
            EndReason::Failing => "runs fail",
        }
    }
}

/// One thing that is wrong, and the schedule that shows it.
#[derive(Debug, Clone)]
pub struct FuzzFinding {
    /// What, with the schedule as it is stored.
    pub finding: Finding,
    /// In which run it showed first, from 1; 0 for one that an earlier session kept.
    pub run: usize,
    /// The schedule as it was found.
    pub original: Schedule,
    /// Runs that it took to shrink it.
    pub shrinking: usize,
    /// The seed of the earlier session that kept it.
    pub kept: Option<u64>,
}

/// The file of what is kept from session to session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptRegressions {
    /// Where it is.
    pub path: PathBuf,
    /// The command that it was made for, when that is another one.
    pub other: Option<String>,
    /// Schedules of earlier sessions that were tried.
    pub tried: usize,
    /// How many of those fail again.
    pub shown: usize,
    /// Schedules that this session put into it.
    pub added: usize,
}

/// What came of it.
pub struct FuzzReport {
    /// The seed: with it the same schedules come again.
    pub seed: u64,
    /// The part of the runs that was made; `None` for all.
    pub shard: Option<Shard>,
    /// Why it ended.
    pub ended: EndReason,
    /// What is wrong.
    pub found: Vec<FuzzFinding>,
    /// Runs with a random schedule.
    pub runs: usize,
    /// Runs that repeat what was found.
    pub repeats: usize,
    /// Runs in which nothing of the schedule came due before the target ended.
    pub unstruck: usize,
    /// Points of the undisturbed run at which something could be done.
    pub points_found: usize,
    /// Points of those at which something was done.
    pub points_tried: usize,
    /// Calls after a fault that were seen, and became points.
    pub points_later: usize,
    /// Pairs of moments, one after the other, that were chosen.
    pub pairs: usize,
    /// How long the random runs took.
    pub searching: Duration,
    /// How long everything took.
    pub elapsed: Duration,
    /// Oracles that could never be judged, with the reason.
    pub unjudged: BTreeMap<&'static str, String>,
    /// Limits that runs met, with how many did.
    pub limits: BTreeMap<String, usize>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// Runs that the harness could not do.
    pub failed_runs: Vec<String>,
    /// What is kept from session to session; `None` when nothing is to be.
    pub kept: Option<KeptRegressions>,
    /// What undisturbed runs do, whole.
    pub baseline: Arc<Baseline>,
    /// What was asked.
    pub contract: Contract,
}
