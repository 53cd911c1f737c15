//! A program on a real terminal, with a person who reads and presses keys.

use nix::pty::{OpenptyResult, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Only a hung program gets there.
const DEADLINE: Duration = Duration::from_secs(120);

/// A program that leads a session on a terminal of its own.
pub struct Terminal {
    child: Child,
    keyboard: File,
    shown: String,
    /// Where the next [`Terminal::expect`] begins to look.
    read_to: usize,
}

impl Terminal {
    /// Starts `program`; `command` is `setsid` with everything else set.
    pub fn start<S: AsRef<OsStr>>(
        mut setsid: Command,
        program: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Terminal {
        let OpenptyResult { master, slave } = openpty(None, None).expect("a terminal");
        // Without it a Ctrl+C discards what was written and not read yet.
        let mut modes = tcgetattr(&slave).expect("its modes");
        modes.local_flags.insert(LocalFlags::NOFLSH);
        tcsetattr(&slave, SetArg::TCSANOW, &modes).expect("set");
        let side = || Stdio::from(slave.try_clone().expect("a descriptor"));
        let child = setsid
            .args(["--ctty", program])
            .args(arguments)
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .expect("setsid starts");
        Terminal {
            child,
            keyboard: File::from(master),
            shown: String::new(),
            read_to: 0,
        }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Types Ctrl+C.
    pub fn press_ctrl_c(&mut self) {
        self.keyboard.write_all(b"\x03").expect("the terminal");
    }

    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("it is there");
    }

    /// Waits for this text, after what the last one waited for.
    #[track_caller]
    pub fn expect(&mut self, text: &str) {
        let start = Instant::now();
        loop {
            if let Some(at) = self.shown[self.read_to..].find(text) {
                self.read_to += at + text.len();
                return;
            }
            assert!(
                start.elapsed() < DEADLINE && self.read(),
                "{text:?} was never shown; this was:\n{}",
                self.shown
            );
        }
    }

    /// Waits for a fact that nobody announces, and goes on reading.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut fact: impl FnMut() -> bool) {
        let start = Instant::now();
        while !fact() {
            assert!(
                start.elapsed() < DEADLINE && self.read(),
                "never: {what}; this was shown:\n{}",
                self.shown
            );
        }
    }

    /// Waits for the end; gives the status and everything that was shown.
    #[track_caller]
    pub fn end(mut self) -> (ExitStatus, String) {
        let start = Instant::now();
        while self.read() {
            assert!(
                start.elapsed() < DEADLINE,
                "it does not end; this was shown:\n{}",
                self.shown
            );
        }
        let status = self.child.wait().expect("waited for once");
        (status, std::mem::take(&mut self.shown))
    }

    /// Reads what comes within a moment; false when nobody has the terminal
    /// open any more.
    fn read(&mut self) -> bool {
        let moment = Timespec {
            tv_sec: 0,
            tv_nsec: 20_000_000,
        };
        let mut ready = [PollFd::new(&self.keyboard, PollFlags::IN)];
        if poll(&mut ready, Some(&moment)).expect("poll") == 0 {
            return true;
        }
        let mut bytes = [0; 4096];
        match self.keyboard.read(&mut bytes) {
            Ok(count) if count > 0 => {
                self.shown
                    .push_str(&String::from_utf8_lossy(&bytes[..count]));
                true
            }
            // EIO: the other side is closed.
            _ => false,
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A failed test leaves no process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
