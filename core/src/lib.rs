//! core
pub mod feedback;
pub mod machine;
pub mod pool;
mod signal;
mod sync;
mod sys;
mod token;
pub use machine::{Beyond, Cause, Policy, PolicyError, Rung, Sender, Signal, Stage};
pub use pool::{Executor, Outcome, Results, TaskError, ThreadPool};
pub use signal::{ExitStyle, InstallError, InterruptHandler, Observer, Options, Transition};
pub use token::{Interrupted, Scope, Shield, StopSource, StopToken};
