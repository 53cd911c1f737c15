//! The page that a session of one case ends with.

use super::minimize_page::minimize_page;
use super::run_page::run_page;
use crate::report::terminal::coverage::coverage;
use crate::report::terminal::finding::{explanations, finding};
use crate::report::terminal::group::{Group, kinds};
use crate::report::terminal::text::{count, human};
use crate::report::terminal::verdict::verdict_line;
use crate::report::terminal::writer::{Style, TerminalWriter};
use crate::session::{Case, Finding, FuzzSummary, Kind, Regressions};
use std::time::Duration;

/// Names and reasons that a note lists.
const NAMES_MAX: usize = 3;
const REASONS_MAX: usize = 5;

/// The page of a case, whatever was done. With `files`, that of a run shows every call that concerns a file.
pub fn session_page(out: &mut TerminalWriter, case: &Case, files: bool) {
    match case.kind {
        Kind::Sweep | Kind::Fuzz => search_page(out, case),
        Kind::Run | Kind::Replay => run_page(out, case, files),
        Kind::Minimize => minimize_page(out, case),
    }
}

fn search_page(out: &mut TerminalWriter, case: &Case) {
    // A schedule stands for itself; findings at points that are of one kind are told together.
    let groups = match case.kind {
        Kind::Fuzz => case.counted().map(Group::of_one).collect(),
        _ => kinds(case.counted()),
    };
    for kind in groups {
        finding(out, &kind, case);
        out.gap();
    }
    before_ready(out, case);
    at_start(out, case);
    notes(out, case);
    if let Some(requests) = &case.requests {
        let words = requests.words();
        out.item(0, (Style::Dim, "clients   "), Style::Plain, &words);
    }
    coverage(out, case);
    unjudged(out, case);
    times(out, case);
    if let Some(fuzz) = &case.fuzz {
        let seed = format!("{}  (--seed {} repeats it)", fuzz.seed, fuzz.seed);
        out.item(0, (Style::Dim, "seed      "), Style::Plain, &seed);
        if let Some(kept) = &fuzz.regressions {
            regressions(out, kept);
        }
    }
    explanations(out, case);
    verdict_line(out, case);
}

fn before_ready(out: &mut TerminalWriter, case: &Case) {
    let early = || case.findings.iter().filter(|finding| finding.before_ready);
    if early().next().is_none() {
        return;
    }
    out.line(&[
        (Style::Strong, "before ready"),
        (
            Style::Dim,
            "  (earlier than --after; not part of the verdict)",
        ),
    ]);
    let found = case.coverage.as_ref().map_or(0, |coverage| coverage.found);
    let words = |finding: &Finding| {
        format!(
            "{} {}: {} of {found} points",
            finding.oracle, finding.subject, finding.count
        )
    };
    for finding in early() {
        out.item(2, (Style::Warn, "· "), Style::Plain, &words(finding));
    }
    out.gap();
}

/// What a page of the docs says of it.
const START_PAGE: &str = "docs/oracles.md#the-start-of-an-interpreter";

/// What shows while an interpreter starts: one line, whatever it is.
fn at_start(out: &mut TerminalWriter, case: &Case) {
    let shown: Vec<&Finding> = case
        .findings
        .iter()
        .filter(|finding| finding.at_start)
        .collect();
    let Some(first) = shown.first() else {
        return;
    };
    let points = shown.iter().map(|finding| finding.count).max().unwrap_or(0);
    let words = format!(
        "the start of the interpreter, {}, is no part of the verdict (--strict-start makes it one): {} {}; what to do \
         about it: {START_PAGE}",
        count(points, "point"),
        first.oracle,
        first.subject,
    );
    out.item(0, (Style::Warn, "· "), Style::Plain, &words);
    out.gap();
}

/// What the reader should know.
fn notes(out: &mut TerminalWriter, case: &Case) {
    let mut notes = case.told_notes();
    if let Some(fuzz) = &case.fuzz {
        notes.extend(unstruck(fuzz));
    }
    notes.extend(untried(case));
    let limits = case.limits.iter();
    notes.extend(limits.map(|limit| format!("in {}: {}", count(limit.runs, "run"), limit.text)));
    let failed = case.failed_runs.iter().take(REASONS_MAX);
    notes.extend(failed.map(|run| format!("a run failed: {run}")));
    for note in &notes {
        out.item(0, (Style::Warn, "! "), Style::Plain, note);
    }
    if !notes.is_empty() {
        out.gap();
    }
}

fn unstruck(fuzz: &FuzzSummary) -> Option<String> {
    (fuzz.unstruck > 0).then(|| {
        format!(
            "in {} the target ended before anything came due",
            count(fuzz.unstruck, "run")
        )
    })
}

/// Points of which nothing is known.
fn untried(case: &Case) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(coverage) = &case.coverage else {
        return notes;
    };
    if coverage.not_reached > 0 {
        let names = coverage.unreached.iter().take(NAMES_MAX);
        let names: Vec<&str> = names.map(String::as_str).collect();
        let more = if coverage.not_reached > NAMES_MAX {
            ", …"
        } else {
            ""
        };
        notes.push(format!(
            "{} points were not reached, so nothing is known of them: {}{more}",
            coverage.not_reached,
            names.join(", "),
        ));
    }
    if coverage.unsteady > 0 {
        notes.push(format!(
            "{} calls were not made in every undisturbed run: the target differs from run to run",
            coverage.unsteady
        ));
    }
    if coverage.not_met_again > 0 {
        notes.push(format!(
            "{} points came up in some runs only, and not again when they were to be tried",
            coverage.not_met_again
        ));
    }
    if coverage.untried > 0 {
        notes.push(format!(
            "there was no time, or there were tries enough ({}): {} untried, {} of {} classes tried",
            match coverage.pairs {
                Some(_) => "--for, --pairs",
                None => "--for; 40 of a class",
            },
            count(
                coverage.untried,
                if coverage.pairs.is_some() {
                    "pair"
                } else {
                    "point"
                }
            ),
            coverage.classes_tried,
            coverage.classes
        ));
    }
    if coverage.cut_short > 0 {
        notes.push(format!(
            "interrupted: {} points were not tried",
            coverage.cut_short
        ));
    }
    notes
}

/// The oracles that judged nothing, each with the reason.
fn unjudged(out: &mut TerminalWriter, case: &Case) {
    let unjudged = case.unjudged();
    if unjudged.is_empty() {
        return;
    }
    let words: Vec<String> = unjudged
        .iter()
        .map(|(oracle, reason)| format!("{oracle} ({reason})"))
        .collect();
    out.item(0, (Style::Dim, "unjudged  "), Style::Dim, &words.join(", "));
}

fn times(out: &mut TerminalWriter, case: &Case) {
    let runs = case.coverage.as_ref().map_or(0, |coverage| coverage.runs);
    let sweeping = Duration::from_nanos(case.times.sweeping_ns);
    let rate = runs as f64 / sweeping.as_secs_f64().max(1e-9);
    let rate = match &case.fuzz {
        None => format!("{rate:.0} points a second"),
        Some(_) => format!("{rate:.0} a second"),
    };
    let mut words = format!(
        "{} for {} ({rate}), {} in all",
        human(sweeping),
        count(runs, "run"),
        human(Duration::from_nanos(case.times.elapsed_ns)),
    );
    if let Some(fuzz) = &case.fuzz {
        words.push_str(&format!("; {}", fuzz.ended.words()));
    }
    out.item(0, (Style::Dim, "time      "), Style::Plain, &words);
}

/// What earlier sessions left, and what this one leaves.
fn regressions(out: &mut TerminalWriter, kept: &Regressions) {
    let mut words = Vec::new();
    if kept.tried > 0 {
        words.push(format!(
            "{} tried, {} failing again",
            count(kept.tried, "schedule"),
            kept.shown
        ));
    }
    if kept.added > 0 {
        words.push(format!("{} kept", count(kept.added, "schedule")));
    }
    if words.is_empty() {
        return;
    }
    let words = format!("{} ({})", words.join(", "), kept.file);
    out.item(0, (Style::Dim, "earlier   "), Style::Plain, &words);
}
