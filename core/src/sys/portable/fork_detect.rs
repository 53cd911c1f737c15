//! Which process created something, as opposed to a forked child: by its
//! number.

use crate::sys::process;

/// The process that made it.
#[derive(Debug)]
pub(crate) struct OwnerProcess {
    id: u32,
}

impl OwnerProcess {
    /// This process.
    pub(crate) fn current() -> OwnerProcess {
        OwnerProcess { id: process::id() }
    }

    /// Whether this process made it. Async-signal-safe.
    pub(crate) fn is_this_process(&self) -> bool {
        self.id == process::id()
    }
}
