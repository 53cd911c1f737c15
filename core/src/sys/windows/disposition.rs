//! What Ctrl+C does to the process. The console keeps a list of routines, so
//! there is no previous disposition to read or to put back.

use std::io;

use crate::machine::Signal;

/// Stands for the routines that were added before.
#[derive(Clone, Copy)]
pub(crate) struct Disposition;

impl Disposition {
    /// Never known: a process does not learn that it inherited "ignore
    /// Ctrl+C".
    pub(crate) fn is_ignored(&self) -> bool {
        false
    }
}

/// The disposition of `signal` now.
///
/// # Errors
/// None.
pub(crate) fn current(_signal: Signal) -> io::Result<Disposition> {
    Ok(Disposition)
}
