//! Feedback for a program: one JSON object a line.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

use super::event_fields::EventFields;
use super::notice::{Feedback, Notice};
use super::printer::Printer;

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

    /// Writes to `writer`, on a separate thread.
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
    let (name, fields) = EventFields::of_notice(notice);
    let mut object = Object::new();
    object.text("event", name);
    if let Notice::Stage(stage) = notice {
        object.number("at_ns", stage.at_ns);
    }
    fields.write(&mut object);
    object.end()
}

/// A flat JSON object in the making. Written by hand: five lines of escaping
/// are no reason to carry a JSON library into every program.
pub(super) struct Object(String);

impl Object {
    pub(super) fn new() -> Object {
        Object("{".to_owned())
    }

    fn separate(&mut self) {
        if self.0 != "{" {
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
