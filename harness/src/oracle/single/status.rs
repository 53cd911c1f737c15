//! `status`: the exit status tells the caller what happened.
//!
//! Right answers are: killed by the signal that was sent; 128 plus that signal;
//! a declared status; or the status of a finished run, when all work was done.
//! After an error in place of a call any other status but that of success is
//! right, too.

use crate::facts::signals;
use crate::facts::{ExitStatus, Run};
use crate::oracle::Context;
use crate::oracle::expected::Expected;
use crate::oracle::learn::interruptions::may_fail_interrupted;
use crate::oracle::quote::telling_line;
use crate::oracle::verdict::{Acceptance, Evidence, Verdict};
use std::collections::BTreeSet;

/// What a language's runtime prints when nobody handled the interruption.
const UNHANDLED: [(&str, &str); 5] = [
    (
        "Traceback (most recent call last)",
        "an unhandled Python traceback",
    ),
    ("panicked at", "a Rust panic"),
    ("goroutine 1 [", "a Go panic"),
    ("Exception in thread", "an unhandled Java exception"),
    ("terminate called", "an unhandled C++ exception"),
];

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    if run.last_fault_ns().is_none() {
        return Verdict::not_applicable("nothing was done to it");
    }
    let Some(status) = run.status else {
        return Verdict::not_applicable("it did not end by itself");
    };
    let mut expect = Expected::of(context.schedule, run);
    expect.may_fail |= may_fail_interrupted(context.baseline, context.schedule);
    let mut evidence = Vec::new();
    if context.baseline.runs.is_empty() {
        // What a right status is, only undisturbed runs tell; that a crash is none needs nobody to say it.
        evidence.extend(crash(status, &expect));
        if !expect.may_fail {
            evidence.extend(unhandled(context, run));
        }
        return Verdict::of(evidence);
    }
    evidence.extend(wrong_status(context, run, status, &expect));
    // A traceback is how a script says that a call failed.
    if !expect.may_fail {
        evidence.extend(unhandled(context, run));
    }
    Verdict::of(evidence)
}

/// A status that says something wrong, with the flag that declares it right. Nothing declares a crash right.
fn wrong_status(
    context: &Context<'_>,
    run: &Run,
    status: ExitStatus,
    expect: &Expected,
) -> Option<Evidence> {
    let evidence = judged_status(context, run, status, expect)?;
    let code = match status {
        ExitStatus::Exited(code) => u8::try_from(code).ok(),
        ExitStatus::Signaled(_) => None,
    };
    Some(match code {
        Some(code) => evidence.accepted_by(Acceptance::OkStatus(code)),
        None => evidence,
    })
}

/// Whether undisturbed runs end because they are told to.
fn is_stopped_undisturbed(context: &Context<'_>) -> bool {
    let mut services = context
        .baseline
        .runs
        .iter()
        .filter_map(|run| run.service.as_ref());
    services.any(|service| service.stopped_ns.is_some())
}

fn judged_status(
    context: &Context<'_>,
    run: &Run,
    status: ExitStatus,
    expect: &Expected,
) -> Option<Evidence> {
    let sent = &expect.sent;
    let was_stopped = run
        .service
        .as_ref()
        .is_some_and(|service| service.stopped_ns.is_some());
    if context.contract.is_usual_end(status, was_stopped) && context.contract.service.is_some() {
        return None;
    }
    match status {
        // It ends by itself when all keys are typed. Told to stop because that did not come about (the terminal forgets
        // what was typed when Ctrl+C is pressed), it ends in a way that nobody knows.
        ExitStatus::Exited(_) if was_stopped && !is_stopped_undisturbed(context) => return None,
        ExitStatus::Signaled(signal) if sent.contains(&signal) => return None,
        ExitStatus::Exited(code)
            if context.contract.ok_status.contains(&code)
                || sent.iter().any(|signal| code == 128 + signal) =>
        {
            return None;
        }
        _ => {}
    }
    if let ExitStatus::Signaled(signal) = status {
        return Some(Evidence::new(
            status.to_string(),
            format!(
                "killed by {}, which was not sent{}",
                signals::name(signal),
                if is_crash(signal) { ": a crash" } else { "" }
            ),
        ));
    }
    if status == context.baseline.status {
        // Told to stop while it is idle, it ends like this, too.
        if context.contract.service.is_some() {
            return None;
        }
        let left = if expect.output_lost {
            context.baseline.files_left(run)
        } else {
            context.baseline.work_left(run)
        }?;
        return Some(Evidence::new(
            status.to_string(),
            format!(
                "{status} after {}, as if all work were done, but {left}",
                expect.words
            ),
        ));
    }
    if expect.may_fail {
        return None;
    }
    let text = if sent.is_empty() {
        format!(
            "{status} after {}, which is no reason to fail; undisturbed it ends with {}",
            expect.words, context.baseline.status
        )
    } else {
        let codes: BTreeSet<String> = sent
            .iter()
            .map(|signal| (128 + signal).to_string())
            .collect();
        let codes: Vec<String> = codes.into_iter().collect();
        format!(
            "{status} after {}: neither killed by it, nor {}, nor a status declared with --ok-status",
            expect.words,
            codes.join(" or ")
        )
    };
    Some(Evidence::new(status.to_string(), text))
}

/// Death by a signal that nobody sent, as a fault of the program's own.
fn crash(status: ExitStatus, expect: &Expected) -> Option<Evidence> {
    match status {
        ExitStatus::Signaled(signal) if is_crash(signal) && !expect.sent.contains(&signal) => {
            let name = signals::name(signal);
            let text = format!("killed by {name}, which was not sent: a crash");
            Some(Evidence::new(status.to_string(), text))
        }
        _ => None,
    }
}

fn is_crash(signal: i32) -> bool {
    matches!(
        signal,
        libc::SIGSEGV
            | libc::SIGBUS
            | libc::SIGILL
            | libc::SIGFPE
            | libc::SIGABRT
            | libc::SIGSYS
            | libc::SIGTRAP
    )
}

fn unhandled(context: &Context<'_>, run: &Run) -> Option<Evidence> {
    // Standard error last, so that its end is the end.
    let said = |run: &Run| run.stdout.text() + &run.stderr.text();
    let text = said(run);
    let before = context.baseline.runs.first().map(said).unwrap_or_default();
    let (mark, what) = UNHANDLED
        .iter()
        .find(|(mark, _)| text.contains(mark) && !before.contains(mark))?;
    let line = telling_line(&text[text.find(mark)?..]);
    Some(Evidence::new(
        *what,
        format!("{what} on its output: {line:?}"),
    ))
}
