//! What a run's order and schedule ask of the tracer.

use super::schedule_cursor::{awaited, scope};
use crate::schedule::Trigger;
use crate::supervisor::protocol::{RunRequest, StackDetail, Trace};
use crate::tracer::{Record, TraceConfig, class_of};

/// The tracer's orders; `None` for a run that is not traced.
pub(crate) fn watch(order: &RunRequest) -> Option<TraceConfig> {
    let points = order.steps.iter().filter_map(awaited).collect();
    let scopes = order.steps.iter().filter_map(scope).collect();
    let mut watch = match order.trace {
        Trace::None => return None,
        Trace::Record(recorded) => {
            let calls = if recorded.all {
                Record::All
            } else {
                Record::Effects
            };
            TraceConfig::recording(calls, points, scopes)
        }
        Trace::Steps | Trace::Effects => TraceConfig::awaiting(points, scopes),
    };
    watch.stacks = order.trace.stacks() != StackDetail::None;
    let signals = order.steps.iter().filter_map(|step| step.fault.signal());
    watch.handlers = signals.collect();
    let triggers = || order.steps.iter().map(|step| &step.trigger);
    if order.trace == Trace::Effects {
        let wanted = |name: &str| {
            class_of(name).is_some_and(|class| class.changes || name == "rt_sigaction")
        };
        watch = watch.and_tell(wanted);
    } else {
        if triggers().any(|trigger| *trigger == Trigger::Handler) {
            watch = watch.and_tell(|name| name == "rt_sigaction");
        }
        if triggers().any(|trigger| matches!(trigger, Trigger::File { .. })) {
            watch = watch.and_tell(makes_names);
        }
    }
    if triggers().any(|trigger| matches!(trigger, Trigger::Output { .. })) {
        watch = watch.and_hold_output();
    }
    Some(watch)
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
    )
}
