//! Which process something belongs to, told apart from a forked child: by its
//! number.

use crate::sys::process;

/// The process that made it.
#[derive(Debug)]
pub(crate) struct Owner {
    id: u32,
}

impl Owner {
    /// This process.
    pub(crate) fn current() -> Owner {
        Owner { id: process::id() }
    }

    /// Whether this process made it. Async-signal-safe.
    pub(crate) fn is_this_process(&self) -> bool {
        self.id == process::id()
    }
}
