//! There are no signal masks.

use std::io;

use crate::machine::Signal;

/// Nothing to do.
///
/// # Errors
/// None.
pub(crate) fn unblock(_signals: &[Signal]) -> io::Result<()> {
    Ok(())
}

/// Runs `action`.
///
/// # Errors
/// Those of `action`.
pub(crate) fn with_all_blocked<T>(action: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    action()
}
