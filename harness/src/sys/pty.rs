//! Pseudo-terminals.

use crate::sys::ids::Pid;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{self, LocalFlags, SetArg, Termios};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// Both ends of a terminal. Holding the slave open lets its settings be read
/// after the target has died, and keeps the master from an early end of file.
pub(crate) struct Pty {
    /// The side of the person (or of the emulator), not blocking.
    pub(crate) master: OwnedFd,
    /// The side of the programs.
    pub(crate) slave: OwnedFd,
}

/// Opens a terminal of this size with the settings of a fresh login, but for
/// one: a typed Ctrl+C does not discard output (`NOFLSH`). By default the kernel
/// throws away what the program has written and nobody has read yet, at a moment
/// that nobody controls; a "show the cursor" would be lost in some runs.
pub(crate) fn open(rows: u16, columns: u16) -> io::Result<Pty> {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pair = openpty(Some(&size), None)?;
    let mut settings = termios::tcgetattr(&pair.slave)?;
    settings.local_flags |= LocalFlags::NOFLSH;
    termios::tcsetattr(&pair.slave, SetArg::TCSANOW, &settings)?;
    for end in [&pair.master, &pair.slave] {
        fcntl(end, FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))?;
    }
    fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(Pty {
        master: pair.master,
        slave: pair.slave,
    })
}

/// The settings, as numbers: input, output, control and local flags.
pub(crate) fn settings(slave: &OwnedFd) -> io::Result<[u32; 4]> {
    let termios: Termios = termios::tcgetattr(slave)?;
    Ok([
        termios.input_flags.bits(),
        termios.output_flags.bits(),
        termios.control_flags.bits(),
        termios.local_flags.bits(),
    ])
}

/// Changes the size of the window, which is a SIGWINCH to the foreground group.
pub(crate) fn resize(slave: &OwnedFd, rows: u16, columns: u16) -> io::Result<()> {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the ioctl reads one size through a pointer to a live local.
    match unsafe { libc::ioctl(slave.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The process group in the terminal's foreground, by its leader.
pub(crate) fn foreground(slave: BorrowedFd<'_>) -> Option<Pid> {
    let mut group: libc::pid_t = 0;
    // TIOCGPGRP through the master end works from outside the session.
    // SAFETY: the ioctl writes one pid_t through a pointer to a live local.
    let answer = unsafe { libc::ioctl(slave.as_raw_fd(), libc::TIOCGPGRP, &raw mut group) };
    (answer == 0 && group > 0).then_some(Pid::new(group))
}
