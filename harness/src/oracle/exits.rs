//! `exits`: a target that was asked to stop ends.

use super::{Context, Evidence, Verdict};
use crate::facts::{Run, What};

pub(super) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    let Some(limit_ms) = run.events.iter().find_map(|event| match event.what {
        What::Deadline { limit_ms } => Some(limit_ms),
        _ => None,
    }) else {
        return Verdict::Holds;
    };
    let Some(last) = run.last_fault_ns() else {
        return Verdict::not_applicable(format!(
            "it did not end within {limit_ms} ms, but nothing had been done to it"
        ));
    };
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
    Verdict::of(vec![Evidence::new(
        "hangs",
        format!(
            "still running {limit_ms} ms after the last {} {} ms): {}",
            if only_signals(context) {
                "signal (sent at"
            } else {
                "fault (at"
            },
            last / 1_000_000,
            alive.join(", ")
        ),
    )])
}

fn only_signals(context: &Context<'_>) -> bool {
    let steps = &context.schedule.steps;
    steps.iter().all(|step| step.fault.signal().is_some())
}
