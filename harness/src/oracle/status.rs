//! `status`: the exit status tells the caller what happened.
//!
//! Right answers are: killed by the signal that was sent; 128 plus that signal;
//! a declared status; or the status of a finished run, when all work was done.

use super::{Context, Evidence, Verdict};
use crate::facts::signals;
use crate::facts::{ExitStatus, Run};

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

pub(super) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    if run.last_fault_ns().is_none() {
        return Verdict::not_applicable("no signal was sent");
    }
    let Some(status) = run.status else {
        return Verdict::not_applicable("it did not end by itself");
    };
    let sent: Vec<i32> = context
        .schedule
        .steps
        .iter()
        .map(|step| step.fault.signal())
        .collect();
    let mut evidence = Vec::new();
    evidence.extend(wrong_status(context, run, status, &sent));
    evidence.extend(unhandled(context, run));
    Verdict::of(evidence)
}

fn wrong_status(
    context: &Context<'_>,
    run: &Run,
    status: ExitStatus,
    sent: &[i32],
) -> Option<Evidence> {
    match status {
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
    let left = context.baseline.work_left(run);
    let names: Vec<String> = sent.iter().map(|signal| signals::name(*signal)).collect();
    if status == context.baseline.status {
        let left = left?;
        return Some(Evidence::new(
            status.to_string(),
            format!(
                "{status} after {}, as if all work were done, but {left}",
                names.join(" and ")
            ),
        ));
    }
    let codes: Vec<String> = sent
        .iter()
        .map(|signal| (128 + signal).to_string())
        .collect();
    Some(Evidence::new(
        status.to_string(),
        format!(
            "{status} after {}: neither killed by it, nor {}, nor a status declared with --ok-status",
            names.join(" and "),
            codes.join(" or ")
        ),
    ))
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
    let line = text[text.find(mark)?..]
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or(mark);
    Some(Evidence::new(
        *what,
        format!("{what} on its output, ending in {line:?}"),
    ))
}
