//! Executors: they run tasks, obey a token, and say what became of each task.

mod chunk;
#[cfg(unix)]
mod command;
mod coordinator;
mod executor;
#[cfg(all(unix, feature = "process"))]
mod frame;
mod local;
mod notices;
mod outcome;
mod pace;
#[cfg(all(test, sigproof_loom))]
mod pool_loom;
#[cfg(all(unix, feature = "process"))]
mod process;
mod queue;
mod results;
#[cfg(unix)]
mod scratch;
mod settings;
mod shared;
#[cfg(all(test, not(sigproof_loom)))]
mod short_tests;
mod slots;
#[cfg(all(test, not(sigproof_loom)))]
mod tests;
mod thread;
mod thread_worker;
#[cfg(all(unix, feature = "process"))]
mod worker;
#[cfg(all(unix, feature = "process"))]
mod worker_jobs;
#[cfg(all(unix, feature = "process"))]
mod worker_process;
#[cfg(all(unix, feature = "process"))]
mod worker_stage;

#[cfg(unix)]
pub use command::{CommandEnd, CommandRunner, Output};
pub use executor::Executor;
pub use outcome::{Cancelled, Failure, Outcome, TaskError};
#[cfg(all(unix, feature = "process"))]
pub use process::ProcessPool;
pub use results::{ImmediateTermination, Results, Tally};
pub use thread::{ThreadPool, ThreadTask};
#[cfg(all(unix, feature = "process"))]
pub use worker::WorkerProgram;
