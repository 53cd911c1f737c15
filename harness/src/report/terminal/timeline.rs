//! What happened in a run, and when.

use super::text::human;
use super::writer::{Style, TerminalWriter};
use crate::facts::signals;
use crate::facts::{Event, EventKind, HandlerFact, Run, Stream};
use std::time::Duration;

/// Lines of a timeline before it is cut in the middle.
const LINES_MAX: usize = 120;

/// A line of a timeline: how it looks, what kind of event, and the words.
pub(crate) type Row = (Style, &'static str, String);

/// A line of a timeline.
enum Line {
    /// When, and what.
    Row(String, Row),
    /// So many rows in the middle are not shown.
    Cut(usize),
}

/// What happened, line by line. Calls that concern a file are shown when `files` are wanted.
pub(crate) fn timeline(out: &mut TerminalWriter, run: &Run, files: bool) {
    for line in lines(&run.events, files) {
        match &line {
            Line::Row(at, (style, kind, text)) => out.line(&[
                (Style::Dim, at),
                (*style, &format!(" {kind:<8}")),
                (*style, text),
            ]),
            Line::Cut(_) => out.line(&[(Style::Dim, &line.plain())]),
        }
    }
    out.gap();
}

/// The same as plain lines, for those who show it in a place of their own.
pub(crate) fn timeline_lines(events: &[Event]) -> Vec<String> {
    lines(events, false).iter().map(Line::plain).collect()
}

impl Line {
    fn plain(&self) -> String {
        match self {
            Line::Row(at, (_, kind, text)) => format!("{at} {kind:<8}{text}"),
            Line::Cut(rows) => format!("            … {rows} lines …"),
        }
    }
}

/// Every line, with its time; the middle of a long timeline is cut out.
fn lines(events: &[Event], files: bool) -> Vec<Line> {
    let shown = events
        .iter()
        .filter(|event| files || !matches!(event.what, EventKind::File { .. }));
    let rows = shown.flat_map(|event| {
        let of_event = event_rows(&event.what).into_iter();
        of_event.map(|row| Line::Row(stamp(event.at_ns), row))
    });
    let mut lines: Vec<Line> = rows.collect();
    let cut = lines.len().saturating_sub(LINES_MAX);
    if cut > 0 {
        let middle = LINES_MAX / 2..LINES_MAX / 2 + cut;
        lines.splice(middle, [Line::Cut(cut)]);
    }
    lines
}

/// The lines of one event; none of what is no news.
pub(crate) fn event_rows(event: &EventKind) -> Vec<Row> {
    let row = match event {
        EventKind::Started { pid } => (Style::Dim, "start", format!("pid {pid}")),
        EventKind::Output { stream, bytes } => {
            let kind = match stream {
                Stream::Stdout => "out",
                Stream::Stderr => "err",
                Stream::Terminal => "term",
            };
            let lines = visible_lines(bytes).into_iter();
            return lines.map(|line| (Style::Plain, kind, line)).collect();
        }
        EventKind::Flooded { .. } => (Style::Warn, "flood", "more output than is kept".to_owned()),
        EventKind::Child { pid, parent } => (Style::Dim, "child", format!("pid {pid} of {parent}")),
        EventKind::Exec { pid, command } => (Style::Dim, "exec", format!("pid {pid}: {command}")),
        // What a runtime installs for its own faults is no news.
        EventKind::Handler { signal, .. } if !is_asked(*signal) => return Vec::new(),
        EventKind::Handler { pid, signal } => (
            Style::Dim,
            "handler",
            format!("pid {pid} handles {}", signals::name(*signal)),
        ),
        EventKind::File { pid, call } => (Style::Dim, "file", format!("pid {pid}: {call}")),
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
                "deliver",
                format!("{} to pid {pid}{thread}{often}", signals::name(*signal)),
            )
        }
        EventKind::HandlerReturned(fact) => (Style::Dim, "handler", handled(fact)),
        EventKind::Failpoint { name, nth } => (Style::Dim, "at", format!("failpoint {name}#{nth}")),
        EventKind::Ready { seen } => (Style::Strong, "ready", seen.clone()),
        EventKind::Client { client, what } => {
            (Style::Plain, "client", format!("{}: {what}", client + 1))
        }
        EventKind::Stop { signal } => (
            Style::Dim,
            "stop",
            format!("all is done: {}", signals::name(*signal)),
        ),
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
    vec![row]
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
