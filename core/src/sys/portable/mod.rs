//! What every system has, in place of Linux's own.

pub(crate) mod fork_detect;
pub(crate) mod park;
