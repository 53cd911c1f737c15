//! A program under test: what to run, where, and what it leaves.

mod copy;
mod launch;
mod places;
mod scan;
mod screen;
mod spec;
mod untouched;
mod worktree;

pub(crate) use copy::{OWN, TreeError, empty as empty_directory};
pub(crate) use launch::{FAILPOINTS_FD, Found, Launch, Surroundings};
pub(crate) use places::Places;
pub use screen::Screen;
pub use spec::{Limits, Source, Target};
pub(crate) use worktree::WorkTree;
