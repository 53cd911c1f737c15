//! Reports: what was found, for a person and for a program.

mod asciicast;
mod cases;
mod files;
mod findings;
mod fuzz;
mod github;
mod html;
mod json;
mod junit;
mod kinds;
mod minimised;
mod paper;
mod perfetto;
mod place;
mod points;
mod progress;
mod timeline;

pub use asciicast::asciicast;
pub use cases::{budgets, case_details, finished_line, verdict_table};
pub use files::{Wanted, write};
pub use findings::{replay_report, sweep_heading, sweep_report};
pub use fuzz::{fuzz_heading, fuzz_report};
pub use github::{annotations, summary};
pub use html::html;
pub use json::Json;
pub use junit::junit;
pub use minimised::minimised_report;
pub use paper::{Ink, Paper};
pub use perfetto::perfetto;
pub use place::Place;
pub use points::points_map;
pub use progress::{Bar, Sink};
pub use timeline::run_report;

#[cfg(test)]
mod tests;
