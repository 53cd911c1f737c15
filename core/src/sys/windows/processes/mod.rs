//! Processes: how they start, communicate, and end.

pub(crate) mod drain_pipes;
mod job;
pub(crate) mod process;
pub(crate) mod process_group;
mod snapshot;
#[cfg(feature = "process")]
pub(crate) mod worker;
#[cfg(feature = "process")]
pub(crate) mod worker_channel;
