//! The least that a handler can be: `sigaction(2)` and a store.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

static FLAG: AtomicBool = AtomicBool::new(false);

extern "C" fn on_signal(_: i32) {
    FLAG.store(true, Ordering::SeqCst);
}

/// Installs it for SIGINT.
pub(super) fn install() -> io::Result<()> {
    let handler = SigHandler::Handler(on_signal);
    let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler only stores to an atomic.
    unsafe { sigaction(Signal::SIGINT, &action) }?;
    Ok(())
}

/// Whether it ran since the last time.
pub(super) fn take() -> bool {
    FLAG.swap(false, Ordering::SeqCst)
}
