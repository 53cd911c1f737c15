//! The error of installing a handler.

use std::error::Error;
use std::fmt;
use std::io;

use crate::machine::Signal;

/// The error of installing a handler.
#[derive(Debug)]
pub struct InstallError(InstallErrorKind);

#[derive(Debug)]
enum InstallErrorKind {
    AlreadyInstalled,
    AllRetired,
    Unsupported(Signal),
    System {
        operation: &'static str,
        signal: Option<Signal>,
        source: io::Error,
    },
}

impl InstallError {
    pub(super) fn already_installed() -> InstallError {
        InstallError(InstallErrorKind::AlreadyInstalled)
    }

    pub(super) fn all_retired() -> InstallError {
        InstallError(InstallErrorKind::AllRetired)
    }

    pub(super) fn unsupported(signal: Signal) -> InstallError {
        InstallError(InstallErrorKind::Unsupported(signal))
    }

    pub(super) fn system(
        operation: &'static str,
        signal: Option<Signal>,
        source: io::Error,
    ) -> InstallError {
        InstallError(InstallErrorKind::System {
            operation,
            signal,
            source,
        })
    }

    /// Whether another handler of this library is installed in this process.
    /// Drop it first.
    #[must_use]
    pub fn is_already_installed(&self) -> bool {
        matches!(self.0, InstallErrorKind::AlreadyInstalled)
    }

    /// The signal at fault, if it was one.
    #[must_use]
    pub fn signal(&self) -> Option<Signal> {
        match self.0 {
            InstallErrorKind::AlreadyInstalled | InstallErrorKind::AllRetired => None,
            InstallErrorKind::Unsupported(signal) => Some(signal),
            InstallErrorKind::System { signal, .. } => signal,
        }
    }
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Failed to set up interrupt handling: ")?;
        match &self.0 {
            InstallErrorKind::AlreadyInstalled => {
                f.write_str("a handler is already installed in this process")
            }
            InstallErrorKind::AllRetired => f.write_str(
                "other libraries have registered handlers over too many handlers of ours",
            ),
            InstallErrorKind::Unsupported(signal) => {
                write!(f, "{signal} is not supported on this platform")
            }
            InstallErrorKind::System {
                operation,
                signal: Some(signal),
                source,
            } => write!(f, "{operation} for {signal}: {source}"),
            InstallErrorKind::System {
                operation, source, ..
            } => write!(f, "{operation}: {source}"),
        }
    }
}

impl Error for InstallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            InstallErrorKind::System { source, .. } => Some(source),
            InstallErrorKind::AlreadyInstalled
            | InstallErrorKind::AllRetired
            | InstallErrorKind::Unsupported(_) => None,
        }
    }
}

impl From<InstallError> for io::Error {
    fn from(error: InstallError) -> io::Error {
        let kind = match &error.0 {
            InstallErrorKind::AlreadyInstalled => io::ErrorKind::AlreadyExists,
            InstallErrorKind::AllRetired => io::ErrorKind::QuotaExceeded,
            InstallErrorKind::Unsupported(_) => io::ErrorKind::Unsupported,
            InstallErrorKind::System { source, .. } => source.kind(),
        };
        io::Error::new(kind, error)
    }
}
