//! What a stopped thread does next.

use crate::facts::Signal;
use crate::sys::ids::Tid;
use crate::sys::ptrace;
use crate::sys::ptrace::Resume;
use std::io;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It goes on, and takes this signal.
    Resume { how: Resume, signal: Option<Signal> },
    /// It stands still until somebody resumes it.
    Hold,
}

impl Next {
    pub(crate) fn resume(how: Resume) -> Next {
        Next::Resume { how, signal: None }
    }

    pub(crate) fn deliver(how: Resume, signal: Signal) -> Next {
        Next::Resume {
            how,
            signal: Some(signal),
        }
    }

    /// Makes a stopped thread do it.
    pub(crate) fn apply(self, tid: Tid) -> io::Result<()> {
        match self {
            Next::Resume { how, signal } => ptrace::resume(tid, how, signal),
            Next::Hold => Ok(()),
        }
    }
}
