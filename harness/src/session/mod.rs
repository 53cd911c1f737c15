//! Results: what came of finished cases, as versioned plain data.
//!
//! A sweep, a run or a scenario becomes a [`Case`]; the cases of one session are [`Results`], one JSON file. Reports are
//! made from such a file, at any time, on any machine, without the program it came from; the files of shards can be
//! joined. Everything in it is bounded (see [`bounds`]), and what was cut is said in [`Case::cut`].

pub mod bounds;
mod build;
mod case;
mod file;
mod finding;
mod model;
mod record;
mod screenshot;
#[cfg(test)]
mod tests;

pub use build::from_attempt::of_attempt;
pub use build::from_fuzz::of_fuzz;
pub use build::from_run::of_run;
pub use build::from_sweep::of_sweep;
pub use case::{Budget, Case, CaseError, CaseVerdict, Coverage, Difference, Kind, Limit, Times};
pub use file::ReadError;
pub use finding::{CodeWindow, Finding, OracleResult, OracleVerdict, Point, PointOutcome};
pub use model::{Results, Tool};
pub use record::{PathChange, Record, Text};
pub use screenshot::{Screenshot, Span};
