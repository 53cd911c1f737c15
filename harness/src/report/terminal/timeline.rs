//! The report of one run: what happened when, what the screen shows, what the
//! oracles say.

use super::findings::{command_line, human};
use super::writer::{Style, TerminalWriter};
use crate::explore::RunOnceReport;
use crate::facts::signals;
use crate::facts::{EventKind, HandlerFact, Run, Stream};
use crate::oracle::Verdict;
use crate::target::{Screen, Target};
use std::time::Duration;

/// Lines of a timeline before it is cut in the middle.
const LINES_MAX: usize = 120;

/// The page of a run.
pub fn run_report(out: &mut TerminalWriter, target: &Target, report: &RunOnceReport, files: bool) {
    let run = &report.trial.run;
    out.line(&[
        (Style::Strong, "sigproof run  "),
        (Style::Name, &command_line(&target.command)),
    ]);
    if let Some(baseline) = report.baseline_ns {
        out.item(
            0,
            (Style::Dim, "baseline  "),
            Style::Plain,
            &format!("{} undisturbed", human(Duration::from_nanos(baseline))),
        );
    }
    out.gap();
    timeline(out, run, files);
    screen(out, run);
    verdicts(out, report);
}

fn timeline(out: &mut TerminalWriter, run: &Run, files: bool) {
    let mut rows: Vec<(String, Style, &'static str, String)> = Vec::new();
    for event in &run.events {
        let at = stamp(event.at_ns);
        let (style, kind, text) = match &event.what {
            EventKind::Started { pid } => (Style::Dim, "start", format!("pid {pid}")),
            EventKind::Output { stream, bytes } => {
                for line in visible_lines(bytes) {
                    let kind = match stream {
                        Stream::Stdout => "out",
                        Stream::Stderr => "err",
                        Stream::Terminal => "term",
                    };
                    rows.push((at.clone(), Style::Plain, kind, line));
                }
                continue;
            }
            EventKind::Flooded { .. } => {
                (Style::Warn, "flood", "more output than is kept".to_owned())
            }
            EventKind::Child { pid, parent } => {
                (Style::Dim, "child", format!("pid {pid} of {parent}"))
            }
            EventKind::Exec { pid, command } => {
                (Style::Dim, "exec", format!("pid {pid}: {command}"))
            }
            // What a runtime installs for its own faults is no news.
            EventKind::Handler { signal, .. } if !is_asked(*signal) => continue,
            EventKind::Handler { pid, signal } => (
                Style::Dim,
                "handler",
                format!("pid {pid} handles {}", signals::name(*signal)),
            ),
            EventKind::File { pid, call } => {
                if !files {
                    continue;
                }
                (Style::Dim, "file", format!("pid {pid}: {call}"))
            }
            EventKind::Fault {
                step,
                fault,
                met,
                signal,
            } => (
                Style::Warn,
                signal.map_or("FAULT", |_| "SIGNAL"),
                format!("#{}: {fault}, at {met}", step + 1),
            ),
            EventKind::Delivered {
                pid,
                tid,
                thread,
                signal,
                times,
                ..
            } => {
                let thread = if pid == tid {
                    String::new()
                } else {
                    format!(", thread {thread} ({tid})")
                };
                let often = if *times > 1 {
                    format!(", {times} times in a row")
                } else {
                    String::new()
                };
                (
                    Style::Warn,
                    "taken",
                    format!("{} by pid {pid}{thread}{often}", signals::name(*signal)),
                )
            }
            EventKind::HandlerReturned(fact) => (Style::Dim, "handler", handled(fact)),
            EventKind::Failpoint { name, nth } => {
                (Style::Dim, "at", format!("failpoint {name}#{nth}"))
            }
            EventKind::ChildExited { pid, status } => {
                (Style::Dim, "ended", format!("pid {pid}: {status}"))
            }
            EventKind::Exited { status } => (Style::Strong, "exit", status.to_string()),
            EventKind::Spins { pid, signal, times } => (
                Style::Bad,
                "HANGS",
                format!(
                    "pid {pid} sent itself {} {times} times and did nothing else; killed",
                    signals::name(*signal)
                ),
            ),
            EventKind::Deadline { limit_ms } => (
                Style::Bad,
                "HANGS",
                format!("nothing ended it within {limit_ms} ms; killed"),
            ),
        };
        rows.push((at, style, kind, text));
    }
    let cut = rows.len().saturating_sub(LINES_MAX);
    for (index, (at, style, kind, text)) in rows.iter().enumerate() {
        if cut > 0 && index == LINES_MAX / 2 {
            out.line(&[(Style::Dim, &format!("            … {cut} lines …"))]);
        }
        if cut > 0 && (LINES_MAX / 2..LINES_MAX / 2 + cut).contains(&index) {
            continue;
        }
        out.line(&[
            (Style::Dim, at),
            (*style, &format!(" {kind:<8}")),
            (*style, text),
        ]);
    }
    out.gap();
}

/// What a handler did, in a line.
fn handled(fact: &HandlerFact) -> String {
    const SHOWN: usize = 6;
    let mut calls: Vec<&str> = fact.calls.iter().take(SHOWN).map(String::as_str).collect();
    if fact.calls.len() > SHOWN || fact.more_calls > 0 {
        calls.push("…");
    }
    format!(
        "of {} {} after {}{}{}",
        signals::name(fact.signal),
        if fact.returned { "returns" } else { "is left" },
        human(Duration::from_nanos(fact.took_ns)),
        if calls.is_empty() { "" } else { ", calls " },
        calls.join(", ")
    )
}

/// A signal by which somebody asks a program to stop, or to pause.
fn is_asked(signal: i32) -> bool {
    matches!(
        signal,
        libc::SIGHUP | libc::SIGINT | libc::SIGQUIT | libc::SIGTERM | libc::SIGTSTP | libc::SIGCONT
    )
}

fn stamp(at_ns: u64) -> String {
    format!("{:>9.1} ms", at_ns as f64 / 1e6)
}

/// Lines of output with control bytes made visible; colours are left out.
pub(crate) fn visible_lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let plain = anstream::adapter::strip_str(&text).to_string();
    plain
        .split('\n')
        .map(|line| line.trim_end_matches('\r'))
        .filter(|line| !line.is_empty())
        .map(|line| {
            line.replace('\r', "␍")
                .chars()
                .map(|c| if c.is_control() { '·' } else { c })
                .collect()
        })
        .collect()
}

fn screen(out: &mut TerminalWriter, run: &Run) {
    let Some(terminal) = &run.terminal else {
        return;
    };
    let mut output = run.stdout.head.clone();
    output.extend(&run.stdout.tail);
    let screen = Screen::render(&output, terminal.size);
    out.line(&[
        (Style::Strong, "screen at the end"),
        (
            Style::Dim,
            &format!("  ({} rows, {} columns)", terminal.size.0, terminal.size.1),
        ),
    ]);
    out.quote(&screen.lines.join("\n"));
    out.gap();
}

fn verdicts(out: &mut TerminalWriter, report: &RunOnceReport) {
    let mut violated = 0;
    for judgement in &report.trial.judgements {
        match &judgement.verdict {
            Verdict::Holds => {
                out.line(&[(Style::Good, "✓ "), (Style::Plain, judgement.oracle.name())])
            }
            Verdict::NotApplicable { reason } => {
                out.line(&[
                    (Style::Dim, "– "),
                    (Style::Dim, &format!("{:<11} {reason}", judgement.oracle)),
                ]);
            }
            Verdict::Violated { evidence } => {
                violated += evidence.len();
                for evidence in evidence {
                    out.item(
                        0,
                        (Style::Bad, &format!("✗ {:<11} ", judgement.oracle)),
                        Style::Strong,
                        &evidence.text,
                    );
                }
            }
        }
    }
    out.gap();
    for limit in report.trial.run.limits.iter().chain(&report.notes) {
        out.item(0, (Style::Warn, "! "), Style::Plain, limit);
    }
    for (index, fired) in report.trial.run.fired_ns.iter().enumerate() {
        if fired.is_none() {
            let why = if report.trial.run.inapplicable.contains(&index) {
                "came to nothing: there was nobody, or nothing, to do it to"
            } else {
                "was not reached: the target ended before its trigger was met"
            };
            let words = format!("step #{} {why}", index + 1);
            out.item(0, (Style::Warn, "! "), Style::Plain, &words);
        }
    }
    let usage = report.trial.run.usage;
    out.item(
        0,
        (Style::Dim, "usage     "),
        Style::Plain,
        &format!(
            "{} of processor time, {} MiB at most",
            human(Duration::from_micros(usage.user_us + usage.system_us)),
            usage.max_rss_kib / 1024
        ),
    );
    let (style, verdict) = if violated > 0 {
        (Style::Bad, format!("✗ {violated} violated"))
    } else if report.not_reached() > 0 {
        (
            Style::Warn,
            "? the schedule was not carried out whole".to_owned(),
        )
    } else if report.trial.run.status.is_none() {
        (
            Style::Warn,
            "? it did not end by itself; it was killed".to_owned(),
        )
    } else if report.trial.run.fired_ns.is_empty() {
        (Style::Good, "✓ undisturbed".to_owned())
    } else {
        match report.baseline_ns {
            Some(_) => (Style::Good, "✓ every contract holds".to_owned()),
            None => (
                Style::Good,
                "✓ what can be judged without a baseline holds".to_owned(),
            ),
        }
    };
    out.item(0, (Style::Dim, "verdict   "), style, &verdict);
    if let Some(file) = &report.file {
        out.command(10, &format!("sigproof replay {}", file.display()));
    }
}
