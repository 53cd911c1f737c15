//! Exploration: which schedules to try, and what was found.
//!
//! A strategy yields schedules and reads verdicts; it knows neither ptrace nor
//! files.

mod answers;
mod attempt;
mod between;
mod confirm;
mod coverage;
mod digest;
mod error;
mod finding;
mod fit;
mod fuzz;
mod lab;
mod latency;
mod learn;
mod minimise;
mod needed;
mod nursery;
mod parcel;
mod plan;
mod replay;
mod run;
mod second;
mod several;
mod site;
mod spot;
mod stage;
mod store;
mod sweep;
mod tally;
mod trial;

pub use attempt::{Attempt, AttemptReport, attempt, attempt_in};
pub use between::Between;
pub use coverage::{Covered, Share};
pub use error::Error;
pub use finding::{Finding, Findings};
pub use fuzz::{Ended, Found, FuzzBudget, FuzzOptions, FuzzProgress, FuzzReport, Kept, fuzz};
pub use lab::{Isolation, Lab};
pub use latency::{Budget, Limit, Measured};
pub use learn::learn;
pub use minimise::{MinimiseOptions, Minimised, minimise};
pub use parcel::{Content, Packed, Parcel};
pub use plan::{Narrowing, Plan, Planned, Strike, map_points};
pub use replay::{Replay, replay};
pub use run::{RunReport, observe, run};
pub use second::{Pairs, Place, Second};
pub use site::{Moment, Site, Sites, call_sites};
pub use spot::{PointOutcome, Spot};
pub use stage::Stage;
pub use store::{Failure, Input, Store};
pub use sweep::{Progress, SweepOptions, SweepReport, sweep};
pub use trial::{Trial, Trials};
