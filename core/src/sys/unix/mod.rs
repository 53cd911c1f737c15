//! What all Unix systems have.

pub(crate) mod clock;
#[cfg(feature = "failpoints")]
pub(crate) mod failpoint;
pub(crate) mod foreground;
#[cfg(not(sigproof_loom))]
pub(super) mod mapping;
pub(crate) mod processes;
#[cfg(not(sigproof_loom))]
pub(crate) mod shared_page;
pub(crate) mod signals;
pub(crate) mod terminal;
pub(crate) mod wake_pipe;
