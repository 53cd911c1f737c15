//! What a worker process does to itself before it works.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

use super::{exit, process, spawn};
use crate::machine::Signal;
use crate::sys::disposition::{self, Disposition};
use crate::sys::mask;

/// The signal by which a pool asks a worker, and what its tasks started, to
/// end.
pub(crate) const REQUEST: Signal = Signal::TERMINATE;

/// Whether standard input is a line to a pool, as it is in a worker that has
/// not taken it off. What a task starts finds something else there.
pub(crate) fn has_line() -> bool {
    let mut facts = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: `facts` has room for the result.
    let status = unsafe { libc::fstat(libc::STDIN_FILENO, facts.as_mut_ptr()) };
    // SAFETY: the call succeeded and so filled `facts`.
    status == 0 && unsafe { facts.assume_init() }.st_mode & libc::S_IFMT == libc::S_IFSOCK
}

/// Puts `/dev/null` in the place of standard input, where programs that a task
/// starts would find the line to the pool.
///
/// # Errors
/// Those of `open(2)` and `dup2(2)`.
pub(crate) fn close_stdin() -> io::Result<()> {
    let null = File::open("/dev/null")?;
    // SAFETY: both descriptors are open.
    if unsafe { libc::dup2(null.as_raw_fd(), libc::STDIN_FILENO) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Gives each signal its default, and ignores SIGINT: the parent alone decides
/// what a Ctrl+C means. Every signal is still blocked, see
/// [`spawn`](super::spawn); what was sent to the parent's group is
/// forgotten. Not so SIGTERM, which may be the parent's own request.
///
/// # Errors
/// Those of `sigaction(2)`.
pub(crate) fn reset_signals() -> io::Result<()> {
    for signal in Signal::ALL {
        disposition::replace(signal, &Disposition::default_action())?;
    }
    disposition::replace(Signal::INTERRUPT, &Disposition::ignored())?;
    spawn::discard(&[Signal::HANGUP, Signal::QUIT, Signal::TERMINAL_STOP])
}

/// Lets every signal through, when there is a handler for SIGTERM.
///
/// # Errors
/// Those of `pthread_sigmask(3)`.
pub(crate) fn unblock_signals() -> io::Result<()> {
    mask::unblock_all()
}

/// Ends this process and its group at once.
pub(crate) fn kill_own_group() -> ! {
    // SAFETY: getpgrp has no precondition and cannot fail.
    let leads = unsafe { libc::getpgrp() }.cast_unsigned() == process::id();
    if leads {
        // SAFETY: kill takes any arguments; 0 is the caller's own group.
        let _ = unsafe { libc::kill(0, libc::SIGKILL) };
    }
    exit::exit_now(1)
}
