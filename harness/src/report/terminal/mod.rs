//! What a person reads in a terminal.

pub(crate) mod coverage;
mod finding;
pub(crate) mod group;
pub(crate) mod heading;
pub(crate) mod pages;
pub(crate) mod points;
pub(crate) mod progress;
pub(crate) mod summary;
pub(crate) mod text;
pub(crate) mod timeline;
pub(crate) mod verdict;
pub(crate) mod writer;
