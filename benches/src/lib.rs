//! The speed of `sigproof-core`, measured beside its peers in the same run.
//!
//! Absolute times say little on a machine that others use as well. So every
//! row has contenders, ours first, that take turns in many short rounds: noise
//! hits all of them alike. What counts is the ratio of medians.
//!
//! `suite` (feature `peers`) holds the rows; the rest judges and prints them.

pub mod judge;
pub mod readme;
pub mod row;
pub mod stats;
#[cfg(feature = "peers")]
pub mod suite;
pub mod table;
