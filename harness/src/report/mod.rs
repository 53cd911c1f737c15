//! Reports: what was found, for a person and for a program.

mod asciicast;
mod files;
mod github;
mod html;
mod json;
mod junit;
mod perfetto;
mod terminal;
#[cfg(test)]
mod tests;

pub use asciicast::asciicast;
pub use files::{ReportFiles, write};
pub use github::{annotations, summary};
pub use html::html;
pub use json::Json;
pub use junit::junit;
pub use perfetto::perfetto;
pub use terminal::findings::{replay_report, sweep_heading, sweep_report};
pub use terminal::fuzz::{fuzz_heading, fuzz_report};
pub use terminal::minimized::minimised_report;
pub use terminal::place::RunSetup;
pub use terminal::points::points_map;
pub use terminal::progress::{Bar, Sink};
pub use terminal::summary::{budgets, case_details, finished_line, verdict_table};
pub use terminal::timeline::run_report;
pub use terminal::writer::{Style, TerminalWriter};
