//! A case from a fuzz session.

use super::from_run::{blame, bounds_of_findings};
use crate::explore::{EndReason, FuzzFinding, FuzzReport};
use crate::oracle;
use crate::session::bounds;
use crate::session::case::{Case, CaseVerdict, Coverage, Kind, Limit, Times};
use crate::session::finding::{Finding, OracleResult, OracleVerdict};
use crate::session::record::Record;

/// The case of a fuzz session. `fault` says what was done.
pub fn of_fuzz(name: &str, command: &[String], fault: String, report: &FuzzReport) -> Case {
    let mut case = Case::new(name, Kind::Fuzz, command);
    case.fault = fault;
    if let Some(baseline) = report.baseline.recorded() {
        case.baseline = Some(0);
        case.runs.push(Record::of_run("undisturbed", baseline));
    }
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
    let limits = report.limits.iter();
    case.limits = limits
        .map(|(text, runs)| Limit {
            text: text.clone(),
            runs: *runs,
        })
        .collect();
    case.notes = report.notes.clone();
    case.notes.push(format!(
        "seed {}, {} pairs of moments; {}",
        report.seed,
        report.pairs,
        report.ended.words()
    ));
    case.times = Times {
        baseline_ns: report.baseline.duration_ns,
        sweeping_ns: report.searching.as_nanos() as u64,
        elapsed_ns: report.elapsed.as_nanos() as u64,
    };
    case.verdict = verdict(report);
    case
}

fn verdict(report: &FuzzReport) -> CaseVerdict {
    match report.counts() {
        (1.., _) => CaseVerdict::Violated,
        _ if !report.failed_runs.is_empty() => CaseVerdict::Error,
        (_, 1..) => CaseVerdict::Flaky,
        _ if report.runs == report.unstruck || report.ended == EndReason::Interrupted => {
            CaseVerdict::NotReached
        }
        _ => CaseVerdict::Holds,
    }
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
