//! A run of a pool: the coordinator, the queue of tasks, and the workers.

mod batch;
mod batch_size;
mod coordinator;
#[cfg(all(test, sigproof_loom))]
mod loom_tests;
mod outcome_slots;
mod overdue;
mod queue;
mod run_state;
mod worker;
mod worker_queue;

pub(in crate::pool) use coordinator::{Coordinator, Sink};
#[cfg(feature = "process")]
pub(in crate::pool) use run_state::LOOKS;
