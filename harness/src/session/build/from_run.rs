//! A case from one run.

use crate::explore::RunOnceReport;
use crate::session::bounds;
use crate::session::case::{Case, CaseVerdict, Kind, Times};
use crate::session::finding::{Finding, OracleResult, OracleVerdict};
use crate::session::record::Record;

/// The case of a run that was judged once.
pub fn of_run(name: &str, command: &[String], report: &RunOnceReport) -> Case {
    let trial = &report.trial;
    let mut case = Case::new(name, Kind::Run, command);
    let record = Record::of_trial(trial);
    case.oracles = record.oracles.clone();
    case.runs.push(record);
    let file = report.file.as_ref().map(|file| file.display().to_string());
    for judgement in &trial.judgements {
        for evidence in judgement.verdict.evidence() {
            case.findings.push(Finding {
                oracle: judgement.oracle.to_string(),
                subject: bounds::text(&evidence.subject),
                text: bounds::text(&evidence.text),
                points: Vec::new(),
                first: None,
                between: None,
                count: 1,
                seen: 1,
                times: 1,
                flaky: false,
                before_ready: false,
                file: file.clone(),
                replay: file
                    .as_ref()
                    .map(|file| crate::session::build::from_sweep::replay(file)),
                run: Some(0),
            });
        }
    }
    bounds_of_findings(&mut case);
    if let Some(baseline) = report
        .baseline
        .as_ref()
        .and_then(|baseline| baseline.recorded())
    {
        case.baseline = Some(case.runs.len());
        case.runs.push(Record::of_run("undisturbed", baseline));
    }
    case.notes = report.notes.clone();
    case.times = Times {
        baseline_ns: report.baseline_ns.unwrap_or(0),
        sweeping_ns: trial.run.end_ns,
        elapsed_ns: trial.run.end_ns,
    };
    case.verdict = if trial.violated() {
        CaseVerdict::Violated
    } else if report.not_reached() > 0 || trial.run.status.is_none() {
        CaseVerdict::NotReached
    } else {
        CaseVerdict::Holds
    };
    case
}

/// Cuts the findings to their bound, and says so.
pub(crate) fn bounds_of_findings(case: &mut Case) {
    let over = case.findings.len().saturating_sub(bounds::FINDINGS);
    if over > 0 {
        case.findings.truncate(bounds::FINDINGS);
        case.cut.push(format!("{over} more findings"));
    }
}

/// The oracles of all findings, the worst answer of each.
pub(crate) fn blame(oracles: &mut [OracleResult], findings: &[Finding]) {
    for oracle in oracles {
        let mut mine = findings
            .iter()
            .filter(|finding| finding.oracle == oracle.name && !finding.before_ready)
            .peekable();
        if mine.peek().is_some() {
            oracle.reason = None;
            oracle.verdict = if mine.all(|finding| finding.flaky) {
                OracleVerdict::Flaky
            } else {
                OracleVerdict::Violated
            };
        }
    }
}
