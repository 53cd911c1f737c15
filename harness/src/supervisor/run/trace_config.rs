//! What a run's request and its schedule need of the tracer.

use super::inject::{breakpoint, scope};
use crate::facts::Signal;
use crate::schedule::Trigger;
use crate::supervisor::protocol::{RunRequest, StackDetail, Trace};
use crate::tracer::{Record, TraceConfig, class_of};

/// Returns what the tracer looks out for; `None` for a run that is not traced.
pub(crate) fn trace_config(request: &RunRequest) -> Option<TraceConfig> {
    let breakpoints = request.steps.iter().filter_map(breakpoint).collect();
    let scopes = request.steps.iter().filter_map(scope).collect();
    let mut config = match request.trace {
        Trace::None => return None,
        Trace::Record(recorded) => {
            let calls = if recorded.all {
                Record::All
            } else {
                Record::Effects
            };
            TraceConfig::recording(calls, breakpoints, scopes)
        }
        Trace::Quiet { signal, .. } => {
            let quiet = Record::Quiet(Signal::new(signal));
            TraceConfig::recording(quiet, breakpoints, scopes)
        }
        Trace::Steps | Trace::Effects => TraceConfig::awaiting(breakpoints, scopes),
    };
    // They stop anyway: a report can tell what became of each file, and when.
    config.report_effects = matches!(request.trace, Trace::Record(recorded) if !recorded.all);
    config.stacks = request.trace.stacks() != StackDetail::None;
    let signals = request
        .steps
        .iter()
        .filter_map(|step| step.fault.signal())
        .map(Signal::new);
    config.handlers = signals.collect();
    let triggers = || request.steps.iter().map(|step| &step.trigger);
    if request.trace == Trace::Effects {
        let wanted = |name: &str| {
            class_of(name).is_some_and(|class| class.changes || name == "rt_sigaction")
        };
        config = config.and_report(wanted).and_watch_unfollowed();
    } else {
        if triggers().any(|trigger| *trigger == Trigger::Handler) {
            config = config.and_report(|name| name == "rt_sigaction");
        }
        if triggers().any(|trigger| matches!(trigger, Trigger::File { .. })) {
            config = config.and_report(makes_names);
        }
    }
    // In a recording, output is dated by the call that wrote it, not by when it was read: a burst of calls may come
    // between the two.
    let waits_for_output = || triggers().any(|trigger| matches!(trigger, Trigger::Output { .. }));
    if request.trace.records() || waits_for_output() {
        config = config.and_hold_output();
    }
    Some(config)
}

/// Calls after which a path can exist that did not before.
fn makes_names(call: &str) -> bool {
    matches!(
        call,
        "open"
            | "openat"
            | "openat2"
            | "creat"
            | "mkdir"
            | "mkdirat"
            | "mknod"
            | "mknodat"
            | "rename"
            | "renameat"
            | "renameat2"
            | "link"
            | "linkat"
            | "symlink"
            | "symlinkat"
            | "bind"
    )
}
