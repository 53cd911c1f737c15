//! `exits`: a target that was asked to stop ends.

use crate::facts::{EventKind, Run, signals};
use crate::oracle::Context;
use crate::oracle::verdict::{Evidence, Verdict};

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
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

/// What ran at the end.
fn alive(run: &Run) -> String {
    let alive: Vec<String> = run
        .stuck
        .iter()
        .map(|stuck| {
            let call = match (&stuck.call, stuck.state) {
                (Some(call), _) => format!("in {call}"),
                (None, 'R') => format!("running, {} ms of processor time", stuck.cpu_ms),
                (None, state) => format!("state {state}"),
            };
            format!("pid {} ({}) {call}", stuck.pid, stuck.command)
        })
        .collect();
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
