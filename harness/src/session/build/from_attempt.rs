//! A case from one schedule that was judged with care.

use super::from_run::{blame, bounds_of_findings};
use crate::explore;
use crate::explore::{Measured, RunReport};
use crate::session::case::{Budget, Case, CaseVerdict, Kind, Limit, Times};
use crate::session::finding::{Finding, OracleResult};
use crate::session::record::Record;

/// The case of a scenario with one schedule.
pub fn of_attempt(name: &str, command: &[String], report: &RunReport) -> Case {
    let mut case = Case::new(name, Kind::Run, command);
    let record = Record::of_trial(&report.trial);
    case.oracles = record.oracles.clone();
    case.oracles
        .extend(report.several.iter().map(OracleResult::of));
    if !report.measured.is_empty() {
        let budget = crate::session::finding::OracleVerdict::Holds;
        case.oracles
            .push(OracleResult::named("budget", budget, None));
    }
    case.runs.push(record);
    case.findings = report.findings.iter().map(finding).collect();
    bounds_of_findings(&mut case);
    blame(&mut case.oracles, &case.findings);
    let recorded = report
        .baseline
        .as_ref()
        .and_then(|baseline| baseline.recorded());
    if let Some(baseline) = recorded {
        case.baseline = Some(case.runs.len());
        case.runs.push(Record::of_run("undisturbed", baseline));
    }
    case.budgets = report
        .measured
        .iter()
        .map(|one| budget(one, report))
        .collect();
    case.limits = report
        .limits
        .iter()
        .map(|(text, runs)| Limit {
            text: text.clone(),
            runs: *runs,
        })
        .collect();
    case.notes = report.notes.clone();
    case.times = Times {
        baseline_ns: report
            .baseline
            .as_ref()
            .map_or(0, |baseline| baseline.duration_ns),
        sweeping_ns: report.trial.run.end_ns,
        elapsed_ns: report.elapsed.as_nanos() as u64,
    };
    case.verdict = verdict(report);
    case
}

fn verdict(report: &RunReport) -> CaseVerdict {
    let flaky = report
        .findings
        .iter()
        .filter(|finding| finding.flaky())
        .count();
    if flaky < report.findings.len() {
        CaseVerdict::Violated
    } else if flaky > 0 {
        CaseVerdict::Flaky
    } else if report.not_reached() > 0 || report.trial.run.status.is_none() {
        CaseVerdict::NotReached
    } else {
        CaseVerdict::Holds
    }
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
