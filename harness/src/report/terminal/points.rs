//! The points of a target, one a line.

use super::coverage::list;
use super::text::human;
use super::writer::{Style, TerminalWriter};
use crate::session::{ListedPoint, PointList};
use std::time::Duration;

/// The list that `sigproof points` prints. With stacks, each point is followed by that of the thread that comes by.
pub fn point_list(out: &mut TerminalWriter, list: &PointList) {
    for point in &list.points {
        one(out, point);
    }
    out.gap();
    let words = format!(
        "{} of {} points; {} calls passed over (they failed and changed nothing); {} unsteady",
        list.points.len(),
        list.found,
        list.passed_over,
        list.unsteady
    );
    out.item(0, (Style::Strong, ""), Style::Plain, &words);
    shares(out, list);
    for what in &list.not_followed {
        out.item(0, (Style::Warn, "! "), Style::Plain, what);
    }
}

fn one(out: &mut TerminalWriter, point: &ListedPoint) {
    let kind = match (point.idle, point.steady, point.blocks, point.changes) {
        (_, false, ..) => (Style::Warn, "unsteady"),
        (true, ..) => (Style::Dim, "idle    "),
        (_, _, true, _) => (Style::Name, "waits   "),
        (_, _, _, true) => (Style::Plain, "changes "),
        _ => (Style::Dim, "        "),
    };
    let at = format!("{:>9}  ", human(Duration::from_nanos(point.at_ns)));
    out.line(&[
        (Style::Dim, &at),
        kind,
        (Style::Plain, "  "),
        (Style::Plain, &point.name.to_string()),
    ]);
    for frame in point.stack.iter().flatten() {
        let style = if frame.runtime {
            Style::Dim
        } else {
            Style::Plain
        };
        out.line(&[
            (Style::Plain, "                         "),
            (style, &frame.to_string()),
        ]);
    }
}

fn shares(out: &mut TerminalWriter, points: &PointList) {
    for (label, shares) in [
        ("by call", &points.by_call),
        ("by function", &points.by_function),
    ] {
        let words = list(shares, usize::MAX, |share| {
            format!("{} {}", share.name, share.found)
        });
        if !shares.is_empty() {
            let label = format!("{label:<13}");
            out.item(0, (Style::Dim, &label), Style::Plain, &words);
        }
    }
}
