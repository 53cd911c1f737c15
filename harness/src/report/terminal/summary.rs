//! Finished scenarios on the terminal: a line each, a table of all, and what is
//! to be known of one that fails.

use super::group::{Group, kinds};
use super::text::{command_line, human};
use super::timeline::{Row, event_rows};
use super::verdict::{finding_mark, mark, not_reached};
use super::writer::{Style, TerminalWriter};
use crate::facts::EventKind;
use crate::session::{Case, CaseVerdict, Record, Results};
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// Names are aligned up to this width.
const WIDEST_NAME: usize = 48;
/// Events of a failing run that are shown: the first and the last of them.
const EVENTS_MAX: usize = 40;

/// The line of a scenario that is done, with the time that it took.
pub fn finished_line(out: &mut TerminalWriter, case: &Case) {
    let (style, sign) = mark(case.verdict);
    let took = human(Duration::from_nanos(case.times.elapsed_ns));
    out.line(&[
        (style, &format!("{sign} {:<11} ", case.verdict.word())),
        (Style::Dim, &format!("{took:>8}  ")),
        (Style::Plain, &case.name),
    ]);
}

/// The table of all verdicts: the same for the same verdicts, so without times.
pub fn verdict_table(out: &mut TerminalWriter, results: &Results) {
    let names = results.cases.iter().map(|case| case.name.width());
    let width = names.max().unwrap_or(0).min(WIDEST_NAME);
    for case in &results.cases {
        let (style, sign) = mark(case.verdict);
        let pad = " ".repeat(width.saturating_sub(case.name.width()));
        let kind = case.kind.word();
        out.line(&[
            (style, &format!("{sign} {:<11} ", case.verdict.word())),
            (Style::Plain, &format!("{}{pad}  ", case.name)),
            (Style::Dim, &format!("{kind:<5}  ")),
            (Style::Plain, &essence(case)),
        ]);
    }
    if !results.cases.is_empty() {
        out.gap();
    }
    let words: Vec<String> = [
        (CaseVerdict::Holds, "hold"),
        (CaseVerdict::Violated, "violated"),
        (CaseVerdict::Error, "not carried out"),
        (CaseVerdict::Flaky, "flaky"),
        (CaseVerdict::NotReached, "not reached"),
    ]
    .into_iter()
    .map(|(verdict, word)| {
        let all = results.cases.iter();
        (all.filter(|case| case.verdict == verdict).count(), word)
    })
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| match (count, word) {
        (1, "hold") => "1 holds".to_owned(),
        _ => format!("{count} {word}"),
    })
    .collect();
    let (style, _) = mark(results.verdict());
    let count = results.cases.len();
    let noun = if count == 1 { "scenario" } else { "scenarios" };
    let verdict = if words.is_empty() {
        String::new()
    } else {
        format!(": {}", words.join(", "))
    };
    out.item(
        0,
        (Style::Dim, "verdict   "),
        style,
        &format!("{count} {noun}{verdict}"),
    );
}

/// What a verdict rests on, in a few words.
fn essence(case: &Case) -> String {
    if let Some(error) = &case.error {
        return first_line(&error.text);
    }
    let mut oracles: Vec<&str> = case
        .counted()
        .map(|finding| finding.oracle.as_str())
        .collect();
    oracles.dedup();
    if !oracles.is_empty() {
        return oracles.join(", ");
    }
    match (&case.coverage, case.verdict) {
        (Some(coverage), verdict) => {
            let tried = format!("{} of {} points", coverage.tried, coverage.found);
            match verdict {
                CaseVerdict::NotReached => format!("{tried}; {}", not_reached(case)),
                _ => tried,
            }
        }
        (None, CaseVerdict::NotReached) => not_reached(case),
        (None, _) => String::new(),
    }
}

/// The first line that says something; miette begins with a sign.
fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty());
    line.unwrap_or_default()
        .trim()
        .trim_start_matches("× ")
        .to_owned()
}

/// Everything that helps to understand a scenario that does not hold.
pub fn case_details(out: &mut TerminalWriter, case: &Case) {
    let (style, sign) = mark(case.verdict);
    out.line(&[
        (style, &format!("{sign} {}  ", case.verdict.word())),
        (Style::Strong, &case.name),
    ]);
    if let Some(file) = &case.file {
        out.item(2, (Style::Dim, "file      "), Style::Plain, file);
    }
    out.item(
        2,
        (Style::Dim, "command   "),
        Style::Name,
        &command_line(&case.command),
    );
    out.gap();
    if let Some(error) = &case.error {
        for line in error.text.lines() {
            out.line(&[(Style::Plain, "  "), (Style::Plain, line)]);
        }
        out.gap();
    }
    for kind in kinds(case.counted()) {
        found(out, &kind);
    }
    budgets(out, case);
    let shown = case.counted().find_map(|finding| finding.run);
    let record = shown.or((!case.runs.is_empty()).then_some(0));
    if let Some(record) = record.and_then(|run| case.runs.get(run))
        && case.verdict != CaseVerdict::Holds
    {
        timeline(out, record);
    }
    let notes = case.all_notes();
    for note in &notes {
        out.item(2, (Style::Warn, "! "), Style::Plain, note);
    }
    if !notes.is_empty() {
        out.gap();
    }
}

fn found(out: &mut TerminalWriter, kind: &Group<'_>) {
    let finding = kind.first;
    let (style, sign) = finding_mark(finding);
    let label = format!("{sign} {:<12} ", finding.oracle);
    let mut lines = finding.text.lines();
    out.item(
        2,
        (style, &label),
        Style::Strong,
        lines.next().unwrap_or_default(),
    );
    // A difference: lines as they are.
    for line in lines {
        let style = match line.chars().next() {
            Some('+') => Style::Good,
            Some('-') => Style::Bad,
            _ => Style::Dim,
        };
        out.line(&[(Style::Plain, "      "), (style, line)]);
    }
    let first = finding.first.as_ref();
    if let Some(first) = first {
        let words = format!("at {} points, first at {first}", finding.count);
        out.item(17, (Style::Dim, ""), Style::Dim, &words);
    }
    kind.show(out, 17);
    if finding.times > 1 {
        let words = format!("shown in {} of {} runs", finding.seen, finding.times);
        out.item(17, (Style::Dim, ""), Style::Dim, &words);
    }
    if let Some(replay) = &finding.replay {
        out.command(17, replay);
    }
    if let Some(accept) = &finding.accept {
        out.item(17, (Style::Dim, "accept: "), Style::Dim, accept);
    }
    out.gap();
}

/// The latencies of a scenario, as a table.
pub fn budgets(out: &mut TerminalWriter, case: &Case) {
    if case.budgets.is_empty() {
        return;
    }
    out.line(&[(
        Style::Dim,
        "  latency               bound          p50       p99   longest  runs",
    )]);
    for budget in &case.budgets {
        let (style, sign) = if budget.holds {
            (Style::Good, "✓")
        } else {
            (Style::Bad, "✗")
        };
        let bound = format!("{} {:.0} ms", budget.quantile, budget.limit_ms);
        let row = format!(
            " {:<21} {bound:<11} {:>6.0} ms {:>6.0} ms {:>6.0} ms  {:>4}",
            budget.name, budget.p50_ms, budget.p99_ms, budget.max_ms, budget.runs
        );
        out.line(&[(style, sign), (Style::Plain, &row)]);
    }
    out.gap();
}

/// Whether an event is told here; `sigproof run` shows all of them.
fn is_told(event: &EventKind) -> bool {
    matches!(
        event,
        EventKind::Output { .. }
            | EventKind::Fault { .. }
            | EventKind::Child { .. }
            | EventKind::ChildExited { .. }
            | EventKind::Exited { .. }
            | EventKind::Spins { .. }
            | EventKind::Deadline { .. }
    )
}

/// What happened in a run: output of both streams, signals, births and ends.
fn timeline(out: &mut TerminalWriter, record: &Record) {
    out.line(&[(Style::Dim, &format!("  the run: {}", record.title))]);
    let mut rows: Vec<(u64, Row)> = Vec::new();
    for event in record.events.iter().filter(|event| is_told(&event.what)) {
        let of_event = event_rows(&event.what).into_iter();
        rows.extend(of_event.map(|row| (event.at_ns, row)));
    }
    let cut = rows.len().saturating_sub(EVENTS_MAX);
    for (index, (at_ns, (style, kind, text))) in rows.iter().enumerate() {
        let place = index.checked_sub(EVENTS_MAX / 2);
        if cut > 0 && place == Some(0) {
            out.line(&[(Style::Dim, &format!("            … {cut} lines …"))]);
        }
        if place.is_some_and(|place| place < cut) {
            continue;
        }
        let at = format!("{:>9.1} ms", *at_ns as f64 / 1e6);
        out.line(&[
            (Style::Dim, &at),
            (*style, &format!(" {kind:<7}")),
            (*style, text),
        ]);
    }
    out.gap();
}
