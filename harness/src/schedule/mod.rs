//! Schedules: what is done to a target and when, as plain data.

mod applicability;
mod delivery;
mod fault;
mod parse;
mod parse_error;
mod point_name;
mod schedule;
mod selector;
#[cfg(test)]
mod tests;
mod units;

pub(crate) use applicability::{
    DATA_WRITES, is_ended_by_a_stop, is_never_restarted, length_position,
};
pub use delivery::Delivery;
pub use fault::Fault;
pub(crate) use fault::typed;
pub use parse_error::ParseError;
pub use point_name::PointName;
pub(crate) use point_name::{arg_matcher, same_arg};
pub use schedule::{CallSelector, Schedule, Step, Trigger};
pub(crate) use units::{bad_expression, check_glob, duration, output_pattern, signal};
