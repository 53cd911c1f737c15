//! What a person reads in a terminal.

mod coverage;
mod finding;
pub(crate) mod group;
pub(crate) mod heading;
mod minimize_page;
pub(crate) mod points;
pub(crate) mod progress;
mod run_page;
pub(crate) mod session_page;
pub(crate) mod summary;
pub(crate) mod text;
pub(crate) mod timeline;
pub(crate) mod verdict;
pub(crate) mod writer;
