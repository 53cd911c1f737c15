//! Reads two pipes at once until both end or the caller stops it.

use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsRawFd, RawFd};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    First,
    Second,
}

/// Ends a [`pump`] when dropped. What was written before is still read, what
/// comes later is not: a writer that nobody can end must not keep the pump.
#[derive(Debug)]
pub(crate) struct StopSender(
    #[expect(dead_code, reason = "dropping it is its whole use")] PipeWriter,
);

/// The other end of a [`StopSender`].
#[derive(Debug)]
pub(crate) struct StopReceiver(PipeReader);

/// A pair of both.
///
/// # Errors
/// Those of `pipe2(2)`.
pub(crate) fn quit() -> io::Result<(StopSender, StopReceiver)> {
    let (reader, writer) = io::pipe()?;
    Ok((StopSender(writer), StopReceiver(reader)))
}

/// Reads both pipes and hands over what comes, until both have ended, or until
/// the [`StopSender`] is dropped and what was there then has been read.
///
/// # Errors
/// Those of `poll(2)`, `fcntl(2)`, `ioctl(2)` and `read(2)`.
pub(crate) fn pump(
    mut first: impl Read + AsRawFd,
    mut second: impl Read + AsRawFd,
    stopped: &StopReceiver,
    mut on_bytes: impl FnMut(Source, &[u8]),
) -> io::Result<()> {
    let fds = [first.as_raw_fd(), second.as_raw_fd()];
    set_nonblocking(fds[0])?;
    set_nonblocking(fds[1])?;
    let mut buffer = vec![0; 64 * 1024];
    let mut open = [true, true];
    // How much is still to be read of each, from the moment of stopping on.
    let mut left = None;
    while open != [false, false] {
        if left.is_none() && wait(fds, open, stopped.0.as_raw_fd())? {
            left = Some([waiting_in(fds[0])?, waiting_in(fds[1])?]);
        }
        for source in [Source::First, Source::Second] {
            let slot = source as usize;
            if !open[slot] {
                continue;
            }
            let limit = left.map_or(buffer.len(), |left| left[slot].min(buffer.len()));
            let room = &mut buffer[..limit];
            let read = match source {
                // Nothing is left: that is the end for us.
                _ if limit == 0 => Ok(0),
                Source::First => first.read(room),
                Source::Second => second.read(room),
            };
            match read {
                Ok(0) => open[slot] = false,
                Ok(count) => {
                    on_bytes(source, &buffer[..count]);
                    if let Some(left) = &mut left {
                        left[slot] -= count;
                    }
                }
                Err(error) if is_transient(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// How many bytes can be read from a pipe now.
fn waiting_in(fd: RawFd) -> io::Result<usize> {
    let mut count: libc::c_int = 0;
    // SAFETY: FIONREAD stores one int, for which `count` has room.
    if unsafe { libc::ioctl(fd, libc::FIONREAD, &raw mut count) } < 0 {
        return Err(io::Error::last_os_error());
    }
    usize::try_from(count).map_err(io::Error::other)
}

fn is_transient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// Waits for one of them; whether it is time to quit.
fn wait(fds: [RawFd; 2], open: [bool; 2], stopped: RawFd) -> io::Result<bool> {
    // poll skips negative descriptors.
    let entry = |fd, wanted| libc::pollfd {
        fd: if wanted { fd } else { -1 },
        events: libc::POLLIN,
        revents: 0,
    };
    let mut entries = [
        entry(fds[0], open[0]),
        entry(fds[1], open[1]),
        entry(stopped, true),
    ];
    // SAFETY: three pollfds, valid for the call.
    let count = unsafe { libc::poll(entries.as_mut_ptr(), 3, -1) };
    if count < 0 {
        let error = io::Error::last_os_error();
        return if is_transient(&error) {
            Ok(false)
        } else {
            Err(error)
        };
    }
    Ok(entries[2].revents != 0)
}

fn set_nonblocking(fd: RawFd) -> io::Result<()> {
    // SAFETY: the descriptor is open, F_GETFL takes no argument.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    if flags < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as above; F_SETFL takes an int.
    if unsafe { libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    /// Reads until the end with the pipes held open; returns how many bytes
    /// came of each, which must be at most `limit`.
    fn pumped(readers: [PipeReader; 2], stopped: &StopReceiver, limit: usize) -> [usize; 2] {
        let [first, second] = readers;
        let mut heard = [0, 0];
        pump(first, second, stopped, |source, bytes| {
            heard[source as usize] += bytes.len();
            assert!(heard[source as usize] <= limit, "it reads without end");
        })
        .expect("pipes can be read");
        heard
    }

    /// More than one read takes, in a pipe made large enough, and nobody closes
    /// it: what was written before the end must all come.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_was_written_before_the_end_is_all_read() {
        let (mut readers, mut writers) = (Vec::new(), Vec::new());
        for fill in [b'1', b'2'] {
            let (reader, mut writer) = io::pipe().expect("a pipe");
            // SAFETY: F_SETPIPE_SZ takes an int.
            let size = unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETPIPE_SZ, 1 << 20) };
            assert!(size >= 1 << 20, "{}", io::Error::last_os_error());
            writer.write_all(&vec![fill; 1 << 20]).expect("it fits");
            readers.push(reader);
            writers.push(writer);
        }
        let (quit, stopped) = quit().expect("a pipe");
        drop(quit);
        let heard = pumped(readers.try_into().expect("two"), &stopped, 1 << 20);
        assert_eq!(heard, [1 << 20, 1 << 20]);
    }

    #[test]
    fn a_writer_without_end_does_not_keep_the_pump() {
        let (quiet, _held) = io::pipe().expect("a pipe");
        let (flooded, mut writer) = io::pipe().expect("a pipe");
        let (quit, stopped) = quit().expect("a pipe");
        // Full before the end, and full again after each read.
        let full = AtomicBool::new(false);
        let heard = thread::scope(|scope| {
            scope.spawn(|| {
                let mut more = true;
                while more {
                    full.store(true, Ordering::SeqCst);
                    more = writer.write_all(&[b'x'; 4096]).is_ok();
                }
            });
            while !full.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            drop(quit);
            // A pipe holds at most that much unless it was made larger.
            pumped([flooded, quiet], &stopped, 64 * 1024)
        });
        assert_eq!(heard[1], 0);
    }
}
