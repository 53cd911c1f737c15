//! Waiting for children and tracees.

use crate::facts::{ExitStatus, Usage};
use std::io;

/// What `wait4` says of a process or a traced thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    /// It is gone; what it used.
    Ended(ExitStatus, Usage),
    /// It stopped with this signal; the number of a ptrace event or 0.
    Stopped {
        /// The signal, with bit 0x80 for a system call stop.
        signal: i32,
        /// `PTRACE_EVENT_…`, or 0.
        event: i32,
    },
}

/// The answer of [`any`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Something happened to this process or thread.
    Some(i32, Waited),
    /// Nothing has happened yet.
    None,
    /// There is nobody left to wait for.
    Nobody,
}

/// The next thing that happened to any child or tracee, without blocking.
pub(crate) fn any() -> io::Result<Next> {
    wait(-1, libc::WNOHANG)
}

/// The next thing that happens to any child or tracee.
pub(crate) fn any_blocking() -> io::Result<Next> {
    wait(-1, 0)
}

/// Waits until a child has ended.
pub(crate) fn until_ended(pid: i32) -> io::Result<ExitStatus> {
    loop {
        match wait(pid, 0)? {
            Next::Some(_, Waited::Ended(status, _)) => return Ok(status),
            Next::Nobody => return Err(io::ErrorKind::NotFound.into()),
            _ => {}
        }
    }
}

/// Waits until a child has ended, and leaves it to be waited for again.
pub(crate) fn peek(pid: u32) -> io::Result<ExitStatus> {
    use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
    let pid = i32::try_from(pid).map_err(io::Error::other)?;
    let id = Id::Pid(nix::unistd::Pid::from_raw(pid));
    match waitid(id, WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)? {
        WaitStatus::Exited(_, code) => Ok(ExitStatus::Exited(code)),
        WaitStatus::Signaled(_, signal, _) => Ok(ExitStatus::Signaled(signal as i32)),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}

/// Whether this is a child that nobody has waited for: then its number is nobody else's.
pub(crate) fn is_own_child(pid: i32) -> bool {
    use nix::sys::wait::{Id, WaitPidFlag, waitid};
    let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
    waitid(Id::Pid(nix::unistd::Pid::from_raw(pid)), look).is_ok()
}

fn wait(pid: i32, flags: i32) -> io::Result<Next> {
    loop {
        let mut status = 0;
        // SAFETY: all zeroes is a valid rusage.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: both pointers are to live locals of the right type.
        let got = unsafe { libc::wait4(pid, &mut status, flags | libc::__WALL, &mut usage) };
        if got == 0 {
            return Ok(Next::None);
        }
        if got > 0 {
            return Ok(Next::Some(got, decode(status, &usage)));
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::ECHILD) => return Ok(Next::Nobody),
            Some(libc::EINTR) => {}
            _ => return Err(error),
        }
    }
}

fn decode(status: i32, usage: &libc::rusage) -> Waited {
    let used = || {
        let micros = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
        Usage {
            user_us: micros(usage.ru_utime),
            system_us: micros(usage.ru_stime),
            max_rss_kib: usage.ru_maxrss as u64,
        }
    };
    if libc::WIFEXITED(status) {
        Waited::Ended(ExitStatus::Exited(libc::WEXITSTATUS(status)), used())
    } else if libc::WIFSIGNALED(status) {
        Waited::Ended(ExitStatus::Signaled(libc::WTERMSIG(status)), used())
    } else {
        Waited::Stopped {
            signal: libc::WSTOPSIG(status),
            event: status >> 16,
        }
    }
}
