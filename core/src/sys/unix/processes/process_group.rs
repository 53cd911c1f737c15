//! A child process that leads a process group of its own.
//!
//! The number of the group belongs to it as long as its leader has not been
//! reaped, dead or alive. So the leader is watched with `WNOWAIT`, the whole
//! group is signalled while it is unreaped, and reaping comes last: no signal
//! ever goes to a number that may have been given to somebody else.
//!
//! A program that ignores SIGCHLD has its children reaped by the kernel; on
//! Linux a pidfd shows that, and signals are withheld then.

use std::io;
use std::mem::MaybeUninit;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use super::group_registry::{self, Registration};
use super::spawn;
use crate::machine::Signal;
use crate::sys::foreground::{self, Foreground};

/// How long [`ProcessGroup::finish`] waits for killed descendants to disappear.
const DISAPPEARANCE_LIMIT: Duration = Duration::from_millis(500);

/// A child process and its group.
#[derive(Debug)]
pub(crate) struct ProcessGroup {
    child: Child,
    id: i32,
    registration: Option<Registration>,
    /// Set when the leader was reaped: from then on the number of the group
    /// is not ours.
    end: Option<ExitStatus>,
    #[cfg(all(target_os = "linux", not(sigproof_portable)))]
    pidfd: Option<crate::sys::pidfd::PidFd>,
}

impl ProcessGroup {
    /// Starts `command` as the leader of a group of its own, to be killed with
    /// this process if that ends at stage 3, with this terminal.
    ///
    /// # Errors
    /// Those of starting a program; [`io::ErrorKind::QuotaExceeded`] if there
    /// are too many groups.
    pub(crate) fn spawn(
        command: &mut Command,
        request: Signal,
        terminal: Option<&Foreground>,
    ) -> io::Result<ProcessGroup> {
        let terminal = terminal.map(Foreground::fd);
        let prepare = move || {
            if let Some(terminal) = terminal {
                // SAFETY: no precondition.
                foreground::hand_over(terminal, unsafe { libc::getpgrp() });
            }
            Ok(())
        };
        ProcessGroup::of(spawn::spawn(command, request, prepare)?)
    }

    /// As [`ProcessGroup::spawn`], for a program of ours, which begins with
    /// every signal blocked.
    ///
    /// # Errors
    /// Those of [`ProcessGroup::spawn`].
    #[cfg(feature = "process")]
    pub(crate) fn spawn_masked(command: &mut Command) -> io::Result<ProcessGroup> {
        ProcessGroup::of(spawn::spawn_masked(command)?)
    }

    fn of(child: Child) -> io::Result<ProcessGroup> {
        let id = i32::try_from(child.id()).map_err(io::Error::other)?;
        let mut group = ProcessGroup {
            #[cfg(all(target_os = "linux", not(sigproof_portable)))]
            pidfd: crate::sys::pidfd::PidFd::open(id).ok(),
            child,
            id,
            registration: group_registry::register(id),
            end: None,
        };
        if group.registration.is_none() {
            group.finish()?;
            return Err(group_registry::too_many());
        }
        Ok(group)
    }

    /// The number of the group.
    pub(crate) fn id(&self) -> i32 {
        self.id
    }

    /// The leader, for its pipes.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Asks every process of the group to end, stopped ones included.
    pub(crate) fn request_end(&self, signal: i32) {
        self.signal(signal);
        self.signal(libc::SIGCONT);
    }

    /// Kills every process of the group.
    pub(crate) fn kill(&self) {
        self.signal(libc::SIGKILL);
    }

    fn signal(&self, signal: i32) {
        if self.end.is_some() {
            return;
        }
        #[cfg(all(target_os = "linux", not(sigproof_portable)))]
        if self.pidfd.as_ref().is_some_and(|pidfd| !pidfd.is_valid()) {
            return;
        }
        // SAFETY: kill takes any arguments. It fails if everybody has left
        // the group, and then there is nobody to tell.
        let _ = unsafe { libc::kill(-self.id, signal) };
    }

    /// Waits until the leader has ended, without reaping it.
    ///
    /// # Errors
    /// Those of `waitid(2)`; `ECHILD` means that somebody else reaped it.
    pub(crate) fn wait_for_leader(&self) -> io::Result<()> {
        self.wait(libc::WEXITED | libc::WNOWAIT).map(drop)
    }

    /// As [`ProcessGroup::wait_for_leader`], and reports each signal that stops
    /// it meanwhile.
    ///
    /// # Errors
    /// Those of [`ProcessGroup::wait_for_leader`].
    pub(crate) fn watch_leader(&self, mut on_stop: impl FnMut(i32)) -> io::Result<()> {
        loop {
            let (code, _) = self.wait(libc::WEXITED | libc::WSTOPPED | libc::WNOWAIT)?;
            if code != libc::CLD_STOPPED {
                return Ok(());
            }
            // Taken off, or it would be reported again and again. It may have
            // gone on meanwhile.
            if let (libc::CLD_STOPPED, signal) = self.wait(libc::WSTOPPED | libc::WNOHANG)? {
                on_stop(signal);
            }
        }
    }

    /// What has happened to the leader, as a code and a status.
    fn wait(&self, options: libc::c_int) -> io::Result<(libc::c_int, libc::c_int)> {
        loop {
            let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
            // SAFETY: `info` has room for the result.
            let status = unsafe {
                libc::waitid(
                    libc::P_PID,
                    self.id.cast_unsigned(),
                    info.as_mut_ptr(),
                    options,
                )
            };
            if status == 0 {
                // SAFETY: zeroes are a siginfo, and the call fills in those of a
                // child.
                let info = unsafe { info.assume_init() };
                // SAFETY: as above; both are in the siginfo of a child.
                return Ok((info.si_code, unsafe { info.si_status() }));
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// Kills what is left of the group, reaps the leader, and waits a bounded
    /// time until no descendant in the group is left. Later calls give the
    /// same status.
    ///
    /// # Errors
    /// Those of waiting for a process.
    pub(crate) fn finish(&mut self) -> io::Result<ExitStatus> {
        if let Some(end) = self.end {
            return Ok(end);
        }
        self.kill();
        self.wait_for_leader()?;
        // Whoever joined the group between the two has the same fate.
        self.kill();
        self.registration = None;
        let status = self.child.wait()?;
        self.end = Some(status);
        let deadline = Instant::now() + DISAPPEARANCE_LIMIT;
        while self.has_members() && Instant::now() < deadline {
            // They are nobody's children whom we could wait for.
            thread::yield_now();
        }
        Ok(status)
    }

    /// Whether the group has members. Signal 0 does nothing to anybody, should
    /// the number have been given away.
    fn has_members(&self) -> bool {
        // SAFETY: kill takes any arguments.
        let exists = unsafe { libc::kill(-self.id, 0) == 0 };
        #[cfg(target_os = "linux")]
        let exists = exists && crate::sys::group_members::has_living(self.id);
        exists
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // Whatever went wrong before, no process stays behind.
        let _ = self.finish();
    }
}
