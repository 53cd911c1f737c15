//! `messages`: a person sees what they should see.
//!
//! Lines that come whole, once and in order; lines that never come; the whole
//! transcript; the screens at each signal and at the end.

pub(crate) mod elide;
pub(crate) mod lines;
pub(crate) mod screens;
pub(crate) mod transcript;

use super::contract::Messages;
use super::verdict::{Evidence, Verdict};
use crate::facts::{ExitStatus, Run, Stream};
use crate::oracle::Context;
use crate::oracle::learn::redact::{Compiled, Redactions};
use crate::schedule::Trigger;
use similar::{ChangeTag, TextDiff};
use transcript::Line;

/// Subjects of the evidence that a whole text differs.
const TRANSCRIPT: &str = "transcript";
const SCREEN: &str = "screen";

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    let Some(messages) = &context.contract.messages else {
        return Verdict::not_applicable("nothing is expected of what a person sees");
    };
    if run.status.is_none() {
        return Verdict::not_applicable("it did not end by itself");
    }
    Verdict::of(evidence(context, messages, run))
}

fn evidence(context: &Context<'_>, messages: &Messages, run: &Run) -> Vec<Evidence> {
    let redactions = messages.redactions.compiled();
    let said = said(run, &redactions);
    let nothing_to_say = context.baseline.is_finished(run) || came_too_early(context, run);
    let usual = || {
        let runs = context.baseline.runs.iter();
        runs.map(|run| self::said(run, &redactions)).next()
    };
    let usual = nothing_to_say.then(usual).flatten().unwrap_or_default();
    // A run that had nothing to cancel says what an undisturbed one says; no more is asked of it.
    let is_optional = |pattern: &str| {
        nothing_to_say && !usual.iter().any(|line| elide::line_matches(pattern, line))
    };
    let mut evidence = lines::judge(&messages.lines, &messages.never, &said, is_optional);
    if let Some(expected) = &messages.transcript {
        let actual = transcript_of(run, &messages.redactions);
        evidence.extend(differs(TRANSCRIPT, expected, &actual));
    }
    if let Some(expected) = &messages.screens {
        let actual = screens_of(run, &messages.redactions);
        evidence.extend(differs(SCREEN, expected, &actual));
    }
    evidence
}

/// The lines of all streams, with what varies replaced.
fn said(run: &Run, redactions: &Compiled<'_>) -> Vec<String> {
    transcript::lines(run)
        .iter()
        .flat_map(|(_, lines)| lines)
        .filter_map(|line| match line {
            Line::Said(text) => Some(redactions.apply(text)),
            Line::Mark(_) => None,
        })
        .collect()
}

/// Whether the signal came before the program had done anything or handled it, and ended it there: no program can say
/// anything then.
fn came_too_early(context: &Context<'_>, run: &Run) -> bool {
    let ended_by = |signal: i32| run.status == Some(ExitStatus::Signaled(signal));
    let [step, ..] = context.schedule.steps.as_slice() else {
        return false;
    };
    let Trigger::Point { name, .. } = &step.trigger else {
        return false;
    };
    let is_idle = || {
        let point = context.baseline.points.find(name);
        point.is_some_and(|point| point.idle)
    };
    step.fault.signal().is_some_and(ended_by) && is_idle()
}

/// What a person sees of a run, as plain lines, with the signals where they
/// landed (`^C` for a key that was typed). On pipes, where nobody can tell which
/// of two streams came first, they stand one below the other.
pub fn transcript_of(run: &Run, redactions: &Redactions) -> String {
    let redactions = redactions.compiled();
    let mut streams = transcript::lines(run);
    let speaks = |lines: &[Line]| lines.iter().any(|line| matches!(line, Line::Said(_)));
    if streams.iter().any(|(_, lines)| speaks(lines)) {
        streams.retain(|(_, lines)| speaks(lines));
    } else {
        // Nothing but signals, the same in each.
        streams.truncate(1);
    }
    let several = streams.len() > 1;
    let mut text = String::new();
    for (stream, lines) in &streams {
        if several {
            text.push_str(match stream {
                Stream::Stderr => "-- standard error\n",
                _ => "-- standard output\n",
            });
        }
        for line in lines {
            match line {
                Line::Said(said) => text.push_str(&redactions.apply(said)),
                Line::Mark(mark) => text.push_str(mark),
            }
            text.push('\n');
        }
    }
    text
}

/// The screens of a run at each signal and at the end, with styles written out;
/// empty without a terminal.
pub fn screens_of(run: &Run, redactions: &Redactions) -> String {
    screens::text(run, &redactions.compiled())
}

/// Whether a text is what is expected, with parts left out.
pub fn is_expected(expected: &str, actual: &str) -> bool {
    elide::compare(&trimmed(expected), &trimmed(actual)).is_ok()
}

/// Lines without the space at their ends and the empty ones at the end.
fn trimmed(text: &str) -> Vec<&str> {
    text.trim_end().lines().map(str::trim_end).collect()
}

/// Lines of a difference that are shown; the rest is in the files.
const LINES_MAX: usize = 40;

fn differs(subject: &str, expected: &str, actual: &str) -> Option<Evidence> {
    let (wanted, is) = (trimmed(expected), trimmed(actual));
    let mismatch = elide::compare(&wanted, &is).err()?;
    let line = |lines: &[&str], at: usize| {
        lines
            .get(at)
            .map_or_else(|| "the end".to_owned(), |line| format!("{line:?}"))
    };
    let mut text = format!(
        "the {subject} differs in line {}: {} instead of {}",
        mismatch.actual + 1,
        line(&is, mismatch.actual),
        line(&wanted, mismatch.expected)
    );
    let diff = TextDiff::from_slices(&wanted, &is);
    let mut shown = 0;
    for group in diff.grouped_ops(2) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            shown += 1;
            if shown <= LINES_MAX {
                text.push_str(&format!("\n{sign} {}", change.value()));
            }
        }
    }
    if shown > LINES_MAX {
        text.push_str(&format!("\n… {} more lines", shown - LINES_MAX));
    }
    Some(Evidence::new(subject, text))
}
