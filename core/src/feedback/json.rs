//! Feedback for a program: one JSON object a line.

use std::fmt::Write as _;
use std::io::{self, Write};
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
        JsonLines::to_writer(io::stderr())
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
    let mut object = Object::new();
    match notice {
        Notice::Stage(stage) => {
            object.text("event", "stage");
            object.number("at_ns", stage.at_ns);
            object.number("from", stage.from.number());
            object.number("to", stage.to.number());
            object.text("cause", cause_id(stage.cause));
            if let Some(signal) = stage.cause.signal() {
                object.text("signal", signal.name());
            }
            object.text("rung", &stage.rung);
            object.number("confirmed", stage.confirmed);
        }
        Notice::Armed { .. } => object.text("event", "armed"),
        Notice::Disarmed => object.text("event", "disarmed"),
        Notice::SubmissionStopped { index, total } => {
            object.text("event", "submission-stopped");
            object.number("index", index);
            object.number("total", total);
        }
        Notice::CollectionStopped => object.text("event", "collection-stopped"),
        Notice::TaskFailed { index, message } => {
            object.text("event", "task-failed");
            object.number("index", index);
            object.text("message", message);
        }
        Notice::TaskAbandoned { index } => {
            object.text("event", "task-abandoned");
            object.number("index", index);
        }
        Notice::PartialResults { completed, total } => {
            object.text("event", "partial-results");
            object.number("completed", completed);
            object.number("total", total);
        }
        Notice::Help => object.text("event", "help"),
        Notice::CleanupFailed { message } => {
            object.text("event", "cleanup-failed");
            object.text("message", message);
        }
    }
    object.end()
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
struct Object(String);

impl Object {
    fn new() -> Object {
        Object("{".to_owned())
    }

    fn key(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.string(name);
        self.0.push(':');
    }

    /// A number or a boolean, which JSON spells as Rust does.
    fn number(&mut self, name: &str, value: impl std::fmt::Display) {
        self.key(name);
        self.0.push_str(&value.to_string());
    }

    fn text(&mut self, name: &str, value: &str) {
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

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
