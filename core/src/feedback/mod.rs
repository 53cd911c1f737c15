//! Feedback: messages for a person, events for a program.
//!
//! The signal handler prints nothing, with one exception: the pre-rendered
//! line with which it ends the process at stage 3.

mod console;
mod event_fields;
mod json;
mod json_object;
mod notice;
mod options_ext;
mod printer;
#[cfg(test)]
mod tests;
mod timeline;
#[cfg(feature = "tracing")]
mod tracing;

pub use console::{Charset, Console, Level, Line, Messages, StageText, percent, to_ascii};
pub use json::JsonLines;
pub use notice::{Feedback, Notice, Silent, StageNotice};
pub use timeline::{Timeline, TimelineEvent};
