//! Points and findings of a case.

use super::details::FuzzOrigin;
use crate::explore::CodeLocation;
use crate::facts::ExitStatus;
use crate::schedule::PointName;
use serde::{Deserialize, Serialize};

/// A point of a sweep and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Its name, in parts.
    #[serde(flatten)]
    pub name: PointName,
    /// When the recording met it, in nanoseconds.
    pub at_ns: u64,
    /// What came of it.
    pub outcome: PointOutcome,
    /// The findings (places in [`crate::session::case::Case::findings`]) that show here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<usize>,
    /// How the target ended; `None` when it was killed at its deadline, or was not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ExitStatus>,
    /// When the signal was sent in its run, in nanoseconds after the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired_ns: Option<u64>,
    /// When the target ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_ns: Option<u64>,
    /// Why the harness could not do its run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// It comes before the moment from which the promise holds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub before_ready: bool,
    /// It lies in the start of an interpreter, which is no part of the verdict.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_start: bool,
    /// It was met in one of two recordings only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsteady: bool,
}

/// What came of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointOutcome {
    /// Tried, and nothing is wrong.
    Holds,
    /// Tried, and something is wrong each time.
    Violated,
    /// Tried, and something is wrong sometimes.
    Flaky,
    /// Another point of its class was tried in its place.
    ByClass,
    /// It lies between two tries of its class that show the same.
    Represented,
    /// There was no time for it.
    Untried,
    /// The target comes by it in some runs only, and did not when it was to be tried.
    NotMetAgain,
    /// Not asked for.
    LeftOut,
    /// Tried by another shard.
    Elsewhere,
    /// The run did not come by it.
    NotReached,
    /// The sweep was interrupted before.
    CutShort,
    /// The harness could not do the run.
    Failed,
}

/// One thing that is wrong, and where it shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The oracle.
    pub oracle: String,
    /// What it is about: a path, a command, a status.
    pub subject: String,
    /// What is wrong, in a sentence.
    pub text: String,
    /// Points where it shows (places in [`crate::session::case::Case::points`]).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<usize>,
    /// The first of them, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The last of them, by name, those included that lie between two tries that show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Which code makes the calls around the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between: Option<CodeWindow>,
    /// How many points those stand for.
    pub count: usize,
    /// How many of the points are calls without an effect.
    #[serde(default)]
    pub quiet: usize,
    /// In how many runs of its schedule it showed.
    pub seen: u32,
    /// How often that schedule was run.
    pub times: u32,
    /// It did not show every time.
    pub flaky: bool,
    /// The session was interrupted before it was run again: it counts as what is not reproduced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unconfirmed: bool,
    /// The flag that declares it right, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
    /// It shows only before the moment from which the promise holds.
    pub before_ready: bool,
    /// It shows only in the start of an interpreter, before the program that it runs has begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_start: bool,
    /// The stored failing run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// How it came about, in a session of random schedules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuzz: Option<FuzzOrigin>,
    /// The names of all points where it shows, in the order of the recording. They are not stored: `points` are.
    #[serde(skip)]
    pub names: Vec<String>,
    /// The places of those points in the plan. They are not stored.
    #[serde(skip)]
    pub places: Vec<usize>,
    /// Where it shows first, in parts. It is not stored: `between` is.
    #[serde(skip)]
    pub moment: Option<CodeLocation>,
    /// The command that repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
    /// The run that shows it (a place in [`crate::session::case::Case::runs`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<usize>,
}

impl Finding {
    /// Whether it is sure: it was run again where that was asked for, and showed each time.
    pub fn is_sure(&self) -> bool {
        !self.flaky && !self.unconfirmed
    }

    /// Whether it counts: neither what shows before the target was ready does, nor the start of an interpreter.
    pub fn counts(&self) -> bool {
        !self.before_ready && !self.at_start
    }
}

/// Which code makes the calls around a point.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeWindow {
    /// In a sentence, such as
    /// `` between `openat(out.tmp)` in save (save.c:41) and `write(out.tmp)` in save (save.c:42) ``.
    pub text: String,
    /// The stack at the call before, the innermost function first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// The stack at the call after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
}

/// What one oracle says over all runs of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OracleResult {
    /// The oracle.
    pub name: String,
    /// What a violation is, in a sentence.
    pub violation: String,
    /// Its answer.
    pub verdict: OracleVerdict,
    /// Why it could not be judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An oracle's answer over all runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OracleVerdict {
    /// It holds.
    Holds,
    /// It is violated.
    Violated,
    /// It is violated, not every time.
    Flaky,
    /// It could not be judged.
    NotApplicable,
}
