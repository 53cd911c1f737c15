//! Errors, by who has to do something about them.
//!
//! An [`Error`] carries what a reader or a caller may need apart: its kind decides the exit code, its hint is a
//! sentence of its own, and path, process and operation say what it is about. Nobody has to look into its text.

use sigproof_core::{Cause, Interrupted, Stage};
use std::fmt;
use std::path::{Path, PathBuf};

/// Why a session could not be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    kind: ErrorKind,
    message: String,
    path: Option<PathBuf>,
    pid: Option<u32>,
    operation: Option<&'static str>,
    hint: Option<String>,
}

/// Who has to do something about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// The command line, an input, a scenario or the target's baseline is wrong.
    Usage,
    /// The harness or the machine fails.
    Harness,
    /// An injection point was not reached.
    NotReached,
    /// The person interrupted it.
    Interrupted,
    /// The target keeps a promise not even when nobody disturbs it.
    Violated,
}

impl ErrorKind {
    /// The exit code. An interrupted command ends by the signal instead; 130 is for a request to stop without one.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Usage => 2,
            ErrorKind::Harness => 3,
            ErrorKind::NotReached => 4,
            ErrorKind::Interrupted => 130,
            ErrorKind::Violated => 1,
        }
    }
}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Parts {
            kind,
            message: message.into(),
            path: None,
            pid: None,
            operation: None,
            hint: None,
        }))
    }

    /// The command line, an input, a scenario or the target's baseline is wrong: exit code 2.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Usage, message)
    }

    /// The harness or the machine fails: exit code 3.
    pub fn harness(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Harness, message)
    }

    /// An injection point was not reached: exit code 4.
    pub fn not_reached(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::NotReached, message)
    }

    /// The person interrupted it before there was a result.
    pub fn interrupted() -> Error {
        Error::new(ErrorKind::Interrupted, "interrupted")
    }

    /// The target breaks a promise even when nobody disturbs it: exit code 1. `operation` is the oracle's name.
    pub(crate) fn violated(oracle: &'static str, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Violated, message).during(oracle)
    }

    /// The oracle whose promise is broken even when nobody disturbs the target.
    pub(crate) fn violates(&self) -> Option<&'static str> {
        self.0
            .operation
            .filter(|_| self.0.kind == ErrorKind::Violated)
    }

    /// The same, about this file or directory.
    #[must_use]
    pub fn at_path(mut self, path: impl AsRef<Path>) -> Error {
        self.0.path = Some(path.as_ref().to_owned());
        self
    }

    /// The same, about this process.
    #[must_use]
    pub fn of_process(mut self, pid: u32) -> Error {
        self.0.pid = Some(pid);
        self
    }

    /// The same, met while this was done: a noun phrase or a gerund, such as `signal handlers`.
    #[must_use]
    pub fn during(mut self, operation: &'static str) -> Error {
        self.0.operation = Some(operation);
        self
    }

    /// The same, with a sentence that says what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hint = Some(hint.into());
        self
    }

    /// Whether the command line, an input, a scenario or the target's baseline is wrong.
    pub fn is_usage(&self) -> bool {
        self.0.kind == ErrorKind::Usage
    }

    /// Whether the harness or the machine fails.
    pub fn is_harness(&self) -> bool {
        self.0.kind == ErrorKind::Harness
    }

    /// Whether an injection point was not reached.
    pub fn is_not_reached(&self) -> bool {
        self.0.kind == ErrorKind::NotReached
    }

    /// Whether the person interrupted it.
    pub fn is_interrupted(&self) -> bool {
        self.0.kind == ErrorKind::Interrupted
    }

    /// The exit code that a command gives it.
    pub fn exit_code(&self) -> u8 {
        self.0.kind.exit_code()
    }

    /// What is wrong, without path, operation, process and hint.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The file or directory that it is about.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The process that it is about.
    pub fn pid(&self) -> Option<u32> {
        self.0.pid
    }
}

/// `path: operation: message (pid 7); hint`, of which all but the message may be missing.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &*self.0;
        if let Some(path) = &parts.path {
            write!(f, "{}: ", path.display())?;
        }
        if let Some(operation) = parts.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&parts.message)?;
        if let Some(pid) = parts.pid {
            write!(f, " (pid {pid})")?;
        }
        match &parts.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    /// Pools look for [`Interrupted`] there: a task that ends by it is cancelled, not failed.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        static INTERRUPTED: Interrupted = Interrupted::new(Stage::CancelQueued, Cause::None);
        self.is_interrupted().then_some(&INTERRUPTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sigproof_core::{Outcome, StopSource, StopToken, TaskError, ThreadPool};

    #[test]
    fn the_text_has_every_part_once() {
        let error = Error::harness("it is gone")
            .at_path("/tmp/tree")
            .during("reading the work tree")
            .of_process(7)
            .with_hint("run it again");
        assert_eq!(
            error.to_string(),
            "/tmp/tree: reading the work tree: it is gone (pid 7); run it again"
        );
        assert_eq!(error.hint(), Some("run it again"));
        assert_eq!(error.message(), "it is gone");
        assert_eq!(error.path(), Some(Path::new("/tmp/tree")));
        assert_eq!(error.pid(), Some(7));
    }

    #[test]
    fn a_kind_decides_the_exit_code() {
        let codes = [
            Error::usage("").exit_code(),
            Error::harness("").exit_code(),
            Error::not_reached("").exit_code(),
            Error::interrupted().exit_code(),
        ];
        assert_eq!(codes, [2, 3, 4, 130]);
    }

    #[test]
    fn an_interrupted_task_of_a_pool_is_cancelled() {
        let token = StopSource::new().token();
        let work = |interrupted: bool, _: &StopToken| -> Result<(), TaskError> {
            Err(if interrupted {
                Error::interrupted()
            } else {
                Error::harness("interrupted")
            })?
        };
        let outcomes = ThreadPool::new(&token)
            .workers(1)
            .map([true, false], work)
            .into_outcomes();
        assert!(matches!(outcomes[0], Outcome::Cancelled(_)), "{outcomes:?}");
        assert!(matches!(outcomes[1], Outcome::Failed(_)), "{outcomes:?}");
    }

    #[test]
    fn a_text_says_nothing_about_the_kind() {
        assert!(!Error::harness("interrupted").is_interrupted());
        assert!(Error::interrupted().is_interrupted());
    }
}
