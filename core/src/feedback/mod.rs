//! Feedback: what a person or a program is told, and how.
//!
//! The signal handler prints nothing, with one exception: the pre-rendered
//! line with which it ends the process at stage 3.

#[cfg(feature = "indicatif")]
mod above;
mod attach;
mod console;
mod details;
mod json;
mod messages;
mod notice;
mod printer;
#[cfg(test)]
mod tests;
mod timeline;
#[cfg(feature = "tracing")]
mod traced;
mod wrap;

pub use console::{Charset, Console};
pub use json::JsonLines;
pub use messages::{Level, Line, Messages, StageText, percent, to_ascii};
pub use notice::{Feedback, Notice, Silent, StageNotice};
pub use timeline::{Timeline, TimelineEvent};
