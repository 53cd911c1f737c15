//! A table of points: what came of each, without times, so that two sessions can be compared.

use super::terminal::coverage::coverage;
use super::terminal::verdict::verdict_line;
use super::terminal::writer::TerminalWriter;
use crate::session::{Case, Finding, Point, PointOutcome, Results};
use std::fmt::Write;

/// Every case: a line for each point, then for each finding, then how much was tried and the verdict.
pub fn table(results: &Results) -> String {
    results.cases.iter().map(of_case).collect()
}

fn of_case(case: &Case) -> String {
    let mut text = format!("{}  {}  {}\n", case.name, case.kind.word(), case.fault);
    for point in &case.points {
        let _ = writeln!(text, "{}", row(point));
    }
    for finding in &case.findings {
        let _ = writeln!(text, "{}", finding_row(finding));
    }
    let mut out = TerminalWriter::with_width(110);
    coverage(&mut out, case);
    verdict_line(&mut out, case);
    text + &out.finish()
}

fn row(point: &Point) -> String {
    let outcome = word(point.outcome);
    let status = point.status.map(|status| format!("  {status}"));
    let findings: Vec<String> = point
        .findings
        .iter()
        .map(|index| (index + 1).to_string())
        .collect();
    let findings = match findings.as_slice() {
        [] => String::new(),
        findings => format!("  finding {}", findings.join(", ")),
    };
    format!(
        "{outcome:<13} {}{}{findings}",
        point.name,
        status.unwrap_or_default()
    )
}

fn finding_row(finding: &Finding) -> String {
    let Finding {
        oracle,
        subject,
        text,
        count,
        ..
    } = finding;
    let from = finding.first.as_deref().unwrap_or("-");
    let to = finding.last.as_deref().unwrap_or(from);
    let flaky = if finding.flaky { "flaky " } else { "" };
    let early = if finding.at_start {
        "at the interpreter's start "
    } else if finding.before_ready {
        "before ready "
    } else {
        ""
    };
    format!("{flaky}{early}{oracle}  {subject}  at {count} points, from {from} to {to}: {text}")
}

fn word(outcome: PointOutcome) -> &'static str {
    match outcome {
        PointOutcome::Holds => "holds",
        PointOutcome::Violated => "violated",
        PointOutcome::Flaky => "flaky",
        PointOutcome::ByClass => "equivalent",
        PointOutcome::Represented => "represented",
        PointOutcome::Untried => "untried",
        PointOutcome::NotMetAgain => "not met again",
        PointOutcome::LeftOut => "left out",
        PointOutcome::Elsewhere => "other shard",
        PointOutcome::NotReached => "not reached",
        PointOutcome::CutShort => "cut short",
        PointOutcome::Failed => "failed",
    }
}
