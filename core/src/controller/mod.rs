//! Phased runs: named phases one after the other, and a teardown that always
//! runs to its end.
//!
//! When a stop comes, the active phase is interrupted through its token, the
//! remaining phases are skipped, and the teardowns run shielded: plugins'
//! first, the global one last. A further signal during teardown does what the
//! policy says; with [`Policy::confirmed`](crate::Policy::confirmed) it forces
//! the exit.

mod entry;
mod report;
mod run;
#[cfg(test)]
mod tests;

pub use entry::run;
pub use report::{PhaseReport, RunReport};
pub use run::Controller;
