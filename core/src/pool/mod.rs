//! Executors: they run tasks, obey a token, and report what became of each
//! task.

mod command;
#[cfg(feature = "process")]
mod process;
mod shared;
mod thread;

pub use command::{CommandEnd, CommandRunner, Output};
#[cfg(feature = "process")]
pub use process::{ProcessPool, WorkerProgram};
pub use shared::{
    Cancelled, Executor, Failure, ImmediateTermination, Lost, Outcome, Progress, Results, Tally,
    TaskError, TimedOut,
};
pub use thread::{ThreadPool, ThreadTask, ThreadWork};
