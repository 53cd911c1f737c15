//! The lock that a supervisor holds while its target runs.
//!
//! Two supervisors can share one lock: while the target of one runs, the other
//! one reports what it saw, restores its work tree, and starts its child, which
//! waits at its gate. It is a lock on a file without a name. The kernel releases
//! it when a supervisor dies.

use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// The lock, on the command's side.
pub(crate) struct RunLock(File);

impl RunLock {
    pub(crate) fn new() -> io::Result<RunLock> {
        let file = memfd_create(c"sigproof-run-lock", MFdFlags::MFD_CLOEXEC)?;
        Ok(RunLock(File::from(file)))
    }

    /// Opens it once more: a lock belongs to an open file, and a descriptor that
    /// is passed on is still the same open file.
    pub(crate) fn open(&self) -> io::Result<File> {
        let path = format!("/proc/self/fd/{}", self.0.as_raw_fd());
        File::options().read(true).write(true).open(path)
    }
}

/// Held while a target runs.
pub(crate) struct RunGuard<'a>(&'a File);

impl RunGuard<'_> {
    /// Blocks until nobody else holds it. Its holder releases it within the deadlines of a run, or by dying.
    pub(crate) fn take(file: &File) -> io::Result<RunGuard<'_>> {
        file.lock()?;
        Ok(RunGuard(file))
    }
}

impl Drop for RunGuard<'_> {
    fn drop(&mut self) {
        // It is open, and locked by us.
        let _ = self.0.unlock();
    }
}
