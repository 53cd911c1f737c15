//! The timeline's events as events of tracing.
//!
//! | field | what |
//! | --- | --- |
//! | `event` | the name: `signal`, `stage`, `phase-begins` and so on |
//! | `at_ns` | when it happened; tracing itself notes when it was reported |
//! | `stage`, `from` | the stage after and before, 0 to 3 |
//! | `signal`, `pid` | its name, and the process that sent it; no `pid` for a key |
//! | `cause`, `index`, `abandoned`, `completed`, `total`, `reason`, `detail` | as in the JSON |
//!
//! The target is `sigproof_core`; the level is INFO, WARN where something is
//! lost: stage 2 and 3, killed, abandoned, late and failed tasks.

use tracing::{Level, event};

use super::event_fields::{EventFields, cause_id};
use crate::machine::{Sender, Stage};

const TARGET: &str = "sigproof_core";

/// Emits one event, if anybody listens.
pub(super) fn emit(at_ns: u64, name: &str, fields: &EventFields) {
    // The level of an event is part of its call site.
    macro_rules! emit_at {
        ($level:expr) => {
            event!(
                target: TARGET,
                $level,
                event = name,
                at_ns,
                from = fields.from.map(Stage::number),
                stage = fields.to.map(Stage::number),
                cause = fields.cause.map(cause_id),
                signal = fields.signal.map(|signal| signal.name()),
                pid = pid_of(fields.sender),
                rung = fields.rung.as_deref(),
                index = fields.index,
                abandoned = fields.abandoned,
                completed = fields.completed,
                total = fields.total,
                reason = fields.message.as_deref(),
                detail = fields.detail.as_deref(),
            )
        };
    }
    if is_loss(name, fields) {
        emit_at!(Level::WARN);
    } else {
        emit_at!(Level::INFO);
    }
}

fn pid_of(sender: Option<Sender>) -> Option<u32> {
    match sender {
        Some(Sender::Process(pid)) => Some(pid),
        Some(Sender::Kernel | Sender::Unknown) | None => None,
    }
}

fn is_loss(name: &str, fields: &EventFields) -> bool {
    let names = [
        "active-killed",
        "cleanup-failed",
        "task-abandoned",
        "task-failed",
        "task-lost",
        "task-timed-out",
    ];
    names.contains(&name) || fields.to.is_some_and(Stage::should_terminate_active_tasks)
}
