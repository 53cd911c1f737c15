//! Exit codes, as documented in the README.

use crate::explore::{FuzzReport, SweepReport};
use crate::session::{CaseVerdict, Results};

/// All contracts hold.
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

/// The code of a sweep: the worst thing that it has to tell.
pub fn of_sweep(report: &SweepReport) -> u8 {
    if report.counted().any(|finding| !finding.flaky()) {
        VIOLATED
    } else if !report.failed_runs.is_empty() {
        HARNESS
    } else if report.counted().next().is_some() {
        FLAKY
    } else if !report.not_reached.is_empty() || report.points_tried == 0 {
        NOT_REACHED
    } else {
        HOLDS
    }
}

/// The code of a fuzz session: the worst thing that it has to tell. Schedules that come too late are usual.
pub fn of_fuzz(report: &FuzzReport) -> u8 {
    match report.counts() {
        (1.., _) => VIOLATED,
        _ if !report.failed_runs.is_empty() => HARNESS,
        (_, 1..) => FLAKY,
        _ if report.runs == report.unstruck => NOT_REACHED,
        _ => HOLDS,
    }
}

/// The code of several cases: the worst thing that they have to tell.
pub fn of_results(results: &Results) -> u8 {
    let any = |verdict| results.cases.iter().any(|case| case.verdict == verdict);
    let failed = |code| {
        let errors = results.cases.iter().filter_map(|case| case.error.as_ref());
        errors.into_iter().any(|error| error.exit_code == code)
    };
    if any(CaseVerdict::Violated) {
        VIOLATED
    } else if failed(USAGE) {
        USAGE
    } else if failed(HARNESS) {
        HARNESS
    } else if failed(NOT_REACHED) {
        NOT_REACHED
    } else if any(CaseVerdict::Error) {
        HARNESS
    } else if any(CaseVerdict::Flaky) {
        FLAKY
    } else if any(CaseVerdict::NotReached) {
        NOT_REACHED
    } else {
        HOLDS
    }
}
