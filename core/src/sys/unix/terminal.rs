//! The terminal, as far as a process cares that dies or is stopped.

use std::mem::MaybeUninit;
use std::os::fd::RawFd;

/// Standard error.
const STDERR: RawFd = 2;

/// Writes `bytes` to standard error if that cannot block: a reader that went
/// to sleep on a full pipe, or a terminal stopped by Ctrl+S, must not keep the
/// process alive. Async-signal-safe.
///
/// Nothing is reported: the caller is about to end or stop the process, and
/// has nobody to tell.
pub(crate) fn write_without_blocking(bytes: &[u8]) {
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
    // Without a reader a write would raise SIGPIPE.
    if count == 1 && ready.revents & (libc::POLLOUT | libc::POLLERR) == libc::POLLOUT {
        // SAFETY: the pointer and length come from one slice.
        let _ = unsafe { libc::write(STDERR, bytes.as_ptr().cast(), bytes.len()) };
    }
}

/// How many columns the terminal on standard error has; `None` if it is no
/// terminal, or one that does not say.
pub(crate) fn columns() -> Option<usize> {
    let mut size = MaybeUninit::<libc::winsize>::zeroed();
    // SAFETY: `size` has room for the result, and all zeroes are a valid one.
    let (status, size) = unsafe {
        let status = libc::ioctl(STDERR, libc::TIOCGWINSZ, size.as_mut_ptr());
        (status, size.assume_init())
    };
    (status == 0 && size.ws_col > 0).then(|| usize::from(size.ws_col))
}

/// The modes of the terminal on standard error (echo, line editing and so on)
/// as they were when this was made.
#[derive(Clone, Copy)]
pub(crate) struct Modes(libc::termios);

impl Modes {
    /// The modes now; `None` if standard error is not a terminal.
    /// Async-signal-safe.
    pub(crate) fn current() -> Option<Modes> {
        let mut modes = MaybeUninit::uninit();
        // SAFETY: `modes` has room for the result.
        let status = unsafe { libc::tcgetattr(STDERR, modes.as_mut_ptr()) };
        // SAFETY: the call succeeded and so filled `modes`.
        (status == 0).then(|| Modes(unsafe { modes.assume_init() }))
    }

    /// The same, but for the echo of control keys (`^C`), which is as in
    /// `other`, or off.
    pub(crate) fn with_key_echo_of(mut self, other: Option<&Modes>) -> Modes {
        let echo = other.map_or(0, |other| other.0.c_lflag & libc::ECHOCTL);
        self.0.c_lflag = self.0.c_lflag & !libc::ECHOCTL | echo;
        self
    }

    /// Sets these modes, unless the terminal belongs to another process group:
    /// a program in the background would be stopped for trying, and would
    /// disturb the one in the foreground. Async-signal-safe.
    pub(crate) fn apply(&self) {
        // SAFETY: takes a descriptor; fails if it is not the controlling
        // terminal, and then nobody else is in its foreground.
        let foreground = unsafe { libc::tcgetpgrp(STDERR) };
        // SAFETY: no precondition.
        if foreground >= 0 && foreground != unsafe { libc::getpgrp() } {
            return;
        }
        // SAFETY: a complete termios. It fails if the terminal went away, and
        // then there is nothing to repair.
        let _ = unsafe { libc::tcsetattr(STDERR, libc::TCSANOW, &self.0) };
    }
}
