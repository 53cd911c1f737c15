//! The controlling terminal, handed to a program and taken back.
//!
//! Only the group in the foreground may read from the terminal, and its keys
//! (Ctrl+C, Ctrl+Z) go to that group. A program that reads from elsewhere is
//! stopped by SIGTTIN.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::ptr;

/// The terminal, as long as a program has it.
#[derive(Debug)]
pub(crate) struct Foreground {
    terminal: File,
    /// The group that it comes from.
    own: libc::pid_t,
    /// Its modes before.
    modes: Option<libc::termios>,
    /// The modes that the program had when it was stopped.
    modes_at_stop: Cell<Option<libc::termios>>,
    settled: Cell<bool>,
}

impl Foreground {
    /// The controlling terminal of this process, which is in its foreground.
    ///
    /// # Errors
    /// If this process has no terminal, or is in its background.
    pub(crate) fn open() -> io::Result<Foreground> {
        let refused = |why: &str| io::Error::other(format!("cannot hand over the terminal: {why}"));
        let terminal = File::options()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .map_err(|_| refused("this process has none"))?;
        // SAFETY: no precondition.
        let own = unsafe { libc::getpgrp() };
        let foreground = Foreground {
            modes: modes(terminal.as_raw_fd()),
            terminal,
            own,
            modes_at_stop: Cell::new(None),
            // It was not given away so far.
            settled: Cell::new(true),
        };
        if !foreground.is_ours() {
            return Err(refused("this process is in the background"));
        }
        foreground.settled.set(false);
        Ok(foreground)
    }

    /// For [`hand_over`] in a child that is about to execute a program.
    pub(crate) fn fd(&self) -> RawFd {
        self.terminal.as_raw_fd()
    }

    fn group(&self) -> libc::pid_t {
        // SAFETY: the descriptor is open.
        unsafe { libc::tcgetpgrp(self.fd()) }
    }

    fn is_ours(&self) -> bool {
        self.group() == self.own
    }

    /// The group `group` was stopped, maybe by Ctrl+Z: takes the terminal back
    /// and stops this process as Ctrl+Z would have. When it goes on, `true` if
    /// the group may go on as well, with the terminal if this process has it.
    /// `needs` says that it was stopped because it had no terminal.
    pub(crate) fn stop_with(&self, group: i32, needs: bool) -> bool {
        if self.is_ours() || needs && self.group() == group {
            // This process was stopped, and goes on with the terminal. So does
            // the group: no key has stopped it since then.
            hand_over(self.fd(), group);
            return true;
        }
        self.modes_at_stop.set(modes(self.fd()));
        self.take(group, true);
        // In this thread: the process is stopped when the call returns.
        // SAFETY: a signal number.
        let _ = unsafe { libc::raise(libc::SIGTSTP) };
        if !self.is_ours() {
            return !needs;
        }
        if let Some(modes) = self.modes_at_stop.take() {
            set_modes(self.fd(), &modes);
        }
        hand_over(self.fd(), group);
        true
    }

    /// Takes the terminal back from `group`, or from a group that is gone. One
    /// of somebody else, such as a shell that has put this process into the
    /// background, keeps it.
    fn take(&self, group: libc::pid_t, with_modes: bool) {
        let now = self.group();
        // SAFETY: kill takes any arguments; signal 0 does nothing.
        let is_gone = || now > 0 && unsafe { libc::kill(-now, 0) } != 0;
        if now != self.own && (now == group || is_gone()) {
            hand_over(self.fd(), self.own);
        }
        if let Some(modes) = self.modes.filter(|_| with_modes && self.is_ours()) {
            set_modes(self.fd(), &modes);
        }
    }

    /// The program has ended, and its group `group`: takes the terminal back. A
    /// program that a signal has killed did not put its modes right. If that was
    /// an interrupt that nobody here has `asked` for, somebody has pressed
    /// Ctrl+C, which means this process as well.
    pub(crate) fn settle(&self, group: i32, status: ExitStatus, asked: bool) {
        self.settled.set(true);
        self.take(group, status.signal().is_some());
        if !asked && status.signal() == Some(libc::SIGINT) {
            // SAFETY: kill takes any arguments.
            let _ = unsafe { libc::kill(libc::getpid(), libc::SIGINT) };
        }
    }
}

/// After an error: whoever had the terminal had it from here.
impl Drop for Foreground {
    fn drop(&mut self) {
        if !self.settled.get() {
            self.take(self.group(), true);
        }
    }
}

/// Puts a group into the foreground; it fails if the terminal or the group is
/// gone, and then nobody needs it. Async-signal-safe.
pub(crate) fn hand_over(terminal: RawFd, group: libc::pid_t) {
    // SAFETY: each call gets what it needs; the set is filled before it is used.
    // Out of the foreground the call would stop this process by SIGTTOU.
    unsafe {
        let mut held = MaybeUninit::uninit();
        let mut before = MaybeUninit::uninit();
        libc::sigemptyset(held.as_mut_ptr());
        libc::sigaddset(held.as_mut_ptr(), libc::SIGTTOU);
        libc::pthread_sigmask(libc::SIG_BLOCK, held.as_ptr(), before.as_mut_ptr());
        let _ = libc::tcsetpgrp(terminal, group);
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut());
    }
}

fn modes(terminal: RawFd) -> Option<libc::termios> {
    let mut modes = MaybeUninit::uninit();
    // SAFETY: `modes` has room for the result.
    let status = unsafe { libc::tcgetattr(terminal, modes.as_mut_ptr()) };
    // SAFETY: the call succeeded and so filled `modes`.
    (status == 0).then(|| unsafe { modes.assume_init() })
}

fn set_modes(terminal: RawFd, modes: &libc::termios) {
    // SAFETY: a complete termios. It fails if the terminal went away, and then
    // there is nothing to repair.
    let _ = unsafe { libc::tcsetattr(terminal, libc::TCSANOW, modes) };
}
