//! Results: what came of finished cases, as versioned plain data.
//!
//! A sweep, a run or a scenario becomes a [`Case`]; the cases of one session are [`Results`], one JSON file. Reports are
//! made from such a file, at any time, on any machine, without the program it came from; the files of shards can be
//! joined. Everything in it is bounded (see [`bounds`]), and what was cut is said in [`Case::cut`].

pub mod bounds;
mod case;
mod file;
mod from_attempt;
mod from_fuzz;
mod from_run;
mod from_sweep;
mod model;
mod moment;
mod record;
mod screen;

pub use case::{Budget, Case, CaseError, CaseVerdict, Coverage, Difference, Kind, Limit, Times};
pub use file::ReadError;
pub use from_attempt::of_attempt;
pub use from_fuzz::of_fuzz;
pub use from_run::of_run;
pub use from_sweep::of_sweep;
pub use model::{Results, Tool};
pub use moment::{Between, Fate, Finding, OracleResult, OracleVerdict, Point};
pub use record::{PathChange, Record, Text};
pub use screen::{Shot, Span};

#[cfg(test)]
mod tests;
