//! Feedback for a program: one JSON object a line.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

use super::notice::{Feedback, Notice};
use super::printer::Printer;
use crate::machine::Cause;

/// Feedback for a program: each notice is one line of JSON, with the name of
/// the notice in `event`. Cheap to clone; clones share the printing thread.
///
/// ```text
/// {"event":"stage","at_ns":52,"from":0,"to":1,"cause":"signal","signal":"SIGINT","rung":"cancel-queued","confirmed":false}
/// {"event":"partial-results","completed":3,"total":10}
/// ```
#[derive(Clone, Debug)]
pub struct JsonLines {
    printer: Arc<Printer>,
}

impl JsonLines {
    /// Writes to standard error.
    #[must_use]
    pub fn stderr() -> JsonLines {
        JsonLines {
            printer: Printer::stderr(),
        }
    }

    /// Writes to `writer`, on a thread of its own.
    #[must_use]
    pub fn to_writer(writer: impl Write + Send + 'static) -> JsonLines {
        JsonLines {
            printer: Arc::new(Printer::new(Box::new(writer))),
        }
    }
}

impl Feedback for JsonLines {
    fn notify(&self, notice: &Notice) {
        self.printer.print(render(notice) + "\n");
    }

    fn flush(&self) {
        self.printer.flush();
    }
}

/// One notice as a JSON object, without a newline.
pub(super) fn render(notice: &Notice) -> String {
    let mut fields = Object::members();
    let name = fields_of(notice, &mut fields);
    let mut object = Object::new();
    object.text("event", name);
    if let Notice::Stage(stage) = notice {
        object.number("at_ns", stage.at_ns);
    }
    object.raw(&fields.into_members());
    object.end()
}

/// Adds what a notice says, but for the time, and gives its name.
pub(super) fn fields_of(notice: &Notice, fields: &mut Object) -> &'static str {
    match notice {
        Notice::Stage(stage) => {
            fields.number("from", stage.from.number());
            fields.number("to", stage.to.number());
            fields.text("cause", cause_id(stage.cause));
            if let Some(signal) = stage.cause.signal() {
                fields.text("signal", signal.name());
            }
            fields.text("rung", &stage.rung);
            fields.number("confirmed", stage.confirmed);
            "stage"
        }
        Notice::Armed { .. } => "armed",
        Notice::Disarmed => "disarmed",
        Notice::SubmissionStopped { index, total } => {
            fields.number("index", index);
            fields.number("total", total);
            "submission-stopped"
        }
        Notice::CollectionStopped => "collection-stopped",
        Notice::ActiveKilled => "active-killed",
        Notice::TaskFailed { index, message } => {
            fields.number("index", index);
            fields.text("message", message);
            "task-failed"
        }
        Notice::TaskAbandoned { index } => {
            fields.number("index", index);
            "task-abandoned"
        }
        Notice::PartialResults { completed, total } => {
            fields.number("completed", completed);
            fields.number("total", total);
            "partial-results"
        }
        Notice::Help => "help",
        Notice::CleanupFailed { message } => {
            fields.text("message", message);
            "cleanup-failed"
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

/// A flat JSON object in the making. Written by hand: five lines of escaping
/// are no reason to carry a JSON library into every program.
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Object {
        Object("{".to_owned())
    }

    /// Members without the braces, to be put into an object later.
    pub(super) fn members() -> Object {
        Object(String::new())
    }

    pub(super) fn into_members(self) -> String {
        self.0
    }

    /// Adds members that were made before.
    pub(super) fn raw(&mut self, members: &str) {
        if !members.is_empty() {
            self.separate();
            self.0.push_str(members);
        }
    }

    fn separate(&mut self) {
        if !matches!(self.0.as_str(), "" | "{") {
            self.0.push(',');
        }
    }

    fn key(&mut self, name: &str) {
        self.separate();
        self.string(name);
        self.0.push(':');
    }

    /// A number or a boolean, which JSON spells as Rust does.
    pub(super) fn number(&mut self, name: &str, value: impl std::fmt::Display) {
        self.key(name);
        self.0.push_str(&value.to_string());
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.key(name);
        self.string(value);
    }

    fn string(&mut self, text: &str) {
        self.0.push('"');
        for char in text.chars() {
            match char {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                '\n' => self.0.push_str("\\n"),
                char if char < ' ' => {
                    // Writing to a string cannot fail.
                    let _ = write!(self.0, "\\u{:04x}", u32::from(char));
                }
                char => self.0.push(char),
            }
        }
        self.0.push('"');
    }

    pub(super) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
