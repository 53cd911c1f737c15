//! Processes that play a part: this program with a role, or a script.
//!
//! They get a number on standard input, one a line, and answer with a line of
//! samples in nanoseconds.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Says which part to play.
pub(super) const ROLE: &str = "SIGPROOF_BENCHES_ROLE";

/// How long a child may take to become quiet.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Child {
    process: std::process::Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Child {
    /// This program, to play `role`.
    pub(super) fn with_role(role: &str) -> io::Result<Child> {
        Child::start(Command::new(env::current_exe()?).env(ROLE, role))
    }

    pub(super) fn start(command: &mut Command) -> io::Result<Child> {
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
            requests,
            answers: BufReader::new(answers),
        })
    }

    /// The samples for `count` repetitions.
    pub(super) fn ask(&mut self, count: u32) -> io::Result<Vec<f64>> {
        writeln!(self.requests, "{count}")?;
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
