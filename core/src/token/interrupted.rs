//! The error of a cut-short task.

use std::error::Error;
use std::fmt;

use crate::machine::{Cause, Stage};

/// A task stopped because the program was asked to.
///
/// Pools recognise this error in whatever a task returns: such a task counts
/// as cancelled, not as failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted {
    stage: Stage,
    cause: Cause,
}

impl Interrupted {
    /// Interrupted at this stage, for this reason.
    #[must_use]
    pub const fn new(stage: Stage, cause: Cause) -> Interrupted {
        Interrupted { stage, cause }
    }

    /// The stage that was seen.
    #[must_use]
    pub const fn stage(self) -> Stage {
        self.stage
    }

    /// Why; [`Cause::None`] when a scope of the program's own was stopped.
    #[must_use]
    pub const fn cause(self) -> Cause {
        self.cause
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "interrupted at stage {}", self.stage.number())?;
        match self.cause {
            Cause::None => Ok(()),
            Cause::Signal(signal) => write!(f, " by {signal}"),
            Cause::Deadline(Some(signal)) => write!(f, " by {signal} and a deadline"),
            Cause::Deadline(None) => f.write_str(" by a deadline"),
            Cause::Request => f.write_str(" by request"),
        }
    }
}

impl Error for Interrupted {}
