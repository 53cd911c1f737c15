//! Schedules: what is done to a target and when, as plain data.

mod deliver;
mod fault;
mod fits;
mod name;
mod schedule;
mod selector;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub use deliver::{Delivery, ThreadName};
pub use fault::Fault;
pub(crate) use fault::typed;
pub(crate) use fits::length_position;
pub use name::PointName;
pub(crate) use name::{arg_matcher, same_arg};
pub use schedule::{CallSelector, Schedule, Step, Trigger};
pub use text::ParseError;
pub(crate) use value::{duration, signal};
