//! `exits`: a target that was asked to stop ends.

use crate::facts::{EventKind, Run, signals};
use crate::oracle::Context;
use crate::oracle::verdict::{Evidence, Verdict};

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    if let Some(text) = ends_with_clients(run) {
        return Verdict::of(vec![Evidence::new("kept by an idle connection", text)]);
    }
    let Some(end) = run.events.iter().find(|event| {
        matches!(
            event.what,
            EventKind::Deadline { .. } | EventKind::Spins { .. }
        )
    }) else {
        return Verdict::Holds;
    };
    let last = run.last_fault_ns();
    let fault = if only_signals(context) {
        "signal (sent at"
    } else {
        "fault (at"
    };
    let text = match (&end.what, last) {
        (EventKind::Deadline { limit_ms }, Some(last)) => format!(
            "still running {limit_ms} ms after the last {fault} {} ms): {}",
            last / 1_000_000,
            alive(run)
        ),
        (EventKind::Spins { pid, signal, times }, Some(last)) => format!(
            "sends itself {0} for ever: {times} times after the last {fault} {1} ms), each time before its handler \
             returned, so that the program never goes on: {2}",
            signals::name(*signal),
            last / 1_000_000,
            command(run, *pid)
        ),
        (EventKind::Deadline { limit_ms }, None) => {
            return Verdict::not_applicable(format!(
                "it did not end within {limit_ms} ms, but nothing had been done to it"
            ));
        }
        _ => return Verdict::not_applicable("nothing had been done to it"),
    };
    Verdict::of(vec![Evidence::new("hangs", text)])
}

/// A service that ends only when clients close connections that nobody uses.
fn ends_with_clients(run: &Run) -> Option<String> {
    let closed_ns = run.service.as_ref()?.idle_closed_ns?;
    let last_ns = run.last_fault_ns()?;
    run.status?;
    Some(format!(
        "still running {} ms after the last signal; it ends only when a client closes a connection that nobody uses",
        (closed_ns - last_ns) / 1_000_000
    ))
}

/// What ran at the end.
fn alive(run: &Run) -> String {
    let alive: Vec<String> = run.stuck.iter().map(ToString::to_string).collect();
    alive.join(", ")
}

fn command(run: &Run, pid: i32) -> String {
    match run.stuck.iter().find(|stuck| stuck.pid == pid) {
        Some(stuck) => format!("pid {pid} ({})", stuck.command),
        None => format!("pid {pid}"),
    }
}

fn only_signals(context: &Context<'_>) -> bool {
    let steps = &context.schedule.steps;
    steps.iter().all(|step| step.fault.signal().is_some())
}
