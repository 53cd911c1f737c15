//! The page of a minimization: what was left out, what is left, and where it is.

use crate::report::terminal::text::{command_line, count};
use crate::report::terminal::verdict::verdict_line;
use crate::report::terminal::writer::{Style, TerminalWriter};
use crate::session::{Case, MinimizeSummary};

pub(crate) fn minimize_page(out: &mut TerminalWriter, case: &Case) {
    let Some(minimize) = &case.minimize else {
        return;
    };
    let stored = format!("{}: {}", minimize.oracle, minimize.text);
    item(out, "stored", &stored);
    let times = count(minimize.times as usize, "run");
    let repeated = format!("{} of {times} show it", minimize.seen);
    item(out, "repeated", &repeated);
    for dropped in &minimize.dropped {
        item(out, "left out", dropped);
    }
    if minimize.seen > 0 {
        what_is_left(out, case, minimize);
    }
    for note in &case.notes {
        out.item(0, (Style::Warn, "! "), Style::Plain, note);
    }
    item(out, "took", &count(minimize.runs, "run"));
    verdict_line(out, case);
    if let Some(file) = &minimize.file {
        out.command(10, &format!("sigproof replay {file}"));
    }
}

fn what_is_left(out: &mut TerminalWriter, case: &Case, minimize: &MinimizeSummary) {
    item(out, "command", &command_line(&case.command));
    for (place, step) in minimize.schedule.iter().enumerate() {
        let head = if place == 0 { "schedule" } else { "" };
        item(out, head, &format!("{}. {step}", place + 1));
    }
    if !minimize.files.is_empty() {
        item(out, "files", &minimize.files.join(", "));
    }
}

fn item(out: &mut TerminalWriter, head: &str, text: &str) {
    let head = format!("{head:<10}");
    out.item(0, (Style::Dim, &head), Style::Plain, text);
}
