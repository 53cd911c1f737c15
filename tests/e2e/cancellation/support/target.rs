//! A fixture under real signals: started on pipes or on a terminal of its own, signalled at exact moments, and looked
//! at when it has ended.

use super::marked::Mark;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{PidfdFlags, pidfd_open};
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Only a hung program gets there.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// What the program stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Pipes, in a process group of its own.
    Pipes,
    /// Pipes, in a session of its own: there is no terminal.
    Session,
    /// As on pipes, but standard error is full, and nobody reads it.
    Stuffed,
    /// A terminal for standard input and standard error, in a session of its own. Standard output is a pipe all the
    /// same, so that every line of it is heard.
    Terminal,
}

/// To whom a signal goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    Process,
    Group,
    /// Ctrl+C, typed on the terminal.
    Typed,
}

/// A program under fire.
pub struct Target {
    child: Child,
    pidfd: OwnedFd,
    terminal: Option<File>,
    mark: Mark,
    directory: tempfile::TempDir,
    stdout: Receiver<String>,
    heard: Vec<String>,
    stderr: JoinHandle<String>,
    /// Held open and never read.
    _stuffed: Option<PipeReader>,
}

/// What is known when it has ended.
pub struct End {
    pub status: ExitStatus,
    /// When the end was seen, in nanoseconds on the monotonic clock.
    pub at_ns: u64,
    /// Whole lines of standard output.
    pub stdout: Vec<String>,
    pub stderr: String,
    directory: tempfile::TempDir,
}

impl Target {
    /// Starts `program` with `arguments` in an empty directory.
    pub fn start(program: &Path, arguments: &[&str], place: Place) -> Self {
        let mut command = Command::new(program);
        command.args(arguments);
        Self::of(&command, place)
    }

    /// Starts a command in an empty directory.
    pub fn of(wanted: &Command, place: Place) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self::within(directory, wanted, place)
    }

    /// Starts a command in this directory.
    pub fn within(directory: tempfile::TempDir, wanted: &Command, place: Place) -> Self {
        let mark = Mark::new();
        // It executes the program in the process that it is, as that leads no group yet.
        let mut command = Command::new("setsid");
        match place {
            Place::Pipes | Place::Stuffed => command = Command::new(wanted.get_program()),
            Place::Session => drop(command.arg(wanted.get_program())),
            Place::Terminal => drop(command.arg("--ctty").arg(wanted.get_program())),
        }
        mark.put_on(&mut command);
        command
            .args(wanted.get_args())
            .current_dir(directory.path())
            .env("LC_ALL", "C.UTF-8")
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped());
        let (mut terminal, mut stuffed) = (None, None);
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        match place {
            Place::Pipes => drop(command.process_group(0)),
            Place::Session => {}
            Place::Stuffed => {
                let (reader, writer) = full_pipe();
                command.process_group(0).stderr(writer);
                stuffed = Some(reader);
            }
            Place::Terminal => {
                let pty = nix::pty::openpty(None, None).expect("a terminal");
                // The kernel would throw away at Ctrl+C what was not read yet.
                let mut modes = tcgetattr(&pty.slave).expect("its modes");
                modes.local_flags.insert(LocalFlags::NOFLSH);
                tcsetattr(&pty.slave, SetArg::TCSANOW, &modes).expect("new modes");
                command.stdin(pty.slave.try_clone().expect("a descriptor"));
                command.stderr(pty.slave);
                terminal = Some(File::from(pty.master));
            }
        }
        let mut child = command.spawn().expect("the program starts");
        // It holds the other end of the terminal.
        drop(command);
        let pid = rustix::process::Pid::from_child(&child);
        let stdout = lines_of(child.stdout.take().expect("piped"));
        let stderr = match &terminal {
            Some(terminal) => text_of(terminal.try_clone().expect("a descriptor")),
            None => match child.stderr.take() {
                Some(stderr) => text_of(stderr),
                None => text_of(std::io::empty()),
            },
        };
        Self {
            pidfd: pidfd_open(pid, PidfdFlags::empty()).expect("a child of ours"),
            child,
            terminal,
            mark,
            directory,
            stdout,
            heard: Vec::new(),
            stderr,
            _stuffed: stuffed,
        }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().expect("a process id"))
    }

    /// Its working directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Waits for a line of standard output that contains `text`; `false` if it ends without one.
    pub fn hears(&mut self, text: &str) -> bool {
        let deadline = Instant::now() + DEADLINE;
        while let Ok(line) = self
            .stdout
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            self.heard.push(line);
            if self.heard.last().is_some_and(|line| line.contains(text)) {
                return true;
            }
        }
        assert!(Instant::now() < deadline, "no {text:?} in {:?}", self.heard);
        false
    }

    /// The last line that was heard.
    pub fn last(&self) -> &str {
        self.heard.last().map_or("", String::as_str)
    }

    /// Sends SIGINT and waits until it was taken, so that it does not merge with the next one.
    pub fn press(&mut self) {
        self.send(Signal::SIGINT, Whom::Process);
        let status = format!("/proc/{}/status", self.pid());
        until("the signal is taken", || {
            let status = fs::read_to_string(&status).unwrap_or_default();
            let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
            let pending = pending.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
            let ended = status.contains("State:\tZ");
            ended || pending.is_none_or(|mask| mask & 1 << (Signal::SIGINT as u32 - 1) == 0)
        });
    }

    /// Waits until it has used a fifth of a second of processor time, with all that it started: more than it takes to
    /// start, so its tasks are at work.
    pub fn toils(&self) {
        let ticks_of = |pid: &Pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
            let ticks = fields
                .split(' ')
                .nth(11)
                .and_then(|field| field.parse::<u64>().ok());
            ticks.unwrap_or(0)
        };
        until("the tasks are at work", || {
            self.mark.living().iter().map(ticks_of).sum::<u64>() >= 20
        });
    }

    /// Sends one signal now.
    pub fn send(&mut self, signal: Signal, whom: Whom) {
        // The process is not reaped yet, so its number is its own; a group may be gone.
        match whom {
            Whom::Process => kill(self.pid(), signal).expect("a child of ours"),
            Whom::Group => killpg(self.pid(), signal).unwrap_or_default(),
            Whom::Typed => {
                let terminal = self.terminal.as_mut().expect("it is on a terminal");
                terminal.write_all(b"\x03").expect("the terminal is there");
            }
        }
    }

    /// Waits until `moment`, on the monotonic clock; `false` as soon as the program has ended.
    pub fn lives_until(&self, moment_ns: u64) -> bool {
        loop {
            let left = moment_ns.saturating_sub(now_ns());
            // The last part without a sleep, which would be too long by some 50 µs.
            let rest = Duration::from_nanos(left.saturating_sub(100_000));
            if self.ends_within(rest) {
                return false;
            }
            if left == 0 {
                return true;
            }
        }
    }

    fn ends_within(&self, time: Duration) -> bool {
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        let time = Timespec::try_from(time).expect("a short time");
        // Interrupted by nothing: this process has no handlers.
        poll(&mut fds, Some(&time)).expect("poll") > 0
    }

    /// Waits for the end of the program and of everything that it started.
    pub fn end(mut self) -> End {
        let in_time = self.ends_within(DEADLINE);
        let at_ns = now_ns();
        if !in_time {
            self.child.kill().expect("a child of ours");
        }
        let status = self.child.wait().expect("it is waited for once");
        let left = self.survivors();
        // Nobody holds the pipes any more, so the readers end.
        self.heard.extend(self.stdout.iter());
        drop(self.terminal);
        let stderr = self.stderr.join().expect("the reader does not panic");
        let stdout = self.heard;
        assert!(in_time, "it did not end; it said {stdout:?}\n{stderr}");
        assert!(
            left.is_empty(),
            "left behind: {left:?}\n{stdout:?}\n{stderr}"
        );
        End {
            status,
            at_ns,
            stdout,
            stderr,
            directory: self.directory,
        }
    }

    /// Command lines of what outlives the program for longer than a kill takes; those are killed.
    fn survivors(&self) -> Vec<String> {
        let deadline = Instant::now() + DEADLINE / 4;
        loop {
            let marked = self.mark.living();
            if marked.is_empty() || Instant::now() >= deadline {
                let line = |pid: &Pid| fs::read_to_string(format!("/proc/{pid}/cmdline"));
                self.mark.kill();
                return marked.iter().filter_map(|pid| line(pid).ok()).collect();
            }
            thread::yield_now();
        }
    }
}

impl End {
    /// A file that the program left, if there is one.
    pub fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.directory.path().join(name)).ok()
    }

    /// The signal that it died by.
    pub fn signal(&self) -> Option<Signal> {
        let number = self.status.signal()?;
        Some(Signal::try_from(number).expect("a signal"))
    }
}

/// The monotonic clock, which the core uses, too.
pub fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let nanos = now.tv_sec * 1_000_000_000 + now.tv_nsec;
    u64::try_from(nanos).expect("it counts from the start of the machine")
}

/// Waits until `fact` holds.
pub fn until(what: &str, mut fact: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !fact() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::yield_now();
    }
}

fn lines_of(source: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(source);
        let mut line = Vec::new();
        // A line without its end was cut, and says nothing.
        while reader
            .read_until(b'\n', &mut line)
            .is_ok_and(|_| line.ends_with(b"\n"))
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

fn text_of(mut source: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = Vec::new();
        // A terminal ends with an error when nobody holds it any more.
        let _ = source.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    })
}

/// A pipe without room for a single byte.
fn full_pipe() -> (PipeReader, PipeWriter) {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("flags");
    for chunk in [4096, 1] {
        while writer.write(&vec![b'x'; chunk]).is_ok() {}
    }
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::empty())).expect("flags");
    (reader, writer)
}
