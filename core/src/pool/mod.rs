//! Executors: they run tasks, obey a token, and say what became of each task.

#[cfg(unix)]
mod command;
mod coordinator;
mod executor;
mod outcome;
mod results;
mod shared;
mod slots;
#[cfg(test)]
mod tests;
mod thread;

#[cfg(unix)]
pub use command::{CommandEnd, CommandRunner, Output};
pub use executor::Executor;
pub use outcome::{Cancelled, Failure, Outcome, TaskError};
pub use results::{ImmediateTermination, Results, Tally};
pub use thread::{ThreadPool, ThreadTask};
