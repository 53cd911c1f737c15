//! Exploration: which schedules to try, and what was found.
//!
//! A strategy yields schedules and reads verdicts; it knows neither ptrace nor
//! files.

mod applicable;
mod call_sites;
mod confirm;
mod finding;
mod fuzz;
mod locate;
mod minimize;
mod oracle_summary;
mod request_summary;
mod shard;
mod single;
mod store;
mod sweep;

pub use call_sites::{CallSite, CallSites, CodeLocation};
pub use finding::{Finding, Findings, Standing};
pub use fuzz::report::{EndReason, FuzzFinding, FuzzReport, KeptRegressions};
pub use fuzz::{FuzzBudget, FuzzOptions, FuzzProgress, fuzz};
pub use minimize::{MinimizeOptions, Minimized, minimise};
pub use request_summary::RequestSummary;
pub use shard::Shard;
pub use single::latency::{Budget, Limit, Measured};
pub use single::replay::{Replay, replay};
pub use single::run::{RunReport, run, run_in};
pub use single::run_options::RunOptions;
pub use sweep::coverage::{Coverage, Share};
pub use sweep::execute_plan::Method;
pub use sweep::pairs::{SecondFault, Window};
pub use sweep::plan::{FaultSpec, Plan, PlannedRun, PointFilter, map_points};
pub use sweep::plan_origin::{InstructionPoints, Pairs, QuietTries};
pub use sweep::point_outcome::{PointOutcome, TriedPoint};
pub use sweep::{Outlook, Progress, SweepOptions, SweepReport, sweep};
