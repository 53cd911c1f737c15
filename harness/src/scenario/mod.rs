//! Scenario files: a target, what is done to it and what is asked of it, as TOML.
//!
//! One file is one scenario. Reading checks everything that can be checked
//! without the program; a mistake points at its place in the file.

mod contract;
mod document;
mod either;
mod mistake;
mod read;
mod schema;
mod start;
mod value;
mod words;

pub use mistake::Mistake;
pub use read::{Act, Budget, Limit, Scenario, Snapshots};
pub use schema::json_schema;
pub use start::Unready;
pub use words::Binaries;
