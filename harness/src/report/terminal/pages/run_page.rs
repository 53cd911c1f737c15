//! The page of one run: what happened when, what the screen shows, what the oracles say.

use crate::facts::Run;
use crate::report::terminal::finding::{explanations, head, repeated};
use crate::report::terminal::text::{command_line, human};
use crate::report::terminal::timeline::timeline;
use crate::report::terminal::verdict::verdict_line;
use crate::report::terminal::writer::{Style, TerminalWriter};
use crate::session::{Case, Finding, Kind, OracleVerdict, Record, ShownRun};
use std::time::Duration;

/// The page of a run, or of a replay's last run.
pub(crate) fn run_page(out: &mut TerminalWriter, case: &Case, files: bool) {
    out.line(&[
        (Style::Strong, "sigproof run  "),
        (Style::Name, &command_line(&case.command)),
    ]);
    if case.times.baseline_ns > 0 {
        let baseline = human(Duration::from_nanos(case.times.baseline_ns));
        let words = format!("{baseline} undisturbed");
        out.item(0, (Style::Dim, "baseline  "), Style::Plain, &words);
    }
    out.gap();
    if let Some(shown) = &case.shown {
        timeline(out, &shown.run, files);
        screen(out, shown);
    }
    oracles(out, case);
    out.gap();
    let replay = case.kind == Kind::Replay;
    let notes = case.told_notes();
    if let Some(shown) = &case.shown {
        limits(out, &shown.run, if replay { &[] } else { &notes });
        usage(out, &shown.run);
    }
    if let Some(replay) = &case.replay {
        for note in &case.notes {
            out.item(0, (Style::Warn, "! "), Style::Plain, note);
        }
        let stored = format!("{}: {}", replay.oracle, replay.text);
        out.item(0, (Style::Dim, "stored    "), Style::Plain, &stored);
    }
    explanations(out, case);
    verdict_line(out, case);
}

fn screen(out: &mut TerminalWriter, shown: &ShownRun) {
    let (Some(terminal), Some(lines)) = (&shown.run.terminal, &shown.screen) else {
        return;
    };
    out.line(&[
        (Style::Strong, "screen at the end"),
        (
            Style::Dim,
            &format!("  ({} rows, {} columns)", terminal.size.0, terminal.size.1),
        ),
    ]);
    out.quote(&lines.join("\n"));
    out.gap();
}

/// What each oracle says; of a run each finding with how often it showed, of a replay what the last run violates.
fn oracles(out: &mut TerminalWriter, case: &Case) {
    let evidence = match (case.kind, case.runs.first()) {
        (Kind::Replay, Some(record)) => of_record(record),
        _ => case.findings.clone(),
    };
    for oracle in &case.oracles {
        let found = || evidence.iter().filter(|one| one.oracle == oracle.name);
        for finding in found() {
            head(out, finding);
            repeated(out, finding);
        }
        match oracle.verdict {
            _ if found().next().is_some() => {}
            OracleVerdict::NotApplicable => out.line(&[
                (Style::Dim, "– "),
                (Style::Dim, &format!("{:<11} ", oracle.name)),
                (Style::Dim, oracle.reason.as_deref().unwrap_or_default()),
            ]),
            _ => out.line(&[(Style::Good, "✓ "), (Style::Plain, &oracle.name)]),
        }
    }
}

/// What this run violates. How often it shows is told by the verdict of the replay, which ran it again.
fn of_record(record: &Record) -> Vec<Finding> {
    let evidence = record.evidence.iter();
    evidence
        .map(|one| Finding {
            oracle: one.oracle.clone(),
            subject: one.subject.clone(),
            text: one.text.clone(),
            ..Finding::default()
        })
        .collect()
}

/// What limits what this run can tell.
fn limits(out: &mut TerminalWriter, run: &Run, notes: &[String]) {
    for limit in run.limits.iter().chain(notes) {
        out.item(0, (Style::Warn, "! "), Style::Plain, limit);
    }
    for (index, fired) in run.fired_ns.iter().enumerate() {
        if fired.is_none() {
            let why = if run.inapplicable.contains(&index) {
                "had no effect: no matching process or call"
            } else {
                "was not reached: the target ended before its trigger was met"
            };
            let words = format!("step #{} {why}", index + 1);
            out.item(0, (Style::Warn, "! "), Style::Plain, &words);
        }
    }
}

fn usage(out: &mut TerminalWriter, run: &Run) {
    let usage = run.usage;
    let words = format!(
        "{} of processor time, {} MiB at most",
        human(Duration::from_micros(usage.user_us + usage.system_us)),
        usage.max_rss_kib / 1024
    );
    out.item(0, (Style::Dim, "usage     "), Style::Plain, &words);
}
