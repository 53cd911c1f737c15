//! Waiting for children and tracees, and what their wait statuses mean.

use super::ids::{Pid, Tid};
use crate::facts::{ExitStatus, Signal, Usage};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use std::io;

/// What happened to a process or to a traced thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitEvent {
    /// It has ended; what it used.
    Ended(ExitStatus, Usage),
    /// It is traced, and stopped.
    Stopped(StopEvent),
}

/// Why a traced thread stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopEvent {
    /// At the beginning or the end of a system call, because it was resumed so as to stop there.
    SyscallBoundary,
    /// At a system call that the seccomp filter chose.
    Seccomp,
    /// By SIGTRAP: it made a single step, or somebody sent it that signal.
    Trap,
    /// A signal is about to be delivered to it.
    Signal(Signal),
    /// A stop signal has stopped its whole process.
    GroupStop(Signal),
    /// For the first time in its life, or because a group-stop is over.
    Attached,
    /// It created a process or a thread.
    Created {
        /// It can be a thread; `fork` and `vfork` create processes only.
        may_be_thread: bool,
    },
    /// It executed a program.
    Exec,
    /// By another ptrace event, which nobody asked for.
    Other,
}

/// The result of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitResult {
    /// Something happened to this thread, or to the process of which it is the main thread.
    Event(Tid, WaitEvent),
    /// Nothing has happened yet.
    Nothing,
    /// There is nobody left to wait for.
    NoChildren,
}

/// Returns the next thing that happened to any child or tracee, without blocking. The leader of a terminal's session
/// is none of them: it ends without a signal, and is waited for by name.
pub(crate) fn any() -> io::Result<WaitResult> {
    wait(-1, libc::WNOHANG)
}

/// Blocks until something happens to any child or tracee.
pub(crate) fn any_blocking() -> io::Result<WaitResult> {
    wait(-1, 0)
}

/// Blocks until a child has ended.
pub(crate) fn until_ended(pid: Pid) -> io::Result<ExitStatus> {
    loop {
        match wait(pid.number(), libc::__WALL)? {
            WaitResult::Event(_, WaitEvent::Ended(status, _)) => return Ok(status),
            WaitResult::NoChildren => return Err(io::ErrorKind::NotFound.into()),
            _ => {}
        }
    }
}

/// Blocks until a child has ended, and leaves it to be waited for again.
pub(crate) fn peek(pid: Pid) -> io::Result<ExitStatus> {
    match waitid(
        Id::Pid(pid.into()),
        WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT,
    )? {
        WaitStatus::Exited(_, code) => Ok(ExitStatus::Exited(code)),
        WaitStatus::Signaled(_, signal, _) => Ok(ExitStatus::Signaled(signal as i32)),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}

/// Returns whether this is a child that nobody has waited for: then its number is nobody else's.
pub(crate) fn is_own_child(pid: Pid) -> bool {
    let look =
        WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG | WaitPidFlag::__WALL;
    waitid(Id::Pid(pid.into()), look).is_ok()
}

fn wait(pid: i32, flags: i32) -> io::Result<WaitResult> {
    loop {
        let mut status = 0;
        // SAFETY: all zeroes is a valid rusage.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: both pointers are to live locals of the right type.
        let got = unsafe { libc::wait4(pid, &mut status, flags, &mut usage) };
        if got == 0 {
            return Ok(WaitResult::Nothing);
        }
        if got > 0 {
            return Ok(WaitResult::Event(Tid::new(got), decode(status, &usage)));
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::ECHILD) => return Ok(WaitResult::NoChildren),
            Some(libc::EINTR) => {}
            _ => return Err(error),
        }
    }
}

fn decode(status: i32, usage: &libc::rusage) -> WaitEvent {
    if libc::WIFEXITED(status) {
        WaitEvent::Ended(ExitStatus::Exited(libc::WEXITSTATUS(status)), used(usage))
    } else if libc::WIFSIGNALED(status) {
        WaitEvent::Ended(ExitStatus::Signaled(libc::WTERMSIG(status)), used(usage))
    } else {
        WaitEvent::Stopped(StopEvent::decode(libc::WSTOPSIG(status), status >> 16))
    }
}

fn used(usage: &libc::rusage) -> Usage {
    let micros = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
    Usage {
        user_us: micros(usage.ru_utime),
        system_us: micros(usage.ru_stime),
        max_rss_kib: usage.ru_maxrss as u64,
    }
}

impl StopEvent {
    /// `signal` is the stop signal of the wait status, `event` its upper half: `PTRACE_EVENT_…`, or 0.
    fn decode(signal: i32, event: i32) -> StopEvent {
        /// How `PTRACE_O_TRACESYSGOOD` marks a system call stop.
        const SYSCALL: i32 = libc::SIGTRAP | 0x80;
        match (event, signal) {
            (0, SYSCALL) => StopEvent::SyscallBoundary,
            (0, libc::SIGTRAP) => StopEvent::Trap,
            (0, signal) => StopEvent::Signal(Signal::new(signal)),
            (
                libc::PTRACE_EVENT_STOP,
                libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU,
            ) => StopEvent::GroupStop(Signal::new(signal)),
            (libc::PTRACE_EVENT_STOP, _) => StopEvent::Attached,
            (libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK, _) => StopEvent::Created {
                may_be_thread: false,
            },
            (libc::PTRACE_EVENT_CLONE, _) => StopEvent::Created {
                may_be_thread: true,
            },
            (libc::PTRACE_EVENT_EXEC, _) => StopEvent::Exec,
            (libc::PTRACE_EVENT_SECCOMP, _) => StopEvent::Seccomp,
            _ => StopEvent::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(signal: i32, event: i32) -> WaitEvent {
        // SAFETY: all zeroes is a valid rusage.
        let usage: libc::rusage = unsafe { std::mem::zeroed() };
        decode(event << 16 | signal << 8 | 0x7f, &usage)
    }

    #[test]
    fn each_stop_is_told_from_the_others() {
        for (signal, event, expected) in [
            (libc::SIGTRAP | 0x80, 0, StopEvent::SyscallBoundary),
            (libc::SIGTRAP, 0, StopEvent::Trap),
            (libc::SIGINT, 0, StopEvent::Signal(Signal::INT)),
            // A SIGSTOP that is about to be delivered, and the stop that comes of it.
            (libc::SIGSTOP, 0, StopEvent::Signal(Signal::STOP)),
            (
                libc::SIGSTOP,
                libc::PTRACE_EVENT_STOP,
                StopEvent::GroupStop(Signal::STOP),
            ),
            (libc::SIGTRAP, libc::PTRACE_EVENT_STOP, StopEvent::Attached),
            (
                libc::SIGTRAP,
                libc::PTRACE_EVENT_VFORK,
                StopEvent::Created {
                    may_be_thread: false,
                },
            ),
            (
                libc::SIGTRAP,
                libc::PTRACE_EVENT_CLONE,
                StopEvent::Created {
                    may_be_thread: true,
                },
            ),
            (libc::SIGTRAP, libc::PTRACE_EVENT_EXEC, StopEvent::Exec),
            (
                libc::SIGTRAP,
                libc::PTRACE_EVENT_SECCOMP,
                StopEvent::Seccomp,
            ),
            (libc::SIGTRAP, libc::PTRACE_EVENT_EXIT, StopEvent::Other),
        ] {
            assert_eq!(
                stop(signal, event),
                WaitEvent::Stopped(expected),
                "signal {signal}, event {event}"
            );
        }
    }

    #[test]
    fn an_end_is_no_stop() {
        // SAFETY: all zeroes is a valid rusage.
        let usage: libc::rusage = unsafe { std::mem::zeroed() };
        for (status, expected) in [
            (3 << 8, ExitStatus::Exited(3)),
            (libc::SIGKILL, ExitStatus::Signaled(libc::SIGKILL)),
        ] {
            let event = decode(status, &usage);
            assert_eq!(event, WaitEvent::Ended(expected, Usage::default()));
        }
    }
}
