//! The report of a minimisation.

use super::findings::{command_line, count};
use super::writer::{Style, TerminalWriter};
use crate::explore::Minimized;
use crate::failure::StoredFailure;
use std::path::Path;

/// What was left out, what is left, and where it is.
pub fn minimised_report(
    out: &mut TerminalWriter,
    before: &StoredFailure,
    least: &Minimized,
    file: Option<&Path>,
) {
    let item = |out: &mut TerminalWriter, head: &str, text: &str| {
        let head = format!("{head:<10}");
        out.item(0, (Style::Dim, &head), Style::Plain, text);
    };
    let expected = &before.expected;
    item(
        out,
        "stored",
        &format!("{}: {}", expected.oracle, expected.text),
    );
    let (seen, times) = least.seen;
    item(
        out,
        "repeated",
        &format!("{seen} of {} show it", count(times as usize, "run")),
    );
    for dropped in &least.dropped {
        item(out, "left out", dropped);
    }
    if least.seen.0 > 0 {
        let after = &least.failure;
        item(out, "command", &command_line(&after.target.command));
        for (place, step) in after.schedule.steps.iter().enumerate() {
            let head = if place == 0 { "schedule" } else { "" };
            item(out, head, &format!("{}. {step}", place + 1));
        }
        if let Some(packed) = &after.packed {
            let paths: Vec<&str> = packed
                .entries
                .iter()
                .map(|entry| entry.path.as_str())
                .collect();
            if !paths.is_empty() {
                item(out, "files", &paths.join(", "));
            }
        }
    }
    for note in &least.notes {
        out.item(0, (Style::Warn, "! "), Style::Plain, note);
    }
    item(out, "took", &count(least.runs, "run"));
    let (style, verdict) = match (seen, least.dropped.is_empty()) {
        (0, _) => (
            Style::Warn,
            "≈ it does not show any more, so there is nothing to leave out".to_owned(),
        ),
        (_, true) => (Style::Good, "✓ all of it is needed".to_owned()),
        _ => {
            let (seen, times) = least.confirmed;
            let words = format!("✓ smaller, and shown by {seen} of {times} runs");
            (Style::Good, words)
        }
    };
    out.item(0, (Style::Dim, "verdict   "), style, &verdict);
    if let Some(file) = file {
        out.command(10, &format!("sigproof replay {}", file.display()));
    }
}
