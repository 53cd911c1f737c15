//! Feedback for a program: one JSON object a line.

use std::io::Write;
use std::sync::Arc;

use super::event_fields::EventFields;
use super::json_object::Object;
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
