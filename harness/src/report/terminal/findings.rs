//! The report of a sweep, and of a replay.

use super::group::{Group, counted, kinds};
use super::place::RunSetup;
use super::writer::{Style, TerminalWriter};
use crate::explore::{Finding, Plan, Replay, SweepReport};
use crate::failure::StoredFailure;
use crate::oracle::Baseline;
use crate::report::terminal::points;
use crate::target::Target;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The page that a sweep ends with.
pub fn sweep_report(out: &mut TerminalWriter, report: &SweepReport) {
    for kind in kinds(report.counted()) {
        one(out, &kind, report);
        out.gap();
    }
    let early: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.before_ready)
        .collect();
    if !early.is_empty() {
        out.line(&[
            (Style::Strong, "before ready"),
            (
                Style::Dim,
                "  (earlier than --after; not part of the verdict)",
            ),
        ]);
        for finding in early {
            out.item(
                2,
                (Style::Warn, "· "),
                Style::Plain,
                &format!(
                    "{} {}: {} of {} points",
                    finding.oracle, finding.subject, finding.count, report.points_found
                ),
            );
        }
        out.gap();
    }
    limits(out, report);
    summary(out, report);
}

fn one(out: &mut TerminalWriter, kind: &Group<'_, Finding>, report: &SweepReport) {
    let finding = kind.first;
    head(out, finding);
    let what = if report.pairs.is_some() {
        "pair"
    } else {
        "point"
    };
    let found = count(report.points_found, what);
    let first = finding.first();
    let place = if finding.points.len() == 1 {
        format!("at {} of {found}: {first}", finding.count)
    } else {
        format!("at {} of {found}, first at {first}", finding.count)
    };
    out.item(14, (Style::Dim, ""), Style::Dim, &place);
    kind.tell(out, 14);
    if !kind.others.is_empty() {
        let all = || std::iter::once(finding).chain(kind.others.iter().copied());
        let points: BTreeSet<String> = all()
            .flat_map(|finding| &finding.points)
            .map(ToString::to_string)
            .collect();
        let last = all()
            .flat_map(|finding| finding.places.iter().zip(&finding.points))
            .max_by_key(|(place, _)| **place);
        let last = last.map(|(_, point)| point.to_string()).unwrap_or_default();
        let words = format!("together at {} of {found}, up to {last}", points.len());
        out.item(14, (Style::Dim, ""), Style::Dim, &words);
    }
    if let Some(moment) = &finding.moment {
        out.item(14, (Style::Dim, ""), Style::Plain, &moment.to_string());
    }
    repeated(out, finding);
}

/// The first line of a finding: whether it is sure, its oracle, what is wrong.
pub(crate) fn head(out: &mut TerminalWriter, finding: &Finding) {
    let (style, mark) = if finding.flaky() {
        (Style::Warn, "≈ ")
    } else {
        (Style::Bad, "✗ ")
    };
    let head = format!("{mark}{:<11} ", finding.oracle);
    out.item(0, (style, &head), Style::Strong, &finding.text);
}

/// The last lines of a finding: how often it showed when it was run again, and the command that repeats it.
pub(crate) fn repeated(out: &mut TerminalWriter, finding: &Finding) {
    let (seen, times) = finding.seen;
    if finding.flaky() {
        let words = format!("flaky: shown in {seen} of {times} runs of the same schedule");
        out.item(14, (Style::Warn, ""), Style::Warn, &words);
    } else if times > 1 {
        let words = format!("repeated: {seen} of {times} runs");
        out.item(14, (Style::Dim, ""), Style::Dim, &words);
    }
    if let Some(file) = &finding.file {
        out.command(14, &format!("sigproof replay {}", file.display()));
    }
}

/// The oracles that judged nothing, each with the reason.
pub(crate) fn unjudged(out: &mut TerminalWriter, unjudged: &BTreeMap<&'static str, String>) {
    if unjudged.is_empty() {
        return;
    }
    let words: Vec<String> = unjudged
        .iter()
        .map(|(oracle, reason)| format!("{oracle} ({reason})"))
        .collect();
    out.item(0, (Style::Dim, "unjudged  "), Style::Dim, &words.join(", "));
}

fn limits(out: &mut TerminalWriter, report: &SweepReport) {
    let mut notes: Vec<String> = report.notes.clone();
    if !report.not_reached.is_empty() {
        let names: Vec<String> = report
            .not_reached
            .iter()
            .take(3)
            .map(ToString::to_string)
            .collect();
        notes.push(format!(
            "{} points were not reached, so nothing is known of them: {}{}",
            report.not_reached.len(),
            names.join(", "),
            if report.not_reached.len() > 3 {
                ", …"
            } else {
                ""
            }
        ));
    }
    if report.unsteady > 0 {
        notes.push(format!(
            "{} calls were met in one of two undisturbed runs only: the target differs from run to run",
            report.unsteady
        ));
    }
    if report.cut_short > 0 {
        notes.push(format!(
            "interrupted: {} points were not tried",
            report.cut_short
        ));
    }
    notes.extend(
        report
            .limits
            .iter()
            .map(|(limit, runs)| format!("in {}: {limit}", count(*runs, "run"))),
    );
    notes.extend(
        report
            .failed_runs
            .iter()
            .take(5)
            .map(|run| format!("a run failed: {run}")),
    );
    for note in &notes {
        out.item(0, (Style::Warn, "! "), Style::Plain, note);
    }
    if !notes.is_empty() {
        out.gap();
    }
}

fn summary(out: &mut TerminalWriter, report: &SweepReport) {
    let mut coverage = format!(
        "{:.0} % ({} of {} {}",
        (report.coverage() * 100.0).floor(),
        report.points_tried,
        report.points_found,
        report.pairs.as_ref().map_or("points", |_| "pairs"),
    );
    if report.by_class > 0 {
        coverage.push_str(&format!(
            ", {} of them alike and tried by one",
            report.by_class + 1
        ));
    }
    if report.unfit > 0 {
        coverage.push_str(&format!("; at {} more it cannot happen", report.unfit));
    }
    if let Some(pairs) = &report.pairs {
        coverage.push_str(&pairs.words());
    }
    if let Some(between) = &report.between {
        coverage.push_str(&between.words());
    }
    if report.left_out > 0 {
        coverage.push_str(&format!(", {} left out on request", report.left_out));
    }
    coverage.push(')');
    out.item(0, (Style::Dim, "coverage  "), Style::Plain, &coverage);
    points::covered(out, report);
    unjudged(out, &report.unjudged);
    let rate = report.runs as f64 / report.sweeping.as_secs_f64().max(1e-9);
    out.item(
        0,
        (Style::Dim, "time      "),
        Style::Plain,
        &format!(
            "{} for {} ({rate:.0} points a second), {} in all",
            human(report.sweeping),
            count(report.runs, "run"),
            human(report.elapsed)
        ),
    );
    let all = report.counted().count();
    let flaky = report.counted().filter(|finding| finding.flaky()).count();
    let of_kinds = |flaky: bool| kinds(report.counted().filter(|one| one.flaky() == flaky)).len();
    let (style, verdict) = match (all - flaky, flaky) {
        (0, 0) if report.points_tried == 0 => (Style::Warn, "? nothing was tried".to_owned()),
        (0, 0) if !report.failed_runs.is_empty() => {
            (Style::Warn, "? no finding, but some runs failed".to_owned())
        }
        (0, 0) if !report.not_reached.is_empty() => (
            Style::Warn,
            "? no finding, but some points were not reached".to_owned(),
        ),
        (0, 0) if report.cut_short > 0 => (
            Style::Warn,
            "? no finding so far; the sweep was interrupted".to_owned(),
        ),
        (0, 0) => (Style::Good, "✓ every contract holds".to_owned()),
        (0, flaky) => (Style::Warn, format!("≈ {flaky} flaky {}", plural(flaky))),
        (sure, 0) => (Style::Bad, format!("✗ {}", counted(sure, of_kinds(false)))),
        (sure, flaky) => (
            Style::Bad,
            format!("✗ {}, {flaky} flaky", counted(sure, of_kinds(false))),
        ),
    };
    out.item(0, (Style::Dim, "verdict   "), style, &verdict);
}

/// A number and what it counts.
pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

pub(crate) fn plural(count: usize) -> &'static str {
    if count == 1 { "finding" } else { "findings" }
}

/// A duration as people say it.
pub(crate) fn human(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        s if s < 1e-3 => format!("{:.0} µs", s * 1e6),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 100.0 => format!("{s:.1} s"),
        s => format!("{:.0} min {:.0} s", (s / 60.0).floor(), s % 60.0),
    }
}

/// The lines above the progress bar: what is going to be done.
pub fn sweep_heading(
    out: &mut TerminalWriter,
    target: &Target,
    place: &RunSetup,
    baseline: &Baseline,
    plan: &Plan,
    fault: &str,
) {
    place.tell(out, "sweep", target, fault);
    out.item(
        0,
        (Style::Dim, "baseline  "),
        Style::Plain,
        &format!(
            "{}, {}, {}; {}, {}",
            count(baseline.runs.len(), "undisturbed run"),
            baseline.status,
            human(Duration::from_nanos(baseline.duration_ns)),
            count(baseline.points.points.len(), "point"),
            count(plan.planned.len(), "run")
        ),
    );
    out.gap();
}

/// A command line that a shell reads back.
pub(crate) fn command_line(words: &[String]) -> String {
    words
        .iter()
        .map(|word| quoted(word))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The page of a replay.
pub fn replay_report(out: &mut TerminalWriter, failure: &StoredFailure, replay: &Replay) {
    for note in &replay.notes {
        out.item(0, (Style::Warn, "! "), Style::Plain, note);
    }
    let expected = &failure.expected;
    out.item(
        0,
        (Style::Dim, "stored    "),
        Style::Plain,
        &format!("{}: {}", expected.oracle, expected.text),
    );
    let counts = format!(
        "{} of {} runs show it again{}",
        replay.shown,
        replay.times,
        if replay.reached < replay.times {
            format!(
                "; in {} the point was not reached",
                replay.times - replay.reached
            )
        } else {
            String::new()
        }
    );
    let (style, mark) = match replay.shown {
        shown if shown == replay.times => (Style::Bad, "✗ reproduced: "),
        0 => (Style::Good, "✓ not reproduced: "),
        _ => (Style::Warn, "≈ flaky: "),
    };
    out.item(
        0,
        (Style::Dim, "verdict   "),
        style,
        &format!("{mark}{counts}"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_can_be_pasted() {
        let words = ["bash", "-c", "echo 'a b' > $x", ""].map(str::to_owned);
        assert_eq!(command_line(&words), r"bash -c 'echo '\''a b'\'' > $x' ''");
    }

    #[test]
    fn durations_are_said_as_people_do() {
        for (nanos, text) in [
            (1_500, "2 µs"),
            (2_400_000, "2 ms"),
            (1_540_000_000, "1.5 s"),
            (125_000_000_000, "2 min 5 s"),
        ] {
            assert_eq!(human(Duration::from_nanos(nanos)), text);
        }
    }
}
