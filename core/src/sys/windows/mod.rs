//! What Windows has.

pub(crate) mod clock;
pub(crate) mod console;
pub(crate) mod disposition;
pub(crate) mod foreground;
pub(crate) mod mask;
pub(crate) mod processes;
#[cfg(not(sigproof_loom))]
pub(crate) mod shared_page;
pub(crate) mod terminal;
pub(crate) mod wake_pipe;
