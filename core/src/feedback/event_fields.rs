//! The fields of an event besides its name and its time: the same for JSON
//! lines, the timeline and tracing.

use super::json_object::Object;
use super::notice::Notice;
use crate::machine::{Action, Cause, Sender, Signal, Stage};
use crate::signal::Transition;

/// The fields of an event; those that it does not have are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EventFields {
    pub(super) from: Option<Stage>,
    pub(super) to: Option<Stage>,
    pub(super) cause: Option<Cause>,
    pub(super) signal: Option<Signal>,
    pub(super) sender: Option<Sender>,
    pub(super) rung: Option<String>,
    pub(super) confirmed: Option<bool>,
    pub(super) index: Option<usize>,
    pub(super) abandoned: Option<bool>,
    pub(super) completed: Option<usize>,
    pub(super) total: Option<usize>,
    pub(super) message: Option<String>,
    pub(super) detail: Option<String>,
}

impl EventFields {
    /// The name of a notice, and its fields.
    pub(super) fn of_notice(notice: &Notice) -> (&'static str, EventFields) {
        let mut fields = EventFields::default();
        let name = match notice {
            Notice::Stage(stage) => {
                fields = EventFields {
                    from: Some(stage.from),
                    to: Some(stage.to),
                    cause: Some(stage.cause),
                    signal: stage.cause.signal(),
                    rung: Some(stage.rung.clone()),
                    confirmed: Some(stage.confirmed),
                    ..fields
                };
                "stage"
            }
            Notice::Armed { .. } => "armed",
            Notice::Disarmed => "disarmed",
            Notice::SubmissionStopped { index, total } => {
                fields.index = Some(*index);
                fields.total = Some(*total);
                "submission-stopped"
            }
            Notice::CollectionStopped => "collection-stopped",
            Notice::ActiveKilled => "active-killed",
            Notice::TaskFailed { index, message } => {
                fields.index = Some(*index);
                fields.message = Some(message.clone());
                "task-failed"
            }
            Notice::TaskLost { index, message } => {
                fields.index = Some(*index);
                fields.message = Some(message.clone());
                "task-lost"
            }
            Notice::TaskAbandoned { index } => {
                fields.index = Some(*index);
                "task-abandoned"
            }
            Notice::TaskTimedOut { index, abandoned } => {
                fields.index = Some(*index);
                fields.abandoned = Some(*abandoned);
                "task-timed-out"
            }
            Notice::PartialResults { completed, total } => {
                fields.completed = Some(*completed);
                fields.total = Some(*total);
                "partial-results"
            }
            Notice::Help => "help",
            Notice::CleanupFailed { message } => {
                fields.message = Some(message.clone());
                "cleanup-failed"
            }
        };
        (name, fields)
    }

    /// The signal behind a transition, and who sent it.
    pub(super) fn of_signal(signal: Signal, sender: Sender) -> EventFields {
        EventFields {
            signal: Some(signal),
            sender: Some(sender),
            ..EventFields::default()
        }
    }

    /// The name of a transition, and its fields.
    pub(super) fn of_transition(transition: &Transition) -> (&'static str, EventFields) {
        let name = match transition.action {
            Action::WarnArmed => "armed",
            Action::Disarmed => "disarmed",
            Action::Notify => "event",
            _ => "stage",
        };
        let fields = EventFields {
            from: Some(transition.from),
            to: Some(transition.to),
            cause: Some(transition.cause),
            ..EventFields::default()
        };
        (name, fields)
    }

    /// Adds the fields to a JSON object, in this order.
    pub(super) fn write(&self, object: &mut Object) {
        if let Some(stage) = self.from {
            object.number("from", stage.number());
        }
        if let Some(stage) = self.to {
            object.number("to", stage.number());
        }
        if let Some(cause) = self.cause {
            object.text("cause", cause_id(cause));
        }
        if let Some(signal) = self.signal {
            object.text("signal", signal.name());
        }
        match self.sender {
            Some(Sender::Kernel) => object.text("sender", "kernel"),
            Some(Sender::Process(pid)) => object.number("sender", pid),
            Some(Sender::Unknown) | None => {}
        }
        if let Some(rung) = &self.rung {
            object.text("rung", rung);
        }
        if let Some(confirmed) = self.confirmed {
            object.number("confirmed", confirmed);
        }
        if let Some(abandoned) = self.abandoned {
            object.number("abandoned", abandoned);
        }
        let numbers = [
            ("index", self.index),
            ("completed", self.completed),
            ("total", self.total),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                object.number(name, number);
            }
        }
        let texts = [("message", &self.message), ("detail", &self.detail)];
        for (name, text) in texts {
            if let Some(text) = text {
                object.text(name, text);
            }
        }
    }
}

/// The name of a cause as it stands in JSON.
pub(super) fn cause_id(cause: Cause) -> &'static str {
    match cause {
        Cause::None => "none",
        Cause::Signal(_) => "signal",
        Cause::Deadline(_) => "deadline",
        Cause::Request => "request",
    }
}
