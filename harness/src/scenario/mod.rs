//! Scenario files: a target, what is done to it and what is asked of it, as TOML.
//!
//! One file is one scenario. Reading checks everything that can be checked
//! without the program; a mistake points at its place in the file.

mod accepted;
mod action;
mod contract;
mod diagnostic;
mod discover;
mod document;
mod read;
mod runner;
mod script;
mod script_template;
mod snapshot;
mod suite;
pub(crate) mod template;
mod work_tree_setup;

pub use crate::explore::Shard;
pub use accepted::Accepted;
pub use diagnostic::Diagnostic;
pub use discover::{Filter, FoundFiles, USUAL_PLACES};
pub use document::schema::json_schema;
pub use document::substitutions::Binaries;
pub use read::Scenario;
pub use runner::Runner;
pub use suite::run_all;
pub use template::{draft, named};
