//! Reports: what was found, for a person and for a program.

mod asciicast;
mod files;
mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod perfetto;
mod table;
mod terminal;
#[cfg(test)]
mod tests;

pub use asciicast::asciicast;
pub use files::{ReportFiles, write};
pub use github::annotations;
pub use html::html;
pub use json::Json;
pub use junit::junit;
pub use markdown::{MARKDOWN_MAX, markdown};
pub use perfetto::perfetto;
pub use table::table;
pub use terminal::heading::heading;
pub use terminal::pages::session_page::session_page;
pub use terminal::points::point_list;
pub use terminal::progress::{Bar, Sink};
pub use terminal::summary::{budgets, case_details, finished_line, verdict_table};
pub(crate) use terminal::text::command_line;
pub use terminal::writer::{Style, TerminalWriter};
