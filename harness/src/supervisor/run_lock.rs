//! Whose turn it is to let a target run.
//!
//! Two supervisors can share one turn: while the target of one runs, the other
//! one tells what it saw, brings its work tree back, and starts its child, which
//! waits at its gate. A turn is a lock on a file without a name. The kernel takes
//! it from a supervisor that dies.

use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// A turn, on the command's side.
pub(crate) struct RunLock(File);

impl RunLock {
    pub(crate) fn new() -> io::Result<RunLock> {
        let file = memfd_create(c"sigproof-turn", MFdFlags::MFD_CLOEXEC)?;
        Ok(RunLock(File::from(file)))
    }

    /// Opened once more: locks belong to what was opened, and a descriptor that
    /// is passed on is still the same one.
    pub(crate) fn open(&self) -> io::Result<File> {
        let path = format!("/proc/self/fd/{}", self.0.as_raw_fd());
        File::options().read(true).write(true).open(path)
    }
}

/// Held while a target runs.
pub(crate) struct RunGuard<'a>(&'a File);

impl RunGuard<'_> {
    /// Waits for it. Who has it gives it back within the deadlines of a run, or by dying.
    pub(crate) fn take(turn: &File) -> io::Result<RunGuard<'_>> {
        turn.lock()?;
        Ok(RunGuard(turn))
    }
}

impl Drop for RunGuard<'_> {
    fn drop(&mut self) {
        // It is open, and locked by us.
        let _ = self.0.unlock();
    }
}
