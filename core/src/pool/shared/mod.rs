//! What the executors have in common: outcomes and results, limits, and the
//! run of a pool.

mod executor;
mod failure;
mod notices;
mod outcome;
mod progress;
mod results;
mod run;
mod settings;
mod worker_backend;

pub use executor::Executor;
pub use failure::{Failure, TaskError};
pub use outcome::{Cancelled, Lost, Outcome, TimedOut};
pub use progress::Progress;
pub(super) use results::remaining;
pub use results::{ImmediateTermination, Results, Tally};
#[cfg(feature = "process")]
pub(super) use run::LOOKS;
pub(super) use run::{Coordinator, Sink};
pub(super) use settings::{LIMIT_MIN, Settings};
pub(super) use worker_backend::ScopedBackend;
pub(super) use worker_backend::ThreadBackend;
#[cfg(feature = "process")]
pub(super) use worker_backend::{Job, Join, WorkerBackend, thread_name};
