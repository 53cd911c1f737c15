//! The verdict of one case in a line, and the mark of a verdict.

use super::group::{counted, kinds};
use super::text::plural;
use super::writer::{Style, TerminalWriter};
use crate::session::{Case, CaseVerdict, Finding, Kind, Shortfall};

/// The sign of a verdict, the same wherever one is shown on the terminal.
pub(crate) fn mark(verdict: CaseVerdict) -> (Style, &'static str) {
    match verdict {
        CaseVerdict::Holds => (Style::Good, "✓"),
        CaseVerdict::NotReached => (Style::Warn, "?"),
        CaseVerdict::Flaky => (Style::Warn, "≈"),
        CaseVerdict::Violated => (Style::Bad, "✗"),
        CaseVerdict::Error => (Style::Bad, "!"),
    }
}

/// The sign of a finding.
pub(crate) fn finding_mark(finding: &Finding) -> (Style, &'static str) {
    mark(if finding.flaky {
        CaseVerdict::Flaky
    } else if finding.unconfirmed {
        CaseVerdict::NotReached
    } else {
        CaseVerdict::Violated
    })
}

/// The line that a session of one case ends with.
pub(crate) fn verdict_line(out: &mut TerminalWriter, case: &Case) {
    let (style, sign) = mark(case.verdict);
    let sentence = match case.verdict {
        CaseVerdict::Holds => holds(case),
        CaseVerdict::NotReached => not_reached(case),
        CaseVerdict::Flaky => flaky(case),
        CaseVerdict::Error => error(case),
        CaseVerdict::Violated => violated(case),
    };
    let words = format!("{sign} {sentence}");
    out.item(0, (Style::Dim, "verdict   "), style, &words);
}

fn holds(case: &Case) -> String {
    let steps = case.shown.as_ref().map(|shown| shown.run.fired_ns.len());
    match case.kind {
        Kind::Replay => format!("not reproduced: {}", replayed(case)),
        Kind::Minimize => minimized(case),
        Kind::Fuzz => "nothing found; every contract held in these runs".to_owned(),
        Kind::Run if steps == Some(0) => "undisturbed".to_owned(),
        Kind::Run if case.times.baseline_ns == 0 => {
            "what can be judged without a baseline holds".to_owned()
        }
        Kind::Sweep => {
            let part = case
                .coverage
                .as_ref()
                .filter(|coverage| coverage.untried > 0);
            match part {
                Some(coverage) => format!(
                    "every contract holds where it was tried: {} of {} classes",
                    coverage.classes_tried, coverage.classes
                ),
                None => match case.shard {
                    Some(shard) => format!("every contract holds in shard {shard}"),
                    None => "every contract holds".to_owned(),
                },
            }
        }
        Kind::Run => "every contract holds".to_owned(),
    }
}

/// Why a case without findings does not hold.
pub(crate) fn not_reached(case: &Case) -> String {
    if let Some(error) = &case.error {
        return error.text.clone();
    }
    match (case.kind, case.shortfall()) {
        (Kind::Replay, _) => format!("not reproduced: {}", replayed(case)),
        (Kind::Minimize, _) => format!("{}; it was interrupted", minimized(case)),
        (_, Some(Shortfall::NothingTried)) => "nothing was tried".to_owned(),
        (Kind::Run, Some(Shortfall::NotReached(_))) => {
            "the schedule was not carried out whole".to_owned()
        }
        (_, Some(Shortfall::NotReached(_))) => {
            "no finding, but some points were not reached".to_owned()
        }
        (_, Some(Shortfall::Killed)) => "it did not end by itself; it was killed".to_owned(),
        (Kind::Sweep, Some(Shortfall::CutShort(_) | Shortfall::Interrupted)) => {
            "no finding so far; the sweep was interrupted".to_owned()
        }
        (_, Some(Shortfall::CutShort(_) | Shortfall::Interrupted)) => {
            "no finding so far; it was interrupted".to_owned()
        }
        (_, Some(Shortfall::NotFollowed(_))) => {
            format!("not proven: {}", case.not_followed.join("; "))
        }
        (_, None) => "not everything was tried".to_owned(),
    }
}

fn flaky(case: &Case) -> String {
    match case.kind {
        Kind::Replay => format!("flaky: {}", replayed(case)),
        Kind::Minimize => minimized(case),
        Kind::Run | Kind::Sweep | Kind::Fuzz => {
            let words: Vec<String> = [
                (number(case, |finding| finding.flaky), "flaky"),
                (number(case, |finding| finding.unconfirmed), "unconfirmed"),
            ]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word} {}", plural(count)))
            .collect();
            words.join(", ")
        }
    }
}

fn error(case: &Case) -> String {
    if let Some(error) = &case.error {
        return error.text.clone();
    }
    match number(case, |finding| finding.flaky) {
        0 => "no finding, but some runs failed".to_owned(),
        flaky => format!("some runs failed; {flaky} flaky {}", plural(flaky)),
    }
}

fn violated(case: &Case) -> String {
    let of_kinds = || kinds(case.counted().filter(|finding| finding.is_sure())).len();
    let sure = number(case, Finding::is_sure);
    let flaky = number(case, |finding| finding.flaky);
    let unconfirmed = number(case, |finding| finding.unconfirmed);
    let mut words = match case.kind {
        Kind::Replay => return format!("reproduced: {}", replayed(case)),
        Kind::Run => format!("{sure} violated"),
        Kind::Sweep => counted(sure, of_kinds()),
        Kind::Fuzz | Kind::Minimize => format!("{sure} {}", plural(sure)),
    };
    if flaky > 0 {
        words.push_str(&format!(", {flaky} flaky"));
    }
    if unconfirmed > 0 {
        words.push_str(&format!(", {unconfirmed} unconfirmed"));
    }
    if case.failed_runs() > 0 {
        words.push_str("; some runs failed");
    }
    words
}

fn number(case: &Case, wanted: impl Fn(&Finding) -> bool) -> usize {
    case.counted().filter(|finding| wanted(finding)).count()
}

fn replayed(case: &Case) -> String {
    let Some(replay) = &case.replay else {
        return String::new();
    };
    let missed = replay.times - replay.reached;
    let reached = match missed {
        0 => String::new(),
        missed => format!("; in {missed} the point was not reached"),
    };
    format!(
        "{} of {} runs show it again{reached}",
        replay.shown, replay.times
    )
}

fn minimized(case: &Case) -> String {
    match &case.minimize {
        Some(minimize) if minimize.seen == 0 => {
            "it does not show any more, so there is nothing to leave out".to_owned()
        }
        Some(minimize) if !minimize.dropped.is_empty() => {
            let (seen, times) = (minimize.confirmed, minimize.of);
            format!("smaller, and shown by {seen} of {times} runs")
        }
        _ => "all of it is needed".to_owned(),
    }
}
