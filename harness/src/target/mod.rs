//! A program under test: what to run, where, and what it leaves.

mod copy;
mod dirty_check;
mod launch;
mod machine;
mod paths;
mod screen;
mod target;
mod tree_diff;
mod worktree;

pub(crate) use copy::{OWN, TreeError, empty as empty_directory};
pub(crate) use launch::{Environment, FAILPOINTS_FD, FoundPrograms, Launch};
pub(crate) use paths::TargetPaths;
pub use screen::Screen;
pub use target::{IoUring, Isolation, Limits, Network, Source, StartState, Target};
pub(crate) use worktree::{ALL_SMALL, WorkTree};
