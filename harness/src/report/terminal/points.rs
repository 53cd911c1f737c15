//! The map of points, and how much of it was tried.

use super::findings::{count, human};
use super::writer::{Style, TerminalWriter};
use crate::explore::{CallSites, Coverage, PointFilter, Share, SweepReport};
use crate::oracle::Baseline;
use std::time::Duration;

/// Shares that one line names.
const SHARES_MAX: usize = 8;

/// The map that `sigproof points` prints. With `sites` each point is followed by the stack of the thread that comes by.
pub fn points_map(
    out: &mut TerminalWriter,
    baseline: &Baseline,
    filter: &PointFilter,
    sites: Option<&CallSites>,
) {
    let map = &baseline.points;
    let shown: Vec<_> = map
        .points
        .iter()
        .filter(|point| filter.wants(point))
        .collect();
    for point in &shown {
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
        let stack = sites.map_or(&[][..], |sites| sites.stack(&point.key));
        for frame in stack {
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
    out.gap();
    out.item(
        0,
        (Style::Strong, ""),
        Style::Plain,
        &format!(
            "{} of {} points; {} calls passed over (they failed and changed nothing); {} unsteady",
            shown.len(),
            map.points.len(),
            map.passed_over,
            map.unsteady
        ),
    );
    let nothing = CallSites::default();
    let covered = Coverage::of_map(shown.into_iter(), sites.unwrap_or(&nothing));
    for (label, shares) in [
        ("by call    ", &covered.by_call),
        ("by function ", &covered.by_function),
    ] {
        let words = list(shares, usize::MAX, |share| {
            format!("{} {}", share.name, share.found)
        });
        if !shares.is_empty() {
            out.item(
                0,
                (Style::Dim, &format!("{label:<13}")),
                Style::Plain,
                &words,
            );
        }
    }
}

/// The lines of a sweep's summary that say how much was tried of each call and of each function.
pub(crate) fn covered(out: &mut TerminalWriter, report: &SweepReport) {
    let Some(covered) = &report.covered else {
        return;
    };
    for (what, shares) in [
        ("call", &covered.by_call),
        ("function", &covered.by_function),
    ] {
        let whole = shares
            .iter()
            .filter(|share| share.tried == share.found)
            .count();
        let mut words = format!("by {what}: {whole} of {} wholly", count(shares.len(), what));
        if shares.is_empty() {
            continue;
        }
        // What is missing is what a reader looks for; without that, where most points are.
        let mut parts: Vec<Share> = shares
            .iter()
            .filter(|share| share.tried < share.found)
            .cloned()
            .collect();
        if parts.is_empty() {
            parts.clone_from(shares);
        } else {
            words.push_str("; not wholly");
        }
        let named = list(&parts, SHARES_MAX, |share| {
            format!("{} {}/{}", share.name, share.tried, share.found)
        });
        out.item(
            0,
            (Style::Dim, "          "),
            Style::Dim,
            &format!("{words}: {named}"),
        );
    }
}

fn list(shares: &[Share], most: usize, word: impl Fn(&Share) -> String) -> String {
    let mut words: Vec<String> = shares.iter().take(most).map(word).collect();
    if shares.len() > most {
        words.push(format!("{} more", shares.len() - most));
    }
    words.join(", ")
}
