//! One case: a sweep, a run, a fuzz session, a scenario.

use super::case_verdict::CaseVerdict;
use super::details::{FuzzSummary, MinimizeSummary, ReplaySummary};
use super::finding::{Finding, OracleResult, OracleVerdict, Point};
use super::record::Record;
use super::shortfall::Shortfall;
use super::shown_run::ShownRun;
use crate::error::Error;
use crate::explore::{InstructionPoints, Pairs, QuietTries, RequestSummary, Shard, Share};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Its name: a scenario's, or the program's.
    pub name: String,
    /// The scenario file it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What was done.
    pub kind: Kind,
    /// The command and its arguments.
    pub command: Vec<String>,
    /// The part of it that was done; `None` for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The signal and whom it was sent to, in words; empty for a run, whose record has steps.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fault: String,
    /// The verdict.
    pub verdict: CaseVerdict,
    /// Why it could not be carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<CaseError>,
    /// Reasons for which it says less than it was asked to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shortfalls: Vec<Shortfall>,
    /// It failed, and held when it was tried again: what was found counts as flaky.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held_on_retry: bool,
    /// What each oracle says, over all runs.
    #[serde(default)]
    pub oracles: Vec<OracleResult>,
    /// What is wrong.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// The points of a sweep, in the order of the recording.
    #[serde(default)]
    pub points: Vec<Point>,
    /// Runs that are kept whole.
    #[serde(default)]
    pub runs: Vec<Record>,
    /// The undisturbed run among [`Case::runs`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<usize>,
    /// How much was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// What clients of a service saw, over all runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<RequestSummary>,
    /// Latency budgets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<Budget>,
    /// Snapshots that differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Limits that runs met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// Why runs could not be done, one text for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_runs: Vec<String>,
    /// What a session of random schedules did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuzz: Option<FuzzSummary>,
    /// What a replay repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<ReplaySummary>,
    /// What a minimization left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimize: Option<MinimizeSummary>,
    /// The run that the terminal and JSON Lines show whole. It is not stored.
    #[serde(skip)]
    pub shown: Option<ShownRun>,
    /// What the reader should know, each a sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was done that no signal came between, so that nothing is proven of it, each a sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_followed: Vec<String>,
    /// What was left out of this file because of its size, each a sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
    /// How long it took.
    #[serde(default)]
    pub times: Times,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One schedule.
    Run,
    /// The signal at every point.
    Sweep,
    /// Random schedules.
    Fuzz,
    /// A stored failure, repeated.
    Replay,
    /// A stored failure, made smaller.
    Minimize,
}

impl Kind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Run => "run",
            Kind::Sweep => "sweep",
            Kind::Fuzz => "fuzz",
            Kind::Replay => "replay",
            Kind::Minimize => "minimize",
        }
    }
}

/// Why a case could not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseError {
    /// What is wrong and what to do.
    pub text: String,
    /// The exit code that the command gives it: 2 the person's to mend, 3 the harness or the machine, 4 a point that is
    /// not met any more.
    pub exit_code: u8,
}

impl Case {
    /// A case of which nothing is known yet but its name; it holds.
    pub fn new(name: impl Into<String>, kind: Kind, command: &[String]) -> Case {
        Case {
            name: name.into(),
            file: None,
            kind,
            command: command.to_vec(),
            shard: None,
            fault: String::new(),
            verdict: CaseVerdict::Holds,
            error: None,
            shortfalls: Vec::new(),
            held_on_retry: false,
            oracles: Vec::new(),
            findings: Vec::new(),
            points: Vec::new(),
            runs: Vec::new(),
            baseline: None,
            coverage: None,
            requests: None,
            budgets: Vec::new(),
            differences: Vec::new(),
            limits: Vec::new(),
            failed_runs: Vec::new(),
            fuzz: None,
            replay: None,
            minimize: None,
            shown: None,
            notes: Vec::new(),
            not_followed: Vec::new(),
            cut: Vec::new(),
            times: Times::default(),
        }
    }

    /// A case that could not be carried out.
    pub fn failed(
        name: impl Into<String>,
        kind: Kind,
        command: &[String],
        text: &str,
        exit_code: u8,
    ) -> Case {
        let error = CaseError {
            text: crate::session::bounds::text(text),
            exit_code,
        };
        Case {
            error: Some(error),
            ..Case::new(name, kind, command)
        }
        .judged()
    }

    /// A case that shows what is wrong before anything was tried: the target breaks a promise even when nobody disturbs
    /// it.
    ///
    /// # Errors
    /// Every other error, as it is.
    pub fn of_violation(
        name: impl Into<String>,
        kind: Kind,
        command: &[String],
        error: Error,
    ) -> Result<Case, Error> {
        let Some(oracle) = error.violates() else {
            return Err(error);
        };
        let finding = Finding {
            oracle: oracle.to_owned(),
            subject: "undisturbed".to_owned(),
            text: crate::session::bounds::text(error.message()),
            count: 1,
            seen: 2,
            times: 2,
            ..Finding::default()
        };
        let violated = OracleResult::named(oracle, OracleVerdict::Violated, None);
        Ok(Case {
            findings: vec![finding],
            oracles: vec![violated],
            ..Case::new(name, kind, command)
        }
        .judged())
    }

    /// Findings that count.
    pub fn counted(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.counts())
    }

    /// Oracles that could judge no run, with the reason. When nothing was tried none could, which needs no list.
    pub fn unjudged(&self) -> BTreeMap<&str, &str> {
        if self.shortfalls.contains(&Shortfall::NothingTried) {
            return BTreeMap::new();
        }
        let unjudged = self
            .oracles
            .iter()
            .filter(|oracle| oracle.verdict == OracleVerdict::NotApplicable);
        unjudged
            .map(|oracle| {
                let reason = oracle.reason.as_deref().unwrap_or_default();
                (oracle.name.as_str(), reason)
            })
            .collect()
    }

    /// Whether everything was tried and holds, and something was not followed.
    pub(crate) fn is_only_unproven(&self) -> bool {
        self.verdict == CaseVerdict::NotReached
            && matches!(self.shortfall(), Some(Shortfall::NotFollowed(_)))
    }

    /// What the reader should know besides the verdict, which tells first what was not followed, when nothing else is
    /// wrong.
    pub fn told_notes(&self) -> Vec<String> {
        let rest = if self.is_only_unproven() {
            &[][..]
        } else {
            &self.not_followed
        };
        self.notes.iter().chain(rest).cloned().collect()
    }

    /// What the reader should know, with what a session of random schedules did.
    pub fn all_notes(&self) -> Vec<String> {
        let mut notes = self.told_notes();
        notes.extend(self.fuzz.as_ref().map(FuzzSummary::words));
        notes
    }

    /// A difference in a snapshot or a budget that is not kept makes a case violated.
    pub fn broken_promises(&self) -> usize {
        self.differences.len() + self.budgets.iter().filter(|budget| !budget.holds).count()
    }
}

/// How much of a sweep was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Points found in the recording.
    pub found: usize,
    /// Points tried, those of a class counted through the one that stands for them.
    pub tried: usize,
    /// Points tried through another one of their class.
    pub by_class: usize,
    /// Points that lie between two tries of their class that show the same.
    #[serde(default)]
    pub represented: usize,
    /// Points for which there was no time.
    #[serde(default)]
    pub untried: usize,
    /// Points that the target comes by in some runs only, and did not when they were to be tried.
    #[serde(default)]
    pub not_met_again: usize,
    /// Classes of points, or of pairs, at which the fault was to be tried.
    #[serde(default)]
    pub classes: usize,
    /// Classes of which at least one point was tried.
    #[serde(default)]
    pub classes_tried: usize,
    /// Every point was to be tried, not some of each class.
    #[serde(default)]
    pub exhaustive: bool,
    /// Calls without an effect, where a handler is installed; not among the points found.
    #[serde(default)]
    pub quiet: QuietTries,
    /// Points left out on request.
    pub left_out: usize,
    /// Points that other shards try; not among those found.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub elsewhere: usize,
    /// Classes of which other shards try the points.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub classes_elsewhere: usize,
    /// Points that no run met.
    pub not_reached: usize,
    /// Points not tried because the sweep was interrupted.
    pub cut_short: usize,
    /// Runs that the harness could not do.
    pub failed: usize,
    /// Points tried of those found, by call; empty for pairs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_call: Vec<Share>,
    /// The same by the program's own function that makes the call; empty when no stack could be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_function: Vec<Share>,
    /// Names of the points that no run met.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreached: Vec<String>,
    /// Points at which the fault cannot happen; not among those found.
    #[serde(default)]
    pub unfit: usize,
    /// How the pairs came about; then points are pairs of points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<Pairs>,
    /// How points between calls came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between: Option<InstructionPoints>,
    /// Calls that were met in one recording only.
    pub unsteady: usize,
    /// Runs of the target, baseline and confirmation not counted.
    pub runs: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Coverage {
    /// Interrupt coverage: points tried or represented ÷ points found, 0 to 1.
    pub fn ratio(&self) -> f64 {
        if self.found == 0 {
            return 1.0;
        }
        (self.tried + self.represented) as f64 / self.found as f64
    }
}

/// A latency that a scenario promises, over repetitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// What is measured, such as `acknowledged` or `exit after signal 2`.
    pub name: String,
    /// Which share of the runs has to keep it, such as `p99`.
    pub quantile: String,
    /// The promise, in milliseconds.
    pub limit_ms: f64,
    /// Runs that were measured.
    pub runs: usize,
    /// Half of the runs took at most this long, in milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 runs took at most this long.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// Whether the promise is kept.
    pub holds: bool,
}

/// A snapshot that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// The snapshot's name.
    pub name: String,
    /// The file that holds what was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What was expected; empty for a new snapshot.
    pub expected: String,
    /// What there is.
    pub actual: String,
}

/// A limit that runs met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// What it is, in words.
    pub text: String,
    /// How many runs met it.
    pub runs: usize,
}

/// How long a case took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// An undisturbed run, in nanoseconds.
    pub baseline_ns: u64,
    /// All runs, without learning and confirming.
    pub sweeping_ns: u64,
    /// Everything.
    pub elapsed_ns: u64,
    /// Processor time of the targets of these runs; 0 where it was not measured.
    #[serde(default)]
    pub target_ns: u64,
}
