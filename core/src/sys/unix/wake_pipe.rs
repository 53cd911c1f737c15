//! The pipe from the signal handler to the watcher thread.
//!
//! Records are shorter than PIPE_BUF, so a write is all or nothing and records
//! of concurrent handlers never mix.

use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Length of a record in bytes.
pub(crate) const RECORD_BYTES: usize = 16;

/// The handler's end. Never blocks.
#[derive(Debug)]
pub(crate) struct Sender(PipeWriter);

/// The watcher's end.
#[derive(Debug)]
pub(crate) struct Receiver(PipeReader);

/// What the watcher found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A record.
    Record([u8; RECORD_BYTES]),
    /// Nothing came in time.
    TimedOut,
    /// The sender is gone and every record was read.
    Closed,
}

/// Opens the pipe; both ends are closed on exec.
///
/// # Errors
/// Those of `pipe2(2)` and `fcntl(2)`.
pub(crate) fn channel() -> io::Result<(Sender, Receiver)> {
    let (reader, writer) = io::pipe()?;
    let fd = writer.as_raw_fd();
    // SAFETY: the descriptor is open, F_GETFL takes no argument.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    if flags < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as above; F_SETFL takes an int.
    if unsafe { libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok((Sender(writer), Receiver(reader)))
}

impl Sender {
    /// Sends one record; `false` if the pipe is full. Async-signal-safe.
    pub(crate) fn send(&self, record: &[u8; RECORD_BYTES]) -> bool {
        // SAFETY: the descriptor is open as long as `self` lives; pointer and
        // length come from one array.
        let written =
            unsafe { libc::write(self.0.as_raw_fd(), record.as_ptr().cast(), RECORD_BYTES) };
        written == RECORD_BYTES.cast_signed()
    }
}

impl Receiver {
    /// Waits for a record, at most `timeout`.
    ///
    /// # Errors
    /// Those of `poll(2)` and `read(2)`.
    pub(crate) fn receive(&mut self, timeout: Option<Duration>) -> io::Result<Received> {
        // Without a timeout the read itself waits: it costs whoever writes less
        // to wake a reader than to wake a poll.
        if timeout.is_some() && !self.wait_readable(timeout)? {
            return Ok(Received::TimedOut);
        }
        let mut record = [0; RECORD_BYTES];
        match self.0.read_exact(&mut record) {
            Ok(()) => Ok(Received::Record(record)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Received::Closed),
            Err(error) => Err(error),
        }
    }

    fn wait_readable(&self, timeout: Option<Duration>) -> io::Result<bool> {
        // Rounded up: waking early would only spin.
        let millis = timeout.map_or(-1, |timeout| {
            let millis = timeout.as_nanos().div_ceil(1_000_000);
            libc::c_int::try_from(millis).unwrap_or(libc::c_int::MAX)
        });
        let mut ready = libc::pollfd {
            fd: self.0.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one pollfd, valid for the call.
        match unsafe { libc::poll(&mut ready, 1, millis) } {
            0 => Ok(false),
            count if count > 0 => Ok(true),
            _ => {
                let error = io::Error::last_os_error();
                // A signal ran its handler in this thread: look again.
                if error.kind() == io::ErrorKind::Interrupted {
                    Ok(false)
                } else {
                    Err(error)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_arrive_in_order_then_the_end() {
        let (sender, mut receiver) = channel().expect("pipe");
        assert!(sender.send(&[1; RECORD_BYTES]));
        assert!(sender.send(&[2; RECORD_BYTES]));
        drop(sender);
        let mut next = || receiver.receive(None).expect("receive");
        assert_eq!(next(), Received::Record([1; RECORD_BYTES]));
        assert_eq!(next(), Received::Record([2; RECORD_BYTES]));
        assert_eq!(next(), Received::Closed);
    }

    #[test]
    fn a_full_pipe_refuses_and_does_not_block() {
        let (sender, mut receiver) = channel().expect("pipe");
        let mut accepted = 0_u32;
        while sender.send(&[7; RECORD_BYTES]) {
            accepted += 1;
            assert!(accepted < 10_000_000, "the pipe never fills");
        }
        drop(sender);
        while receiver.receive(None).expect("receive") != Received::Closed {
            accepted -= 1;
        }
        assert_eq!(accepted, 0);
    }
}
