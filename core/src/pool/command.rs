//! The command runner: external programs, one at a time.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::executor::Executor;
use super::outcome::{Cancelled, Failure, Outcome};
use super::results::Results;
use crate::machine::{Signal, Stage, Step};
use crate::sys::group::Group;
use crate::sys::pump::{self, Source};
use crate::token::{Interrupted, StopToken};

/// Runs external programs, each in a process group of its own, and ends them
/// on request.
///
/// | stage | what happens |
/// | --- | --- |
/// | 1 | the program runs on |
/// | 2 | its group gets SIGTERM; what is left after the grace period, SIGKILL |
/// | 3 | its group gets SIGKILL |
///
/// The terminal's Ctrl+C does not reach the program, as its group is not in
/// the foreground: this process decides. When the program has ended, so have
/// all processes in its group. A descendant that made a group or session of
/// its own (`setsid`) is not followed.
///
/// The program's standard input is empty unless
/// [`CommandRunner::keep_stdin`] says otherwise. Unix only.
#[derive(Clone, Debug)]
pub struct CommandRunner {
    token: StopToken,
    grace: Duration,
    signal: Signal,
    keeps_stdin: bool,
}

/// A piece of output, as it came; not split into lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output<'a> {
    /// From standard output.
    Stdout(&'a [u8]),
    /// From standard error.
    Stderr(&'a [u8]),
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandEnd {
    /// Its exit status.
    pub status: ExitStatus,
    /// Whether it was asked to end, and at which stage.
    pub interrupted: Option<Interrupted>,
    /// Whether it, or a descendant, was still there when the grace period was
    /// over, and was killed.
    pub killed: bool,
}

impl CommandRunner {
    /// The grace period unless set otherwise: 5 s.
    pub const GRACE: Duration = Duration::from_secs(5);

    /// A runner that obeys `token`.
    #[must_use]
    pub fn new(token: &StopToken) -> CommandRunner {
        CommandRunner {
            token: token.clone(),
            grace: Self::GRACE,
            signal: Signal::TERMINATE,
            keeps_stdin: false,
        }
    }

    /// Sets how long the group may take to end after it was asked to.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> CommandRunner {
        self.grace = grace;
        self
    }

    /// Sets the signal that asks the group to end, SIGTERM by default.
    #[must_use]
    pub fn stop_signal(mut self, signal: Signal) -> CommandRunner {
        self.signal = signal;
        self
    }

    /// Leaves standard input as the command has it. A program that reads from
    /// the terminal out of the foreground is stopped by it.
    #[must_use]
    pub fn keep_stdin(mut self) -> CommandRunner {
        self.keeps_stdin = true;
        self
    }

    /// Runs `command` to its end; `on_output` gets its output as it comes, on
    /// another thread. Is not started at all from stage 2 on.
    ///
    /// # Errors
    /// Those of starting a program and of waiting for it; an [`Interrupted`]
    /// inside if it was not started.
    pub fn execute(
        &self,
        mut command: Command,
        mut on_output: impl FnMut(Output<'_>) + Send,
    ) -> io::Result<CommandEnd> {
        self.token.checkpoint().map_err(io::Error::other)?;
        if !self.keeps_stdin {
            command.stdin(Stdio::null());
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let (quit, quitting) = pump::quit()?;
        let mut group = Group::spawn(&mut command)?;
        let child = group.child();
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let facts = Facts::default();
        let end = thread::scope(|scope| {
            let (group, facts, token) = (&group, &facts, &self.token);
            scope.spawn(move || {
                // It fails only if somebody else reaped the leader.
                let _ = group.wait_for_leader();
                facts.leader_ended.store(true, Ordering::SeqCst);
                token.wake_all();
            });
            scope.spawn(move || {
                if let (Some(stdout), Some(stderr)) = (stdout, stderr) {
                    // A pipe that cannot be read any more has ended.
                    let _ = pump::pump(stdout, stderr, &quitting, |source, bytes| {
                        on_output(match source {
                            Source::First => Output::Stdout(bytes),
                            Source::Second => Output::Stderr(bytes),
                        });
                    });
                }
                facts.output_ended.store(true, Ordering::SeqCst);
                token.wake_all();
            });
            let end = self.watch(group, facts);
            group.kill();
            self.wait(facts, None, |facts| facts.leader_ended());
            // Whoever held the output is dead, or has left the group and is
            // not waited for.
            drop(quit);
            end
        });
        let status = group.finish()?;
        Ok(CommandEnd {
            status,
            interrupted: end.0,
            killed: end.1,
        })
    }

    /// Waits for the end of leader and output, and asks for it at stage 2;
    /// gives the stage that interrupted, and whether time ran out.
    fn watch(&self, group: &Group, facts: &Facts) -> (Option<Interrupted>, bool) {
        let stage = || self.token.stage();
        self.wait(facts, None, |facts| {
            facts.leader_ended() || stage() >= Stage::TerminateActive
        });
        if facts.leader_ended() {
            // Descendants may still be flushing into the pipes.
            let limit = Instant::now().checked_add(self.grace);
            self.wait(facts, limit, |facts| {
                facts.output_ended() || stage() >= Stage::TerminateActive
            });
            return (None, !facts.output_ended());
        }
        let interrupted = self.token.checkpoint().err();
        group.request_end(self.signal.number());
        let limit = Instant::now().checked_add(self.grace);
        let is_over = |facts: &Facts| facts.leader_ended() && facts.output_ended();
        self.wait(facts, limit, |facts| {
            is_over(facts) || stage().should_exit_now()
        });
        (interrupted, !is_over(facts))
    }

    fn wait(&self, facts: &Facts, limit: Option<Instant>, done: impl Fn(&Facts) -> bool) {
        self.token.wait_until(|| {
            if done(facts) {
                Step::Done
            } else {
                Step::WaitUntil(limit)
            }
        });
    }
}

/// What the helper threads of a command found out.
#[derive(Debug, Default)]
struct Facts {
    leader_ended: AtomicBool,
    output_ended: AtomicBool,
}

impl Facts {
    fn leader_ended(&self) -> bool {
        self.leader_ended.load(Ordering::SeqCst)
    }

    fn output_ended(&self) -> bool {
        self.output_ended.load(Ordering::SeqCst)
    }
}

/// Runs commands one after the other; their output is dropped. A command that
/// does not succeed has failed.
impl Executor<ExitStatus> for CommandRunner {
    type Task = Command;

    fn run_streaming<I, F>(&self, tasks: I, mut on_outcome: F) -> Results<ExitStatus>
    where
        I: IntoIterator<Item = Command>,
        F: FnMut(usize, &Outcome<ExitStatus>),
    {
        let mut outcomes = Vec::new();
        for command in tasks {
            let outcome = if self.token.is_interrupted() {
                Outcome::Cancelled(Cancelled::Queued)
            } else {
                outcome_of(self.execute(command, |_| {}))
            };
            on_outcome(outcomes.len(), &outcome);
            outcomes.push(outcome);
        }
        let interrupted = self.token.checkpoint_at(Stage::CancelQueued).err();
        Results::new(outcomes, interrupted)
    }
}

fn outcome_of(end: io::Result<CommandEnd>) -> Outcome<ExitStatus> {
    let message = match end {
        Ok(end) if end.interrupted.is_some() => return Outcome::Cancelled(Cancelled::Active),
        Ok(end) if end.status.success() => return Outcome::Completed(end.status),
        Ok(end) => match end.status.signal() {
            Some(signal) => return Outcome::Lost(format!("killed by signal {signal}")),
            None => end.status.to_string(),
        },
        Err(error) => return Outcome::of_result(Err(error.into())),
    };
    let panicked = false;
    Outcome::Failed(Failure { message, panicked })
}
