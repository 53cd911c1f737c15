//! The line between a pool and one of its workers: a socket pair, one end of
//! which is the worker's standard input. Its end tells each that the other is
//! gone.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::fd_passing;
use crate::sys::{Descriptor, OwnedDescriptor};

/// One end of the line.
#[derive(Debug)]
pub(crate) struct WorkerChannel(UnixStream);

/// A new line: the pool's end, and what becomes the worker's standard input.
///
/// # Errors
/// Those of `socketpair(2)`.
pub(crate) fn pair() -> io::Result<(WorkerChannel, Stdio)> {
    let (ours, theirs) = UnixStream::pair()?;
    #[cfg(target_vendor = "apple")]
    for socket in [&ours, &theirs] {
        refuse_sigpipe(socket)?;
    }
    Ok((WorkerChannel(ours), OwnedFd::from(theirs).into()))
}

/// Where no flag of `send` does that, and a program may have SIGPIPE at its
/// default.
#[cfg(target_vendor = "apple")]
fn refuse_sigpipe(socket: &UnixStream) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the descriptor is open; the option takes one int.
    let status = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_NOSIGPIPE,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    if status == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

impl WorkerChannel {
    /// The pool's part: gives the worker a descriptor, before anything else.
    ///
    /// # Errors
    /// Those of `sendmsg(2)`.
    pub(crate) fn give(&mut self, _worker: &Child, descriptor: Descriptor<'_>) -> io::Result<()> {
        fd_passing::send(&self.0, descriptor)
    }

    /// Whether the process at the other end has ended. A worker says nothing
    /// without being asked.
    pub(crate) fn has_ended(&self) -> bool {
        let mut byte = 0_u8;
        let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
        // SAFETY: there is room for the one byte that is asked for.
        let count = unsafe { libc::recv(self.0.as_raw_fd(), (&raw mut byte).cast(), 1, flags) };
        count >= 0 || io::Error::last_os_error().kind() != io::ErrorKind::WouldBlock
    }

    /// Waits until the process at the other end has ended, at most so long.
    pub(crate) fn wait_for_end(&self, limit: Duration) {
        let mut end = libc::pollfd {
            fd: self.0.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let millis = libc::c_int::try_from(limit.as_millis()).unwrap_or(libc::c_int::MAX);
        // SAFETY: one pollfd, valid for the call. An interruption ends it early,
        // which the caller allows for.
        let _ = unsafe { libc::poll(&mut end, 1, millis) };
    }

    /// Waits until the process at the other end has ended or closed the line;
    /// what it sends is left alone.
    #[cfg(all(target_os = "linux", not(sigproof_portable)))]
    pub(crate) fn wait_until_ended(&self) {
        let mut hangup = libc::pollfd {
            fd: self.0.as_raw_fd(),
            events: libc::POLLRDHUP,
            revents: 0,
        };
        loop {
            // SAFETY: one pollfd, valid for the call.
            let count = unsafe { libc::poll(&mut hangup, 1, -1) };
            // An error other than an interruption is an end as well: nobody
            // would notice another one.
            if count > 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
                return;
            }
        }
    }

    /// The worker's part: takes the line from standard input.
    ///
    /// # Errors
    /// Those of `dup(2)`.
    pub(crate) fn take() -> io::Result<WorkerChannel> {
        let socket = io::stdin().as_fd().try_clone_to_owned()?;
        Ok(WorkerChannel(socket.into()))
    }

    /// The worker's part: what [`WorkerChannel::give`] gave.
    ///
    /// # Errors
    /// Those of `recvmsg(2)`; [`io::ErrorKind::InvalidData`] if something else
    /// came.
    pub(crate) fn receive(&self) -> io::Result<OwnedDescriptor> {
        fd_passing::receive(&self.0)
    }

    /// The same end once more, for another thread.
    ///
    /// # Errors
    /// Those of `dup(2)`.
    pub(crate) fn try_clone(&self) -> io::Result<WorkerChannel> {
        self.0.try_clone().map(WorkerChannel)
    }
}

impl Read for WorkerChannel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl Read for &WorkerChannel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }
}

impl Write for &WorkerChannel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
