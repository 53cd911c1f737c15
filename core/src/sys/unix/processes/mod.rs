//! Processes: how they start, communicate, and end.

pub(crate) mod drain_pipes;
pub(crate) mod exit;
#[cfg(feature = "process")]
mod fd_passing;
pub(crate) mod group_registry;
pub(crate) mod process;
pub(crate) mod process_group;
pub(crate) mod spawn;
#[cfg(feature = "process")]
pub(crate) mod worker;
#[cfg(feature = "process")]
pub(crate) mod worker_channel;
