//! What a person reads in a terminal.

pub(crate) mod findings;
pub(crate) mod fuzz;
pub(crate) mod group;
pub(crate) mod minimized;
pub(crate) mod place;
pub(crate) mod points;
pub(crate) mod progress;
pub(crate) mod summary;
pub(crate) mod timeline;
pub(crate) mod writer;
