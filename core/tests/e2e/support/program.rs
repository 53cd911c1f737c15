//! Children for tests with real signals: the test binary runs itself again,
//! with one test selected and a role in the environment.
//!
//! Nothing here sleeps: a parent waits for lines and for the end, with a
//! deadline that only a hung program reaches.

use std::env;
use std::fs::File;
use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use nix::pty::OpenptyResult;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{DEADLINE, ROLE, assert_is_path};

/// Says a line to the parent, in one piece: `eprintln` writes its end by a call
/// of its own, and the signal handler may write something in between.
pub fn say(line: &str) {
    io::stderr()
        .write_all(format!("{line}\n").as_bytes())
        .expect("the parent listens");
}

/// Says a line to the parent when standard error is out of use.
pub fn say_aside(line: &str) {
    println!("{line}");
}

/// A child with its lines on standard error.
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
    /// Held open and never read.
    _stuffed: Option<PipeReader>,
}

/// How the next child is started.
#[derive(Default)]
pub struct Setup {
    /// Signals that it inherits as ignored.
    pub ignored: Vec<Signal>,
    /// Standard error is a pipe that is full and that nobody reads; lines
    /// come on standard output then ([`say_aside`]).
    pub stuffed_stderr: bool,
    /// What the child finds as its standard input; nothing by default.
    pub stdin: Option<OwnedFd>,
    /// Standard error is this terminal; the child leads a group of its own, so
    /// that Ctrl+Z can stop it.
    pub terminal: Option<OpenptyResult>,
    /// Variables for the child.
    pub env: Vec<(String, String)>,
}

impl Program {
    /// Runs the test `name` of this binary again, in `role`.
    pub fn start(name: &str, role: &str) -> Program {
        Program::start_with(name, role, Setup::default())
    }

    pub fn start_with(name: &str, role: &str, setup: Setup) -> Program {
        assert_is_path(name);
        let exe = env::current_exe().expect("the test binary");
        // The shell sets signals to be ignored, as `nohup` would.
        let ignore: String = setup
            .ignored
            .iter()
            .map(|signal| format!("trap '' {}; ", signal.as_str().trim_start_matches("SIG")))
            .collect();
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &format!("{ignore}exec \"$0\" \"$@\"")])
            .arg(exe)
            .args([name, "--exact", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .envs(setup.env)
            .env("LC_ALL", "C.UTF-8")
            .env_remove("NO_COLOR")
            .stdin(setup.stdin.map_or_else(Stdio::null, Stdio::from))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut stuffed = None;
        if setup.stuffed_stderr {
            let (reader, writer) = full_pipe();
            command.stdout(Stdio::piped()).stderr(writer);
            stuffed = Some(reader);
        }
        let mut master = None;
        if let Some(pty) = setup.terminal {
            command.process_group(0).stderr(pty.slave);
            master = Some(File::from(pty.master));
        }
        reset_signals(&mut command);
        let mut child = command.spawn().expect("the test binary starts");
        // The command holds the other end of the terminal.
        drop(command);
        let lines = match master {
            Some(master) => read_lines(master),
            None => lines_of(&mut child),
        };
        Program {
            child,
            lines,
            heard: Vec::new(),
            _stuffed: stuffed,
        }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"))
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("the child is there");
    }

    /// Waits for a line that contains `text`; it may have come before. Lines
    /// of two threads come in any order.
    pub fn expect(&mut self, text: &str) -> String {
        if let Some(line) = self.heard.iter().find(|line| line.contains(text)) {
            return line.clone();
        }
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.heard.push(line.clone());
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(error) => panic!(
                    "no line with {text:?} ({error}); heard:\n{}",
                    self.heard.join("\n")
                ),
            }
        }
    }

    /// Waits for the end; gives the status and every line.
    pub fn end(mut self) -> (ExitStatus, Vec<String>) {
        let deadline = Instant::now() + DEADLINE;
        // The end of standard error comes with the end of the process, or
        // later if a child of it holds the pipe.
        while let Ok(line) = self
            .lines
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            self.heard.push(line);
        }
        if Instant::now() >= deadline {
            let _ = self.child.kill();
            panic!("the child did not end; heard:\n{}", self.heard.join("\n"));
        }
        let status = self.child.wait().expect("the child is waited for once");
        (status, std::mem::take(&mut self.heard))
    }

    /// Waits for the end and checks that `signal` was the reason.
    pub fn dies_by(self, signal: Signal) -> Vec<String> {
        let (status, heard) = self.end();
        assert_eq!(
            status.signal(),
            Some(signal as i32),
            "{status:?}; heard:\n{}",
            heard.join("\n")
        );
        heard
    }

    /// Waits for the end and checks the exit code.
    pub fn exits_with(self, code: i32) -> Vec<String> {
        let (status, heard) = self.end();
        assert_eq!(
            status.code(),
            Some(code),
            "{status:?}; heard:\n{}",
            heard.join("\n")
        );
        heard
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A failed test leaves no process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The runner may ignore signals, as in the background of a script. A child of a
/// test does not.
pub(super) fn reset_signals(command: &mut Command) {
    // SAFETY: signal is async-signal-safe; the default for valid signals.
    unsafe {
        command.pre_exec(|| {
            for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
                libc::signal(signal, libc::SIG_DFL);
            }
            Ok(())
        });
    }
}

/// A pipe without room for a single byte.
fn full_pipe() -> (PipeReader, PipeWriter) {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    let (reader, mut writer) = io::pipe().expect("pipe");
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("fcntl");
    for chunk in [4096, 1] {
        while writer.write(&vec![b'x'; chunk]).is_ok() {}
    }
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::empty())).expect("fcntl");
    (reader, writer)
}

fn lines_of(child: &mut Child) -> Receiver<String> {
    match (child.stderr.take(), child.stdout.take()) {
        (Some(stderr), _) => read_lines(stderr),
        (None, stdout) => read_lines(stdout.expect("piped")),
    }
}

fn read_lines(stderr: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(stderr);
        let mut line = Vec::new();
        while reader
            .by_ref()
            .read_until(b'\n', &mut line)
            .is_ok_and(|count| count > 0)
        {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    receiver
}
