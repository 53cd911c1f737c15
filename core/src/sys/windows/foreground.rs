//! Every program of a console may read from it: there is nothing to hand over.

use std::io;
use std::process::ExitStatus;

/// The console, as long as a program uses it.
#[derive(Debug)]
pub(crate) struct Foreground;

impl Foreground {
    /// # Errors
    /// None here.
    pub(crate) fn open() -> io::Result<Foreground> {
        Ok(Foreground)
    }

    /// Nothing stops a program here.
    pub(crate) fn stop_with(&self, _group: i32, _needs: bool) -> bool {
        true
    }

    /// The program has ended.
    pub(crate) fn settle(&self, _group: i32, _status: ExitStatus, _asked: bool) {}
}
