//! A case from one schedule.

use super::common::{blame, bounds_of_findings, keep_baseline, limits, tell_not_followed};
use crate::explore;
use crate::explore::{Measured, RunReport};
use crate::session::case::{Budget, Case, Kind, Times};
use crate::session::finding::{Finding, OracleResult, OracleVerdict};
use crate::session::record::Record;
use crate::session::shortfall::Shortfall;
use crate::session::shown_run::ShownRun;

/// The case of a run, of a scenario or on the command line.
pub fn of_run(name: &str, command: &[String], report: &RunReport) -> Case {
    let mut case = Case::new(name, Kind::Run, command);
    let record = Record::of_trial(&report.trial);
    case.oracles = record.oracles.clone();
    case.oracles
        .extend(report.several.iter().map(OracleResult::of));
    if !report.measured.is_empty() {
        case.oracles
            .push(OracleResult::named("budget", OracleVerdict::Holds, None));
    }
    case.runs.push(record);
    case.findings = report.findings.iter().map(finding).collect();
    bounds_of_findings(&mut case);
    blame(&mut case.oracles, &case.findings);
    let recorded = report.baseline.as_ref();
    keep_baseline(&mut case, recorded.and_then(|baseline| baseline.recorded()));
    let measured = report.measured.iter();
    case.budgets = measured.map(|one| budget(one, report)).collect();
    case.limits = limits(&report.limits);
    case.notes = report.notes.clone();
    case.times = Times {
        baseline_ns: report
            .baseline
            .as_ref()
            .map_or(0, |baseline| baseline.duration_ns),
        sweeping_ns: report.trial.run.end_ns,
        elapsed_ns: report.elapsed.as_nanos() as u64,
        ..Times::default()
    };
    case.shown = Some(ShownRun::of(&report.trial.run));
    let undisturbed = report.baseline.iter().flat_map(|baseline| &baseline.runs);
    let not_followed = tell_not_followed(&mut case, undisturbed.chain([&report.trial.run]));
    case.shortfalls = shortfalls(report);
    case.shortfalls.extend(not_followed);
    case.judged()
}

fn shortfalls(report: &RunReport) -> Vec<Shortfall> {
    let mut shortfalls = Vec::new();
    if report.not_reached() > 0 {
        shortfalls.push(Shortfall::NotReached(report.not_reached()));
    }
    if report.trial.run.status.is_none() {
        shortfalls.push(Shortfall::Killed);
    }
    if report.interrupted {
        shortfalls.push(Shortfall::Interrupted);
    }
    shortfalls
}

fn finding(found: &explore::Finding) -> Finding {
    Finding {
        count: 1,
        run: Some(0),
        ..Finding::of(found)
    }
}

fn budget(measured: &Measured, report: &RunReport) -> Budget {
    // One that was too long once, and not when it was measured again, is kept.
    let late = |finding: &explore::Finding| finding.oracle == "budget" && !finding.flaky();
    let broken = !measured.holds() && report.findings.iter().any(late);
    Budget {
        name: measured.limit.name(),
        quantile: measured.limit.quantile(),
        limit_ms: measured.limit.limit_ms as f64,
        runs: measured.runs,
        p50_ms: measured.p50_ms,
        p99_ms: measured.p99_ms,
        max_ms: measured.max_ms,
        holds: !broken,
    }
}
