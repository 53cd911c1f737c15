//! Processes that play a part: this program with a role, or a script.
//!
//! They get a number on standard input, one a line, and answer with a line of
//! samples in nanoseconds.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Says which part to play.
pub(super) const ROLE: &str = "SIGPROOF_BENCHES_ROLE";

/// How long a child may take to become quiet.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Child {
    process: std::process::Child,
    /// Until it is to end.
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// It has processes of its own, which it ends when nobody asks any more.
    ends_others: bool,
}

impl Child {
    /// This program, to play `role`.
    pub(super) fn with_role(role: &str) -> io::Result<Child> {
        Child::start(Command::new(env::current_exe()?).env(ROLE, role), false)
    }

    /// A program that starts others. They would stay if it were killed.
    pub(super) fn with_others(command: &mut Command) -> io::Result<Child> {
        Child::start(command, true)
    }

    fn start(command: &mut Command, ends_others: bool) -> io::Result<Child> {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| {
                let program = command.get_program().display();
                io::Error::new(error.kind(), format!("cannot start {program}: {error}"))
            })?;
        let (Some(requests), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(io::Error::other("a pipe is missing"));
        };
        Ok(Child {
            process,
            requests: Some(requests),
            answers: BufReader::new(answers),
            ends_others,
        })
    }

    /// The samples for `count` repetitions.
    pub(super) fn ask(&mut self, count: u32) -> io::Result<Vec<f64>> {
        if let Some(requests) = &mut self.requests {
            writeln!(requests, "{count}")?;
        }
        self.answer()
    }

    /// The next line of samples.
    pub(super) fn answer(&mut self) -> io::Result<Vec<f64>> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            let end = self.process.wait()?;
            return Err(io::Error::other(format!("it ended early: {end}")));
        }
        let number = |word: &str| word.parse().map_err(io::Error::other);
        line.split_whitespace().map(number).collect()
    }

    pub(super) fn id(&self) -> nix::unistd::Pid {
        nix::unistd::Pid::from_raw(self.process.id().cast_signed())
    }

    /// Waits until nobody has the other end of its output: it and all that it
    /// started have ended.
    fn has_closed_its_output(&self) -> bool {
        let limit = u16::try_from(PATIENCE.as_millis()).unwrap_or(u16::MAX);
        let mut output = [PollFd::new(
            self.answers.get_ref().as_fd(),
            PollFlags::empty(),
        )];
        poll(&mut output, PollTimeout::from(limit)).is_ok_and(|closed| closed > 0)
    }

    /// Waits until every thread of the child sleeps.
    pub(super) fn wait_until_quiet(&self) -> io::Result<()> {
        let tasks = format!("/proc/{}/task", self.process.id());
        let deadline = Instant::now() + PATIENCE;
        while !all_sleep(&tasks)? {
            if Instant::now() > deadline {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("the threads in {tasks} do not come to rest"),
                ));
            }
            thread::yield_now();
        }
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.requests.take());
        if self.ends_others && self.has_closed_its_output() {
            let _ = self.process.wait();
            return;
        }
        // It has nothing to clean up, and may be waiting for a signal.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn all_sleep(tasks: &str) -> io::Result<bool> {
    for task in fs::read_dir(tasks)? {
        let stat = match fs::read_to_string(task?.path().join("stat")) {
            Ok(stat) => stat,
            // A thread that has ended.
            Err(_) => continue,
        };
        // The name of the program, in brackets, may contain anything.
        let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
        if !state.is_some_and(|state| state.starts_with('S')) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A contender's work in a process of its own, started in the first round.
pub(super) fn in_child(role: &'static str) -> impl FnMut(u32) -> io::Result<Vec<f64>> {
    let mut child = None;
    move |count| {
        if child.is_none() {
            child = Some(Child::with_role(role)?);
        }
        child
            .as_mut()
            .map_or(Ok(Vec::new()), |child| child.ask(count))
    }
}

/// The child's side: answers until nobody asks any more.
pub(super) fn serve(mut work: impl FnMut(u32) -> io::Result<Vec<f64>>) -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        answer(&work(line?.trim().parse().map_err(io::Error::other)?)?)?;
    }
    Ok(())
}

/// The child's side, for one that is not asked but waits for signals: ends when
/// nobody could ask any more. Whoever started it may have been killed.
pub(super) fn end_when_alone() -> io::Result<()> {
    let wait = || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        std::process::exit(0);
    };
    thread::Builder::new().spawn(wait).map(drop)
}

/// The child's side: one line of samples.
pub(super) fn answer(samples: &[f64]) -> io::Result<()> {
    let words: Vec<_> = samples.iter().map(f64::to_string).collect();
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", words.join(" "))?;
    stdout.flush()
}

/// Waits until `fact` holds: another thread of this process brings it about.
pub(super) fn wait_for(fact: impl Fn() -> bool) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !fact() {
        if Instant::now() > deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::yield_now();
    }
    Ok(())
}

pub(super) fn unknown(role: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("{ROLE}={role} is no part"),
    )
}
