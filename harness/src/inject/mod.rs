//! Schedules: what is done to a target and when, as plain data.

mod name;
mod schedule;
mod show;
mod text;

pub use name::PointName;
pub(crate) use name::{arg_matcher, same_arg};
pub(crate) use schedule::typed;
pub use schedule::{CallSelector, Delivery, Fault, Schedule, Step, Trigger};
pub use text::ParseError;
pub(crate) use text::{duration, signal};
