//! Executors: they run tasks, obey a token, and say what became of each task.

mod chunk;
mod command;
mod coordinator;
mod executor;
#[cfg(feature = "process")]
mod frame;
#[cfg(feature = "process")]
mod hands;
#[cfg(all(test, not(sigproof_loom)))]
mod last_look_tests;
mod local;
mod notices;
mod outcome;
mod pace;
#[cfg(all(test, sigproof_loom))]
mod pool_loom;
#[cfg(feature = "process")]
mod process;
mod queue;
mod results;
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
#[cfg(feature = "process")]
mod worker;
#[cfg(feature = "process")]
mod worker_jobs;
#[cfg(feature = "process")]
mod worker_process;
#[cfg(feature = "process")]
mod worker_stage;

pub use command::{CommandEnd, CommandRunner, Output};
pub use executor::Executor;
pub use outcome::{Cancelled, Failure, Outcome, TaskError};
#[cfg(feature = "process")]
pub use process::ProcessPool;
pub use results::{ImmediateTermination, Results, Tally};
pub use thread::{ThreadPool, ThreadTask};
#[cfg(feature = "process")]
pub use worker::WorkerProgram;
