//! A case from a fuzz session.

use super::common::{
    blame, bounds_of_findings, keep_baseline, keep_failed_runs, limits, tell_not_followed,
};
use crate::explore::{EndReason, FuzzFinding, FuzzReport};
use crate::oracle;
use crate::schedule::Schedule;
use crate::session::bounds;
use crate::session::case::{Case, Coverage, Kind, Times};
use crate::session::details::{FuzzOrigin, FuzzSummary, Regressions};
use crate::session::finding::{Finding, OracleResult, OracleVerdict};
use crate::session::record::Record;
use crate::session::shortfall::Shortfall;

/// The case of a fuzz session. `fault` says what was done.
pub fn of_fuzz(name: &str, command: &[String], fault: String, report: &FuzzReport) -> Case {
    let mut case = Case::new(name, Kind::Fuzz, command);
    case.fault = fault;
    case.shard = report.shard;
    keep_baseline(&mut case, report.baseline.recorded());
    for found in &report.found {
        let found = finding(&mut case, found);
        case.findings.push(found);
    }
    bounds_of_findings(&mut case);
    case.oracles = oracles(report);
    blame(&mut case.oracles, &case.findings);
    case.coverage = Some(Coverage {
        found: report.points_found,
        tried: report.points_tried,
        failed: report.failed_runs.len(),
        runs: report.runs,
        ..Coverage::default()
    });
    case.limits = limits(&report.limits);
    keep_failed_runs(&mut case, &report.failed_runs);
    case.notes = report.notes.clone();
    case.fuzz = Some(summary(report));
    case.times = Times {
        baseline_ns: report.baseline.duration_ns,
        sweeping_ns: report.searching.as_nanos() as u64,
        elapsed_ns: report.elapsed.as_nanos() as u64,
        ..Times::default()
    };
    let not_followed = tell_not_followed(&mut case, report.baseline.runs.iter());
    case.shortfalls = shortfalls(report);
    case.shortfalls.extend(not_followed);
    case.judged()
}

fn summary(report: &FuzzReport) -> FuzzSummary {
    FuzzSummary {
        seed: report.seed,
        ended: report.ended,
        repeats: report.repeats,
        unstruck: report.unstruck,
        points_later: report.points_later,
        pairs: report.pairs,
        regressions: report.kept.as_ref().map(|kept| Regressions {
            file: kept.path.display().to_string(),
            tried: kept.tried,
            shown: kept.shown,
            added: kept.added,
        }),
    }
}

fn steps(schedule: &Schedule) -> Vec<String> {
    schedule.steps.iter().map(ToString::to_string).collect()
}

fn shortfalls(report: &FuzzReport) -> Vec<Shortfall> {
    let mut shortfalls = Vec::new();
    // Schedules that come too late are usual; nothing but such is not.
    if report.runs == report.unstruck {
        shortfalls.push(Shortfall::NothingTried);
    }
    if report.ended == EndReason::Interrupted {
        shortfalls.push(Shortfall::Interrupted);
    }
    shortfalls
}

fn finding(case: &mut Case, found: &FuzzFinding) -> Finding {
    let finding = &found.finding;
    let mut run = None;
    if let Some(trial) = &finding.trial
        && case.runs.len() < bounds::RUNS
    {
        run = Some(case.runs.len());
        case.runs.push(Record::of_trial(trial));
    }
    Finding {
        first: Some(finding.schedule_words()),
        fuzz: Some(FuzzOrigin {
            schedule: steps(&finding.schedule),
            original: steps(&found.original),
            run: found.run,
            shrinking: found.shrinking,
            kept: found.kept.is_some(),
        }),
        run,
        ..Finding::of(finding)
    }
}

fn oracles(report: &FuzzReport) -> Vec<OracleResult> {
    let asked = oracle::ALL
        .iter()
        .filter(|oracle| oracle.asked_by(&report.contract));
    asked
        .map(|oracle| {
            let reason = match report.unjudged.get(oracle.id.name()) {
                Some(reason) => Some(reason.clone()),
                None if report.runs == report.unstruck => Some("nothing was done to it".to_owned()),
                None => None,
            };
            let verdict = match reason {
                Some(_) => OracleVerdict::NotApplicable,
                None => OracleVerdict::Holds,
            };
            OracleResult::named(oracle.id.name(), verdict, reason)
        })
        .collect()
}
