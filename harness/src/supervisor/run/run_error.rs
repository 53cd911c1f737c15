//! Why a run has no facts.

use std::io;

/// What ends a run without facts.
pub(crate) enum RunError {
    /// The program could not be executed.
    Exec(String),
    Io(io::Error),
}

impl From<io::Error> for RunError {
    fn from(error: io::Error) -> RunError {
        RunError::Io(error)
    }
}
