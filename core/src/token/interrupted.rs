//! The error of a cut-short task.

use std::error::Error;
use std::fmt;
use std::io;

use crate::machine::{Cause, Stage};

/// No chain of causes that somebody made on purpose is longer.
const CHAIN_MAX: usize = 1024;

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

    /// Finds an `Interrupted` in an error or in what it was made from: through
    /// [`Error::source`], and inside an [`io::Error`].
    ///
    /// ```
    /// use std::io;
    /// use sigproof_core::{Cause, Interrupted, Stage};
    /// let interrupted = Interrupted::new(Stage::TerminateActive, Cause::Request);
    /// let error = io::Error::other(interrupted);
    /// assert_eq!(Interrupted::find(&error), Some(interrupted));
    /// ```
    #[must_use]
    pub fn find(error: &(dyn Error + 'static)) -> Option<Interrupted> {
        find_error::<Interrupted>(error).copied()
    }

    /// Why; [`Cause::None`] when a scope of the program's own was stopped.
    #[must_use]
    pub const fn cause(self) -> Cause {
        self.cause
    }
}

/// Finds an `E` in an error or in what it was made from: through
/// [`Error::source`], and inside an [`io::Error`].
pub(crate) fn find_error<'a, E: Error + 'static>(
    error: &'a (dyn Error + 'static),
) -> Option<&'a E> {
    let mut next = Some(error);
    // An error may name itself as its source.
    for _ in 0..CHAIN_MAX {
        let error = next?;
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // The source of an `io::Error` is that of the error inside it.
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
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

/// For functions that return [`io::Result`]. The kind is
/// [`io::ErrorKind::Other`]: callers repeat what failed with
/// [`io::ErrorKind::Interrupted`].
impl From<Interrupted> for io::Error {
    fn from(interrupted: Interrupted) -> io::Error {
        io::Error::other(interrupted)
    }
}
