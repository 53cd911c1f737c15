//! A program below a guardian, as this process sees it.

use std::ffi::{CString, OsStr};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::{env, fs, net};

use super::{Cleaner, MESSAGE_BYTES, Message, divide, send};
use crate::machine::Signal;
use crate::sys::foreground::Foreground;
use crate::sys::group_registry::{self, Registration};
use crate::sys::pidfd::PidFd;
use crate::sys::tree_event::Event;
use crate::sys::unix::processes::spawn;

/// A program and all its descendants, below a guardian of their own.
#[derive(Debug)]
pub(crate) struct GuardedTree {
    guardian: Child,
    socket: UnixStream,
    leader: i32,
    /// To signal the group if the guardian is lost; then only as long as the
    /// leader is there.
    pidfd: Option<PidFd>,
    registration: Option<Registration>,
    /// The wait status of the leader; [`NO_STATUS`] until it is known.
    status: AtomicI32,
    lost: AtomicBool,
    given_up: AtomicBool,
}

/// No wait status: those are at most 16 bits wide.
const NO_STATUS: i32 = -1;

impl GuardedTree {
    /// Whether this system has what a guardian needs: it is a subreaper, and
    /// reads its children's numbers in `/proc`.
    pub(crate) fn is_possible() -> bool {
        let mut adopts: libc::c_int = 0;
        // An emulator of user programs may know of neither of the two.
        // SAFETY: room for the one int that is asked for.
        let can_adopt = unsafe { libc::prctl(libc::PR_GET_CHILD_SUBREAPER, &raw mut adopts) } == 0;
        can_adopt && fs::File::open("/proc/thread-self/children").is_ok()
    }

    /// Starts `command` as the leader of a group of its own below a guardian,
    /// which removes `scratch` should this process not be there any more to
    /// do it. The program has the terminal from its first instruction on.
    ///
    /// # Errors
    /// Those of a socket pair and of starting a program;
    /// [`io::ErrorKind::QuotaExceeded`] if there are too many groups.
    pub(crate) fn spawn(
        command: &mut Command,
        request: Signal,
        scratch: Option<&Path>,
        terminal: Option<&Foreground>,
    ) -> io::Result<GuardedTree> {
        let (socket, first) = UnixStream::pair()?;
        // A clone's number is above those of the standard streams, which are
        // about to be replaced.
        let theirs = first.try_clone()?;
        // Held open, it would hide the death of a guardian before its word.
        drop(first);
        let cleaner = scratch.and_then(cleaner_of);
        let fd = theirs.as_raw_fd();
        let terminal = terminal.map(Foreground::fd);
        let prepare = move || divide(fd, cleaner.as_ref(), terminal);
        let guardian = spawn::spawn(command, request, prepare)?;
        drop(theirs);
        let mut guarded = GuardedTree {
            guardian,
            socket,
            leader: 0,
            pidfd: None,
            registration: None,
            status: AtomicI32::new(NO_STATUS),
            lost: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
        };
        let Some(Message::Started(leader)) = guarded.receive() else {
            return Err(guarded.loss());
        };
        guarded.leader = leader;
        guarded.pidfd = PidFd::open(leader).ok();
        guarded.registration = group_registry::register(leader);
        if guarded.registration.is_none() {
            // Dropped, it takes the program with it.
            return Err(group_registry::too_many());
        }
        Ok(guarded)
    }

    /// The process that holds the pipes of the program.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.guardian
    }

    /// Reports what happens, until every process is gone or the guardian is
    /// lost.
    pub(crate) fn watch(&self, mut on_event: impl FnMut(Event)) {
        loop {
            match self.receive() {
                Some(Message::LeaderEnded(status)) => {
                    self.status.store(status, Ordering::SeqCst);
                    on_event(Event::LeaderEnded);
                }
                Some(Message::LeaderStopped(signal)) => on_event(Event::LeaderStopped(signal)),
                Some(Message::Gone) => return on_event(Event::Gone),
                Some(_) => {}
                None => {
                    self.lost.store(true, Ordering::SeqCst);
                    self.kill_group();
                    return on_event(Event::Lost);
                }
            }
        }
    }

    /// The number of the program and of its group.
    pub(crate) fn group(&self) -> i32 {
        self.leader
    }

    /// Asks every process of the group to end, stopped ones included, and
    /// what the leader leaves behind when it has ended.
    pub(crate) fn request_end(&self, signal: i32) {
        self.send(Message::Ask(signal));
    }

    /// Leaves what the program has left behind alone, when it has ended.
    pub(crate) fn release(&self) {
        self.send(Message::Release);
    }

    /// Kills the program and all its descendants.
    pub(crate) fn kill(&self) {
        if !self.send(Message::Kill) {
            self.kill_group();
        }
    }

    /// Without the guardian the number is the group's as long as its leader
    /// is there, which is dying with the guardian.
    fn kill_group(&self) {
        if self.pidfd.as_ref().is_some_and(PidFd::is_valid) {
            group_registry::kill(self.leader);
        }
    }

    /// Leaves those that cannot be killed to the guardian: ends a
    /// [`GuardedTree::watch`] on another thread, and waits for nobody from now
    /// on.
    pub(crate) fn give_up(&self) -> io::Error {
        self.given_up.store(true, Ordering::SeqCst);
        let guardian = self.guardian.id();
        let path = format!("/proc/{guardian}/task/{guardian}/children");
        let children = fs::read_to_string(path).unwrap_or_default();
        let names: Vec<String> = children
            .split_whitespace()
            .map(|pid| {
                let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
                format!("{pid} ({})", name.trim_end())
            })
            .collect();
        // Fails if the other end is closed, and then the watch has ended.
        let _ = self.socket.shutdown(net::Shutdown::Both);
        io::Error::other(format!(
            "cannot kill process {}: it belongs to another user, or is stuck in the kernel",
            names.join(", ")
        ))
    }

    /// The program's status, after everybody is gone.
    ///
    /// # Errors
    /// If the guardian was killed, so that the status is not known.
    pub(crate) fn finish(&mut self) -> io::Result<ExitStatus> {
        let status = self.status.load(Ordering::SeqCst);
        if self.lost.load(Ordering::SeqCst) || status == NO_STATUS {
            return Err(self.loss());
        }
        Ok(ExitStatus::from_raw(status))
    }

    fn loss(&mut self) -> io::Error {
        let pid = self.guardian.id();
        let how = match self.guardian.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        io::Error::other(format!(
            "the guardian of the program, process {pid}, is gone ({how}); the program was killed"
        ))
    }

    fn send(&self, message: Message) -> bool {
        send(self.socket.as_raw_fd(), message)
    }

    fn receive(&self) -> Option<Message> {
        let mut bytes = [0; MESSAGE_BYTES];
        (&self.socket).read_exact(&mut bytes).ok()?;
        Message::from_bytes(bytes)
    }
}

impl Drop for GuardedTree {
    fn drop(&mut self) {
        // First, as the number of the group is free once the guardian reaps.
        self.registration = None;
        if self.given_up.load(Ordering::SeqCst) {
            return;
        }
        self.send(Message::Kill);
        self.send(Message::End);
        // Fails if the kernel reaped it, as it does where SIGCHLD is ignored.
        let _ = self.guardian.wait();
    }
}

fn cleaner_of(scratch: &Path) -> Option<Cleaner> {
    let c_string = |path: &OsStr| CString::new(path.as_bytes()).ok();
    Some(Cleaner {
        program: c_string(find("rm")?.as_os_str())?,
        directory: c_string(scratch.as_os_str())?,
    })
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|candidate| {
            let metadata = fs::metadata(candidate);
            metadata.is_ok_and(|metadata| {
                metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
            })
        })
}
