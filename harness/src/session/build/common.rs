//! What the cases of all verbs have in common.

use super::not_followed::not_followed;
use crate::facts::{Run, text_shape};
use crate::session::bounds;
use crate::session::case::{Case, Limit};
use crate::session::finding::{Finding, OracleResult, OracleVerdict};
use crate::session::record::Record;
use crate::session::shortfall::Shortfall;
use std::collections::BTreeMap;

/// Limits that runs met, with how many did. What differs in numbers alone is told once, in the words of the first.
pub(crate) fn limits(limits: &BTreeMap<String, usize>) -> Vec<Limit> {
    let mut alike: BTreeMap<String, Limit> = BTreeMap::new();
    for (text, runs) in limits {
        let told = alike.entry(text_shape(text)).or_insert_with(|| Limit {
            text: text.clone(),
            runs: 0,
        });
        told.runs += runs;
    }
    alike.into_values().collect()
}

/// Tells what recorded runs did that was not followed, as notes or as what is not proven, and returns how many of the
/// latter there are.
pub(crate) fn tell_not_followed<'a>(
    case: &mut Case,
    runs: impl Iterator<Item = &'a Run>,
) -> Option<Shortfall> {
    let told = not_followed(runs);
    case.notes.extend(told.notes);
    case.not_followed = told.unproven;
    let unproven = case.not_followed.len();
    (unproven > 0).then_some(Shortfall::NotFollowed(unproven))
}

/// Keeps an undisturbed run beside the others.
pub(crate) fn keep_baseline(case: &mut Case, recorded: Option<&Run>) {
    if let Some(run) = recorded {
        case.baseline = Some(case.runs.len());
        case.runs.push(Record::of_run("undisturbed", run));
    }
}

/// Runs that the harness could not do, within their bound.
pub(crate) fn keep_failed_runs(case: &mut Case, failed: &[String]) {
    let kept = failed.iter().take(bounds::FAILED_RUNS);
    case.failed_runs = kept.map(|text| bounds::text(text)).collect();
    let over = failed.len() - case.failed_runs.len();
    if over > 0 {
        case.cut
            .push(format!("the reasons of {over} more failed runs"));
    }
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
            .filter(|finding| finding.oracle == oracle.name && finding.counts())
            .peekable();
        if mine.peek().is_some() {
            oracle.reason = None;
            oracle.verdict = if mine.all(|finding| !finding.is_sure()) {
                OracleVerdict::Flaky
            } else {
                OracleVerdict::Violated
            };
        }
    }
}
