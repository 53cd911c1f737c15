//! The console, as far as a dying process cares.

use std::io::{self, Write};

/// Writes `bytes` to standard error. Nothing is reported: the caller is about
/// to end the process, and has nobody to tell.
pub(crate) fn write_without_blocking(bytes: &[u8]) {
    let _ = io::stderr().write_all(bytes);
}

/// How many columns the console has: not asked for, it breaks lines itself.
pub(crate) fn columns() -> Option<usize> {
    None
}

/// The modes of the console; not kept here.
#[derive(Clone, Copy)]
pub(crate) struct Modes;

impl Modes {
    /// None.
    pub(crate) fn current() -> Option<Modes> {
        None
    }
}
