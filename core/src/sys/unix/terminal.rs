//! The terminal on standard error, as far as a dying process cares.

use std::os::fd::RawFd;

/// Writes `bytes` to standard error if that cannot block: a reader that went
/// to sleep on a full pipe, or a terminal stopped by Ctrl+S, must not keep the
/// process alive. Async-signal-safe.
///
/// Nothing is reported: the caller is about to end the process, and has nobody
/// to tell.
pub(crate) fn write_without_blocking(bytes: &[u8]) {
    const STDERR: RawFd = 2;
    if bytes.is_empty() {
        return;
    }
    let mut ready = libc::pollfd {
        fd: STDERR,
        events: libc::POLLOUT,
        revents: 0,
    };
    // SAFETY: one pollfd, valid for the call; a timeout of 0 does not block.
    let count = unsafe { libc::poll(&mut ready, 1, 0) };
    if count == 1 && ready.revents & libc::POLLOUT != 0 {
        // SAFETY: the pointer and length come from one slice.
        let _ = unsafe { libc::write(STDERR, bytes.as_ptr().cast(), bytes.len()) };
    }
}
