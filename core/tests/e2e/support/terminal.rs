//! A real terminal: a program in a session of its own, with the pty as its
//! controlling terminal, and what stands on the screen.

use std::env;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::pty::{Winsize, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use super::program::reset_signals;
use super::{ROLE, assert_is_path, screen};

/// Only a hung program gets there.
const DEADLINE: Duration = Duration::from_secs(120);

/// How many lines the terminal has: enough that nothing scrolls away.
pub const ROWS: u16 = 500;

/// A program on a terminal.
pub struct Terminal {
    child: Child,
    keyboard: File,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
}

impl Terminal {
    /// Runs the test `name` of this binary again, in `role`.
    pub fn start(name: &str, role: &str, columns: u16, variables: &[(&str, &str)]) -> Terminal {
        assert_is_path(name);
        let mut command = Command::new(env::current_exe().expect("the test binary"));
        command
            .args([name, "--exact", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            // The test runner's own lines are no part of the picture.
            .stdout(Stdio::null());
        let pty = open(columns).expect("a pty");
        Terminal::attach(command, pty, columns, variables)
    }

    /// Runs this with its standard streams on the terminal.
    pub fn run(mut command: Command, columns: u16) -> Terminal {
        let pty = open(columns).expect("a pty");
        command.stdout(pty.1.try_clone().expect("dup"));
        Terminal::attach(command, pty, columns, &[])
    }

    fn attach(
        mut command: Command,
        (master, slave): (File, File),
        columns: u16,
        variables: &[(&str, &str)],
    ) -> Terminal {
        command
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8")
            .env_remove("CI")
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR")
            .env_remove("CLICOLOR_FORCE")
            .envs(variables.iter().copied())
            .stdin(slave.try_clone().expect("dup"))
            .stderr(slave);
        // SAFETY: setsid and ioctl are async-signal-safe and take no memory of
        // the parent.
        unsafe {
            command.pre_exec(|| {
                nix::unistd::setsid()?;
                match libc::ioctl(0, libc::TIOCSCTTY, 0) {
                    0 => Ok(()),
                    _ => Err(io::Error::last_os_error()),
                }
            });
        }
        reset_signals(&mut command);
        let child = command.spawn().expect("the program starts");
        // The command holds the other end of the terminal.
        drop(command);
        let keyboard = master.try_clone().expect("dup");
        Terminal {
            child,
            keyboard,
            output: read_all(master),
            parser: vt100::Parser::new(screen::size(ROWS), screen::size(columns), 0),
        }
    }

    /// Presses Ctrl+C.
    pub fn press_ctrl_c(&mut self) {
        self.keyboard.write_all(b"\x03").expect("the terminal");
    }

    /// Types these keys.
    pub fn press(&mut self, keys: &[u8]) {
        self.keyboard.write_all(keys).expect("the terminal");
    }

    /// Whether keys are shown as they are typed.
    pub fn echoes(&self) -> bool {
        let modes = tcgetattr(&self.keyboard).expect("a terminal");
        modes.local_flags.contains(LocalFlags::ECHO)
    }

    /// Waits until all of this stands on the screen at the same time.
    pub fn expect(&mut self, texts: &[&str]) {
        let deadline = Instant::now() + DEADLINE;
        while !self.shows(texts) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(error) => panic!("{texts:?} ({error:?}) not on\n{}", self.picture()),
            }
        }
    }

    fn shows(&self, texts: &[&str]) -> bool {
        let contents = self.parser.screen().contents();
        texts.iter().all(|text| contents.contains(text))
    }

    /// What stands on the screen.
    pub fn picture(&self) -> String {
        screen::of(self.parser.screen())
    }

    /// What stands on the screen, without colours, line by line.
    pub fn lines(&self) -> Vec<String> {
        let screen = self.parser.screen();
        let rows = screen.rows(0, screen.size().1.get());
        let rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
        let last = rows.iter().rposition(|row| !row.is_empty());
        rows.into_iter()
            .take(last.map_or(0, |last| last + 1))
            .collect()
    }

    /// Whether the cursor can be seen.
    pub fn shows_cursor(&self) -> bool {
        !self.parser.screen().hide_cursor()
    }

    /// Whether a control key is shown when it is pressed.
    pub fn echoes_keys(&self) -> bool {
        let modes = tcgetattr(&self.keyboard).expect("a terminal");
        modes.local_flags.contains(LocalFlags::ECHOCTL)
    }

    /// Waits for the end; gives the signal that it died by.
    pub fn end(&mut self) -> Option<i32> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("no end:\n{}", self.picture()),
            }
        }
        self.child.wait().expect("waited for once").signal()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A failed test leaves no process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Both ends of a pty. Closed on exec from the start: a program that another
/// test starts meanwhile would hold it open.
fn open(columns: u16) -> io::Result<(File, File)> {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let master = posix_openpt(flags)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let slave = File::options()
        .read(true)
        .write(true)
        .custom_flags((OFlag::O_NOCTTY).bits())
        .open(ptsname_r(&master)?)?;
    let size = Winsize {
        ws_row: ROWS,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // Else a typed Ctrl+C discards output that was not read yet.
    let mut modes = tcgetattr(&slave)?;
    modes.local_flags |= LocalFlags::NOFLSH;
    tcsetattr(&slave, SetArg::TCSANOW, &modes)?;
    // SAFETY: the descriptor is open, and the size is read only.
    match unsafe { libc::ioctl(slave.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) } {
        0 => Ok((File::from(OwnedFd::from(master)), slave)),
        _ => Err(io::Error::last_os_error()),
    }
}

fn read_all(mut master: File) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        // EIO is the end: nobody has the other side any more.
        while let Ok(count @ 1..) = master.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}
