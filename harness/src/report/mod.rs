//! Reports: what was found, for a person and for a program.

mod findings;
mod json;
mod paper;
mod progress;
mod timeline;

pub use findings::{Place, points_map, replay_report, sweep_heading, sweep_report};
pub use json::Json;
pub use paper::{Ink, Paper};
pub use progress::{Bar, Sink};
pub use timeline::run_report;
