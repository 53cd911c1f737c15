//! Reading two pipes at once until both end or somebody says enough.

use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsRawFd, RawFd};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    First,
    Second,
}

/// Ends a [`pump`] when dropped. What was written before is still read.
#[derive(Debug)]
pub(crate) struct Quit(#[expect(dead_code, reason = "dropping it is its whole use")] PipeWriter);

/// The other end of a [`Quit`].
#[derive(Debug)]
pub(crate) struct Quitting(PipeReader);

/// A pair of both.
///
/// # Errors
/// Those of `pipe2(2)`.
pub(crate) fn quit() -> io::Result<(Quit, Quitting)> {
    let (reader, writer) = io::pipe()?;
    Ok((Quit(writer), Quitting(reader)))
}

/// Reads both pipes and hands over what comes, until both have ended or
/// `quitting` says enough and nothing more is there.
///
/// # Errors
/// Those of `poll(2)`, `fcntl(2)` and `read(2)`.
pub(crate) fn pump(
    mut first: impl Read + AsRawFd,
    mut second: impl Read + AsRawFd,
    quitting: &Quitting,
    mut on_bytes: impl FnMut(Source, &[u8]),
) -> io::Result<()> {
    set_nonblocking(first.as_raw_fd())?;
    set_nonblocking(second.as_raw_fd())?;
    let mut buffer = vec![0; 64 * 1024];
    let mut open = [true, true];
    let mut last_round = false;
    while open != [false, false] {
        if !last_round {
            let fds = [first.as_raw_fd(), second.as_raw_fd()];
            last_round = wait(fds, open, quitting.0.as_raw_fd())?;
        }
        let mut heard = false;
        for source in [Source::First, Source::Second] {
            let slot = &mut open[source as usize];
            if !*slot {
                continue;
            }
            let read = match source {
                Source::First => first.read(&mut buffer),
                Source::Second => second.read(&mut buffer),
            };
            match read {
                Ok(0) => *slot = false,
                Ok(count) => {
                    heard = true;
                    on_bytes(source, &buffer[..count]);
                }
                Err(error) if is_transient(&error) => {}
                Err(error) => return Err(error),
            }
        }
        if last_round && !heard {
            return Ok(());
        }
    }
    Ok(())
}

fn is_transient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// Waits for one of them; whether it is time to quit.
fn wait(fds: [RawFd; 2], open: [bool; 2], quitting: RawFd) -> io::Result<bool> {
    // poll skips negative descriptors.
    let entry = |fd, wanted| libc::pollfd {
        fd: if wanted { fd } else { -1 },
        events: libc::POLLIN,
        revents: 0,
    };
    let mut entries = [
        entry(fds[0], open[0]),
        entry(fds[1], open[1]),
        entry(quitting, true),
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
