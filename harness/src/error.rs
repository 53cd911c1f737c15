//! Why an exploration could not be done.

use std::fmt;

/// An error, by who has to do something about it.
#[derive(Debug)]
pub enum Error {
    /// The command line, an input or the target's baseline is wrong: exit code 2.
    Usage(String),
    /// The harness or the machine fails: exit code 3.
    Harness(String),
    /// An injection point was not reached: exit code 4.
    NotReached(String),
    /// The person interrupted it.
    Interrupted,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(text) | Error::Harness(text) | Error::NotReached(text) => {
                f.write_str(text)
            }
            Error::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Error {}
