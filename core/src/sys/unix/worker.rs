//! What a worker process does to itself before it works.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;

use super::disposition::{self, Disposition};
use super::{ending, mask, newborn, process};
use crate::machine::Signal;

/// Whether standard input is a socket, as it is in a worker that has not taken
/// its control socket off it. What a task starts finds something else there.
pub(crate) fn has_control_socket() -> bool {
    let mut facts = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: `facts` has room for the result.
    let status = unsafe { libc::fstat(libc::STDIN_FILENO, facts.as_mut_ptr()) };
    // SAFETY: the call succeeded and so filled `facts`.
    status == 0 && unsafe { facts.assume_init() }.st_mode & libc::S_IFMT == libc::S_IFSOCK
}

/// Whether the process at the other end of a control socket has ended. A
/// worker says nothing without being asked.
pub(crate) fn has_ended(socket: &UnixStream) -> bool {
    let mut byte = 0_u8;
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
    // SAFETY: there is room for the one byte that is asked for.
    let count = unsafe { libc::recv(socket.as_raw_fd(), (&raw mut byte).cast(), 1, flags) };
    count >= 0 || io::Error::last_os_error().kind() != io::ErrorKind::WouldBlock
}

/// Waits until the process at the other end of a control socket has ended or
/// closed it; what it sends is left alone.
#[cfg(target_os = "linux")]
pub(crate) fn wait_until_ended(socket: &UnixStream) {
    let mut hangup = libc::pollfd {
        fd: socket.as_raw_fd(),
        events: libc::POLLRDHUP,
        revents: 0,
    };
    loop {
        // SAFETY: one pollfd, valid for the call.
        let count = unsafe { libc::poll(&mut hangup, 1, -1) };
        // An error other than an interruption is an end as well: nobody would
        // notice another one.
        if count > 0 || io::Error::last_os_error().kind() != io::ErrorKind::Interrupted {
            return;
        }
    }
}

/// Takes the control socket off standard input, where programs that a task
/// starts would find it, and puts `/dev/null` there.
///
/// # Errors
/// Those of `fcntl(2)`, `open(2)` and `dup2(2)`.
pub(crate) fn take_control_socket() -> io::Result<UnixStream> {
    let stdin = io::stdin();
    let socket = stdin.as_fd().try_clone_to_owned()?;
    let null = File::open("/dev/null")?;
    // SAFETY: both descriptors are open.
    if unsafe { libc::dup2(null.as_raw_fd(), stdin.as_fd().as_raw_fd()) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(UnixStream::from(socket))
}

/// Gives each signal its default, and ignores SIGINT: the parent alone decides
/// what a Ctrl+C means. Every signal is still blocked, see
/// [`newborn`](super::newborn); what was sent to the parent's group is
/// forgotten. Not so SIGTERM, which may be the parent's own request.
///
/// # Errors
/// Those of `sigaction(2)`.
pub(crate) fn reset_signals() -> io::Result<()> {
    for signal in Signal::ALL {
        disposition::replace(signal, &Disposition::default_action())?;
    }
    disposition::replace(Signal::INTERRUPT, &Disposition::ignored())?;
    newborn::discard(&[Signal::HANGUP, Signal::QUIT, Signal::TERMINAL_STOP])
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
    ending::exit_now(1)
}
