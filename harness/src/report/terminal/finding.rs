//! One finding, as the page of a session shows it.

use super::group::Group;
use super::text::{count, without_hashes};
use super::verdict::finding_mark;
use super::writer::{Style, TerminalWriter};
use crate::session::{Case, Coverage, Finding, FuzzOrigin};
use std::collections::BTreeSet;

/// A finding of a sweep or of a fuzz session, with the others of its kind.
pub(crate) fn finding(out: &mut TerminalWriter, kind: &Group<'_>, case: &Case) {
    let finding = kind.first;
    head(out, finding);
    match (&finding.fuzz, &case.coverage) {
        (Some(origin), _) => schedule(out, origin),
        (None, Some(coverage)) => points(out, kind, coverage),
        (None, None) => {}
    }
    if let Some(between) = &finding.between {
        out.item(14, (Style::Dim, ""), Style::Plain, &between.text);
    }
    repeated(out, finding);
}

/// The first line of a finding: whether it is sure, its oracle, what is wrong.
pub(crate) fn head(out: &mut TerminalWriter, finding: &Finding) {
    let (style, sign) = finding_mark(finding);
    let head = format!("{sign} {:<11} ", finding.oracle);
    out.item(
        0,
        (style, &head),
        Style::Strong,
        &without_hashes(&finding.text),
    );
}

/// At which points of how many.
fn points(out: &mut TerminalWriter, kind: &Group<'_>, coverage: &Coverage) {
    let finding = kind.first;
    let what = coverage.pairs.as_ref().map_or("point", |_| "pair");
    let found = match finding.quiet {
        0 => count(coverage.found, what),
        _ => format!(
            "{} points and calls without an effect",
            coverage.found + coverage.quiet.tried
        ),
    };
    let first = finding.first.as_deref().unwrap_or_default();
    let place = if finding.names.len() == 1 {
        format!("at {} of {found}: {first}", finding.count)
    } else {
        // Some of them were not tried: they lie between two that show it.
        let last = finding
            .last
            .as_deref()
            .filter(|_| finding.count > finding.names.len());
        // What was run is less than what that stands for.
        let shown = match (finding.count > finding.names.len(), coverage.runs) {
            (true, runs) if runs > 0 => {
                format!(
                    " (shown by {} of {})",
                    finding.names.len(),
                    count(runs, "run")
                )
            }
            _ => String::new(),
        };
        match last {
            Some(last) => format!(
                "at {} of {found}{shown}, from {first} to {last}",
                finding.count
            ),
            None => format!("at {} of {found}{shown}, first at {first}", finding.count),
        }
    };
    out.item(14, (Style::Dim, ""), Style::Dim, &place);
    kind.show(out, 14);
    if !kind.others.is_empty() {
        together(out, kind, &found);
    }
}

/// At how many points all of a kind show, and up to which.
fn together(out: &mut TerminalWriter, kind: &Group<'_>, found: &str) {
    let all = || std::iter::once(kind.first).chain(kind.others.iter().copied());
    let points: BTreeSet<&String> = all().flat_map(|finding| &finding.names).collect();
    let last = all()
        .flat_map(|finding| finding.places.iter().zip(&finding.names))
        .max_by_key(|(place, _)| **place);
    let last = last.map(|(_, name)| name.as_str()).unwrap_or_default();
    let words = format!("together at {} of {found}, up to {last}", points.len());
    out.item(14, (Style::Dim, ""), Style::Dim, &words);
}

/// The steps of a random schedule, and how it was found.
fn schedule(out: &mut TerminalWriter, origin: &FuzzOrigin) {
    for (place, step) in origin.schedule.iter().enumerate() {
        let head = format!("{}. ", place + 1);
        out.item(14, (Style::Dim, &head), Style::Plain, step);
    }
    let mut how = match origin.run {
        0 => "found by an earlier session".to_owned(),
        run => format!("found in run {run}"),
    };
    if origin.shrinking > 0 {
        how.push_str(&format!(
            " with {}, shrunk to {} in {}",
            count(origin.original.len(), "fault"),
            origin.schedule.len(),
            count(origin.shrinking, "run")
        ));
    }
    out.item(14, (Style::Dim, ""), Style::Dim, &how);
}

/// What leads to the explanation of each oracle that found something: once, whatever the number of its findings.
pub(crate) fn explanations(out: &mut TerminalWriter, case: &Case) {
    let mut oracles: Vec<&str> = Vec::new();
    for finding in case.counted() {
        if !oracles.contains(&finding.oracle.as_str()) {
            oracles.push(&finding.oracle);
        }
    }
    if let Some((first, others)) = oracles.split_first() {
        let more = match others {
            [] => String::new(),
            _ => format!("; also {}", others.join(", ")),
        };
        let words = format!("sigproof explain {first}{more}");
        out.item(0, (Style::Dim, "explain   "), Style::Plain, &words);
    }
}

/// The last lines of a finding: how often it showed when it was run again, and the command that repeats it.
pub(crate) fn repeated(out: &mut TerminalWriter, finding: &Finding) {
    let (seen, times) = (finding.seen, finding.times);
    if finding.flaky {
        let words = format!("flaky: shown in {seen} of {times} runs of the same schedule");
        out.item(14, (Style::Warn, ""), Style::Warn, &words);
    } else if times > 1 {
        let words = format!("repeated: {seen} of {times} runs");
        out.item(14, (Style::Dim, ""), Style::Dim, &words);
    } else if times == 1 {
        let words = match finding.unconfirmed {
            true => "unconfirmed: the session was interrupted before it was run again",
            false => "unconfirmed: it was not run again",
        };
        out.item(14, (Style::Warn, ""), Style::Warn, words);
    }
    if let Some(replay) = &finding.replay {
        out.command(14, replay);
    }
    if let Some(accept) = &finding.accept {
        out.item(14, (Style::Dim, "accept: "), Style::Dim, accept);
    }
}
