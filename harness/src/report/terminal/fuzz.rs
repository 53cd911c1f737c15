//! The report of a fuzz session.

use super::findings::{count, head, human, plural, repeated, unjudged};
use super::place::RunSetup;
use super::writer::{Style, TerminalWriter};
use crate::explore::{EndReason, FuzzFinding, FuzzOptions, FuzzReport, KeptRegressions};
use crate::oracle::Baseline;
use crate::schedule::Schedule;
use crate::target::Target;
use std::time::Duration;

/// The lines above the progress bar: what is going to be done.
pub fn fuzz_heading(
    out: &mut TerminalWriter,
    target: &Target,
    place: &RunSetup,
    baseline: &Baseline,
    options: &FuzzOptions,
) {
    place.tell(out, "fuzz", target, &options.words());
    let baseline = format!(
        "{}, {}, {}; {}",
        count(baseline.runs.len(), "undisturbed run"),
        baseline.status,
        human(Duration::from_nanos(baseline.duration_ns)),
        count(baseline.points.points.len(), "point"),
    );
    out.item(0, (Style::Dim, "baseline  "), Style::Plain, &baseline);
    let mut budget = Vec::new();
    budget.extend(options.budget.runs.map(|runs| count(runs, "run")));
    budget.extend(options.budget.time.map(human));
    let seed = format!("{}, for at most {}", options.seed, budget.join(" or "));
    out.item(0, (Style::Dim, "seed      "), Style::Plain, &seed);
    out.gap();
}

/// The page that a fuzz session ends with.
pub fn fuzz_report(out: &mut TerminalWriter, report: &FuzzReport) {
    for found in &report.found {
        one(out, found);
        out.gap();
    }
    notes(out, report);
    let later = if report.points_later == 0 {
        String::new()
    } else {
        format!(
            ", {} after a fault",
            count(report.points_later, "more point")
        )
    };
    let coverage = format!(
        "{} of {} points{later}; {} of moments",
        report.points_tried,
        report.points_found,
        count(report.pairs, "pair"),
    );
    out.item(0, (Style::Dim, "coverage  "), Style::Plain, &coverage);
    unjudged(out, &report.unjudged);
    let rate = report.runs as f64 / report.searching.as_secs_f64().max(1e-9);
    let time = format!(
        "{} for {} ({rate:.0} a second), {} in all; {}",
        human(report.searching),
        count(report.runs, "run"),
        human(report.elapsed),
        report.ended.words(),
    );
    out.item(0, (Style::Dim, "time      "), Style::Plain, &time);
    let seed = format!("{}  (--seed {} repeats it)", report.seed, report.seed);
    out.item(0, (Style::Dim, "seed      "), Style::Plain, &seed);
    if let Some(kept) = &report.kept {
        regressions(out, kept);
    }
    let (style, verdict) = verdict(report);
    out.item(0, (Style::Dim, "verdict   "), style, &verdict);
}

fn one(out: &mut TerminalWriter, found: &FuzzFinding) {
    let finding = &found.finding;
    head(out, finding);
    for (place, step) in finding.schedule.steps.iter().enumerate() {
        let head = format!("{}. ", place + 1);
        out.item(14, (Style::Dim, &head), Style::Plain, &step.to_string());
    }
    let mut how = match found.run {
        0 => "found by an earlier session".to_owned(),
        run => format!("found in run {run}"),
    };
    let faults = |schedule: &Schedule| count(schedule.steps.len(), "fault");
    if found.shrinking > 0 {
        how.push_str(&format!(
            " with {}, shrunk to {} in {}",
            faults(&found.original),
            finding.schedule.steps.len(),
            count(found.shrinking, "run")
        ));
    }
    out.item(14, (Style::Dim, ""), Style::Dim, &how);
    repeated(out, finding);
}

/// What earlier sessions left, and what this one leaves.
fn regressions(out: &mut TerminalWriter, kept: &KeptRegressions) {
    let mut words = Vec::new();
    if kept.tried > 0 {
        words.push(format!(
            "{} tried, {} failing again",
            count(kept.tried, "schedule"),
            kept.shown
        ));
    }
    if kept.added > 0 {
        words.push(format!("{} kept", count(kept.added, "schedule")));
    }
    if words.is_empty() {
        return;
    }
    let words = format!("{} ({})", words.join(", "), kept.path.display());
    out.item(0, (Style::Dim, "earlier   "), Style::Plain, &words);
}

fn notes(out: &mut TerminalWriter, report: &FuzzReport) {
    let mut notes: Vec<String> = report.notes.clone();
    if report.unstruck > 0 {
        notes.push(format!(
            "in {} the target ended before anything came due",
            count(report.unstruck, "run")
        ));
    }
    notes.extend(
        report
            .limits
            .iter()
            .map(|(limit, runs)| format!("in {}: {limit}", count(*runs, "run"))),
    );
    let failed = report.failed_runs.iter().take(5);
    notes.extend(failed.map(|run| format!("a run failed: {run}")));
    for note in &notes {
        out.item(0, (Style::Warn, "! "), Style::Plain, note);
    }
    if !notes.is_empty() {
        out.gap();
    }
}

fn verdict(report: &FuzzReport) -> (Style, String) {
    match report.counts() {
        (0, 0) if report.runs == report.unstruck => (Style::Warn, "? nothing was tried".to_owned()),
        (0, 0) if !report.failed_runs.is_empty() => {
            (Style::Warn, "? no finding, but some runs failed".to_owned())
        }
        (0, 0) if report.ended == EndReason::Interrupted => (
            Style::Warn,
            "? no finding so far; it was interrupted".to_owned(),
        ),
        (0, 0) => (
            Style::Good,
            "✓ nothing found; every contract held in these runs".to_owned(),
        ),
        (0, flaky) => (Style::Warn, format!("≈ {flaky} flaky {}", plural(flaky))),
        (sure, 0) => (Style::Bad, format!("✗ {sure} {}", plural(sure))),
        (sure, flaky) => (
            Style::Bad,
            format!("✗ {sure} {}, {flaky} flaky", plural(sure)),
        ),
    }
}
