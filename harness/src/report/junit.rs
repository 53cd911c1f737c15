//! JUnit XML: one test case for each case, its findings as the failure.
//!
//! A flaky verdict is a passed case with `flakyFailure` elements, as Surefire and nextest write it; what was not tried
//! is a skipped one. Characters that XML cannot hold are taken out.

use crate::facts::Stream;
use crate::report::terminal::group::kinds;
use crate::report::terminal::text::command_line;
use crate::report::terminal::verdict;
use crate::session::{Case, CaseVerdict, Finding, Record, Results};
use quick_junit::{
    NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestRerun, TestSuite, XmlString,
};
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

/// Findings that one failure lists.
const LISTED_MAX: usize = 200;
/// Characters of output of the run that shows it best.
const OUTPUT_MAX: usize = 20_000;

/// The file of these results.
///
/// # Errors
/// What cannot be written as XML; it names nothing that a target decides.
pub fn junit(results: &Results) -> io::Result<String> {
    let mut suite = TestSuite::new("sigproof");
    suite.add_property(Property::new("version", &results.tool.version));
    suite.add_property(Property::new("system", &results.tool.system));
    let mut total = Duration::ZERO;
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for case in &results.cases {
        total += Duration::from_nanos(case.times.elapsed_ns);
        let mut test = test_case(case);
        let class = test.classname.as_deref().unwrap_or_default().to_owned();
        let times = seen.entry((class, test.name.to_string())).or_default();
        *times += 1;
        // Readers take two cases of one name for one.
        if *times > 1 {
            test.name = XmlString::new(format!("{} ({times})", test.name.as_str()));
        }
        suite.add_test_case(test);
    }
    suite.set_time(total);
    let mut report = Report::new("sigproof");
    report.set_time(total);
    report.add_test_suite(suite);
    report.to_string().map_err(io::Error::other)
}

fn test_case(case: &Case) -> TestCase {
    let mut test = TestCase::new(named(&case.name, "unnamed"), status(case));
    let class = case.file.as_deref().unwrap_or_default();
    test.set_classname(named(class, case.kind.word()));
    test.set_time(Duration::from_nanos(case.times.elapsed_ns));
    test.add_property(Property::new(
        "command",
        clean(&command_line(&case.command)),
    ));
    test.add_property(Property::new("verdict", case.verdict.word()));
    if let Some(coverage) = &case.coverage {
        let tried = format!("{} of {} points", coverage.tried, coverage.found);
        test.add_property(Property::new("coverage", tried));
    }
    if let Some(record) = shown(case) {
        let out = record.text(Stream::Terminal) + &record.text(Stream::Stdout);
        let err = record.text(Stream::Stderr);
        if !out.is_empty() {
            test.set_system_out(clean(tail(&out)));
        }
        if !err.is_empty() {
            test.set_system_err(clean(tail(&err)));
        }
    }
    test
}

fn status(case: &Case) -> TestCaseStatus {
    match case.verdict {
        CaseVerdict::Holds => TestCaseStatus::success(),
        CaseVerdict::NotReached => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(clean(&not_reached(case)));
            status
        }
        CaseVerdict::Flaky => TestCaseStatus::Success {
            flaky_runs: flaky_runs(case),
        },
        CaseVerdict::Violated => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let oracles = oracles(case);
            status.set_type(clean(&oracles.join(",")));
            status.set_message(clean(&headline(case)));
            status.set_description(clean(&description(case)));
            status
        }
        CaseVerdict::Error => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            let text = failure(case);
            status.set_type("error");
            status.set_message(clean(text.lines().next().unwrap_or("error")));
            status.set_description(clean(&text));
            status
        }
    }
}

/// One rerun for each finding; at least one, without which a reader takes the case for passed.
fn flaky_runs(case: &Case) -> Vec<TestRerun> {
    let mut runs: Vec<TestRerun> = case.counted().take(LISTED_MAX).map(flaky).collect();
    if runs.is_empty() {
        let mut run = TestRerun::new(NonSuccessKind::Failure);
        run.set_type("flaky");
        run.set_message(clean(&unsteady(case)));
        runs.push(run);
    }
    runs
}

/// Why a case without findings is flaky.
pub(crate) fn unsteady(case: &Case) -> String {
    let note = case.notes.last();
    note.cloned()
        .unwrap_or_else(|| "it failed, and held when it was tried again".to_owned())
}

/// What could not be carried out.
pub(crate) fn failure(case: &Case) -> String {
    match &case.error {
        Some(error) => error.text.clone(),
        None => format!("some runs failed: {}", case.failed_runs.join(", ")),
    }
}

fn flaky(finding: &Finding) -> TestRerun {
    let mut run = TestRerun::new(NonSuccessKind::Failure);
    run.set_type(clean(&finding.oracle));
    run.set_message(clean(&format!(
        "flaky, {} of {} runs: {}",
        finding.seen, finding.times, finding.text
    )));
    run.set_description(clean(&line(finding)));
    run
}

/// The oracles that are violated, each once, and what else is broken.
pub(crate) fn oracles(case: &Case) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for finding in case.counted() {
        if !names.contains(&finding.oracle) {
            names.push(finding.oracle.clone());
        }
    }
    if !case.differences.is_empty() {
        names.push("snapshot".to_owned());
    }
    if case.budgets.iter().any(|budget| !budget.holds) {
        names.push("budget".to_owned());
    }
    names
}

/// What is wrong with a violated case, in a line.
pub(crate) fn headline(case: &Case) -> String {
    let findings = case.counted().count();
    let all = findings + case.broken_promises();
    let first = case
        .counted()
        .find(|finding| finding.is_sure())
        .or_else(|| case.counted().next())
        .map(|finding| format!("{}: {}", finding.oracle, finding.text))
        .or_else(|| {
            let difference = case.differences.first()?;
            Some(format!("snapshot {} differs", difference.name))
        })
        .or_else(|| {
            let budget = case.budgets.iter().find(|budget| !budget.holds)?;
            Some(format!("budget {} is not kept", budget.name))
        })
        .unwrap_or_else(|| "violated".to_owned());
    match all {
        0 | 1 => first,
        more => format!("{first} (and {} more)", more - 1),
    }
}

/// Why a case without findings does not hold.
pub(crate) fn not_reached(case: &Case) -> String {
    match &case.coverage {
        Some(coverage) if case.error.is_none() && !case.is_only_unproven() => format!(
            "nothing found, but {} of {} points were tried ({} not reached, {} cut short)",
            coverage.tried, coverage.found, coverage.not_reached, coverage.cut_short
        ),
        _ => verdict::not_reached(case),
    }
}

fn description(case: &Case) -> String {
    let kinds = kinds(case.counted());
    let listed = kinds.iter().take(LISTED_MAX);
    let mut lines: Vec<String> = listed
        .map(|kind| match kind.words() {
            Some(words) => format!("{}\n  {words}", line(kind.first)),
            None => line(kind.first),
        })
        .collect();
    let left_out = kinds.iter().skip(LISTED_MAX);
    let more: usize = left_out.map(|kind| 1 + kind.others.len()).sum();
    if more > 0 {
        lines.push(format!("… and {more} more findings"));
    }
    for difference in &case.differences {
        lines.push(format!("snapshot {} differs", difference.name));
    }
    for budget in case.budgets.iter().filter(|budget| !budget.holds) {
        lines.push(format!(
            "budget {}: {} of {} runs, p99 {:.1} ms, limit {:.1} ms",
            budget.name, budget.quantile, budget.runs, budget.p99_ms, budget.limit_ms
        ));
    }
    lines.join("\n")
}

/// One finding with where it shows and how to repeat it.
pub(crate) fn line(finding: &Finding) -> String {
    let mut text = format!("{}: {}", finding.oracle, finding.text);
    if let Some(first) = &finding.first {
        text.push_str(&format!(
            "\n  at {} point{}, first at {first}",
            finding.count,
            if finding.count == 1 { "" } else { "s" }
        ));
    }
    if finding.times > 1 {
        text.push_str(&format!(
            "\n  shown in {} of {} runs",
            finding.seen, finding.times
        ));
    }
    if let Some(replay) = &finding.replay {
        text.push_str(&format!("\n  {replay}"));
    }
    text
}

/// The run that a reader wants to see first.
pub(crate) fn shown(case: &Case) -> Option<&Record> {
    let of_finding = case.counted().find_map(|finding| finding.run);
    let other = || (0..case.runs.len()).find(|place| Some(*place) != case.baseline);
    case.runs.get(of_finding.or_else(other).unwrap_or(0))
}

fn tail(text: &str) -> &str {
    let from = text.char_indices().rev().nth(OUTPUT_MAX - 1);
    &text[from.map_or(0, |(at, _)| at)..]
}

/// A name that has something to read in it.
fn named(text: &str, otherwise: &str) -> XmlString {
    let name = XmlString::new(clean(text));
    if name.trim().is_empty() {
        XmlString::new(otherwise)
    } else {
        name
    }
}

/// Without the two characters that no XML document may hold and that the library leaves in.
fn clean(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "")
}
