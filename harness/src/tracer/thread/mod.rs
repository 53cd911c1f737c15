//! The state of one traced thread.

pub(crate) mod activity;
pub(crate) mod handler_frame;
pub(crate) mod livelock;
pub(crate) mod passes;
pub(crate) mod pending_syscall;
pub(crate) mod single_step;
