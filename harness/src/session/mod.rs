//! Results: what came of finished cases, as versioned plain data.
//!
//! A sweep, a run or a scenario becomes a [`Case`]; the cases of one session are [`Results`], one JSON file. Reports
//! are made from such a file, at any time, on any machine, without the program it came from; the files of shards can be
//! joined. Everything in it is bounded (see [`bounds`]), and what was cut is said in [`Case::cut`].

pub mod bounds;
mod build;
mod case;
mod case_verdict;
mod details;
mod file;
mod finding;
mod heading;
mod merge;
mod model;
mod point_list;
mod record;
mod screen_frames;
mod shortfall;
mod shown_run;
#[cfg(test)]
mod tests;
mod verdict;

pub use crate::explore::{Method, Share};
pub use crate::oracle::guide;
pub use crate::target::StartState;
pub use build::from_fuzz::of_fuzz;
pub use build::from_minimize::of_minimize;
pub use build::from_replay::of_replay;
pub use build::from_run::of_run;
pub use build::from_sweep::of_sweep;
pub use case::{Budget, Case, CaseError, Coverage, Difference, Kind, Limit, Times};
pub use case_verdict::CaseVerdict;
pub use details::{FuzzOrigin, FuzzSummary, MinimizeSummary, Regressions, ReplaySummary};
pub use file::ReadError;
pub use finding::{CodeWindow, Finding, OracleResult, OracleVerdict, Point, PointOutcome};
pub use heading::{Heading, RunSetup};
pub use merge::{MergeError, merged};
pub use model::{Results, Tool};
pub use point_list::{ListedPoint, PointList};
pub use record::{PathChange, Record, ShownRequest, Text};
pub use screen_frames::{ScreenFrame, Span};
pub use shortfall::Shortfall;
pub use shown_run::ShownRun;
pub use verdict::exit_code;
