//! Exploration: which schedules to try, and what was found.
//!
//! A strategy yields schedules and reads verdicts; it knows neither ptrace nor
//! files.

mod applicable;
mod call_sites;
mod confirm;
mod finding;
mod fuzz;
mod minimize;
mod oracle_summary;
mod single;
mod sweep;

pub use call_sites::{Moment, Site, Sites, call_sites};
pub use finding::{Finding, Findings};
pub use fuzz::report::{Ended, Found, FuzzReport, Kept};
pub use fuzz::{FuzzBudget, FuzzOptions, FuzzProgress, fuzz};
pub use minimize::{MinimiseOptions, Minimised, minimise};
pub use single::latency::{Budget, Limit, Measured};
pub use single::replay::{Replay, replay};
pub use single::run::{Attempt, AttemptReport, attempt, attempt_in};
pub use single::run_once::{RunReport, observe, run};
pub use sweep::coverage::{Covered, Share};
pub use sweep::instruction_points::Between;
pub use sweep::pairs::{Pairs, Place, Second};
pub use sweep::plan::{Narrowing, Plan, Planned, Strike, map_points};
pub use sweep::point_outcome::{PointOutcome, Spot};
pub use sweep::{Progress, SweepOptions, SweepReport, sweep};
