//! What asynchronous code needs of a token, on any runtime.

mod reached;
mod run_until;
mod tracker;

pub use reached::Reached;
pub use tracker::Tracker;
