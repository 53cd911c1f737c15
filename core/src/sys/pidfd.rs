//! A process by descriptor, which stays with one process for ever.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

/// A process.
#[derive(Debug)]
pub(crate) struct PidFd(OwnedFd);

impl PidFd {
    /// The process `pid`, which must be a child of the caller that nobody has
    /// reaped.
    ///
    /// # Errors
    /// Those of `pidfd_open(2)`: `ENOSYS` before Linux 5.3.
    pub(crate) fn open(pid: i32) -> io::Result<PidFd> {
        // SAFETY: the call takes two integers and returns a fresh descriptor,
        // closed on exec.
        let raw = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        match i32::try_from(raw) {
            // SAFETY: a fresh descriptor that nobody else owns.
            Ok(raw) if raw >= 0 => Ok(PidFd(unsafe { OwnedFd::from_raw_fd(raw) })),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Whether the process exists, be it as a zombie.
    pub(crate) fn is_valid(&self) -> bool {
        // SAFETY: signal 0 does nothing; the null pointer asks for the usual
        // siginfo.
        let status = unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.0.as_raw_fd(),
                0,
                ptr::null::<libc::siginfo_t>(),
                0,
            )
        };
        status == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
    }
}
