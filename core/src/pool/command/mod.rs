//! The command runner: external programs, one at a time.

mod collect;
mod facts;
mod foreground;
mod lines;
mod scratch_dir;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use crate::machine::{Signal, Stage};
use crate::pool::shared::{Cancelled, Executor, Failure, Lost, Outcome, Results, remaining};
use crate::sys::drain_pipes::{self, Source};
use crate::sys::foreground::Foreground;
use crate::sys::process_tree::ProcessTree;
use crate::sys::{self, mask};
use crate::token::{Interrupted, StopToken};
use facts::Facts;
use scratch_dir::ScratchDir;

/// Runs external programs, each in its own process group, and ends them
/// on request.
///
/// | stage | what happens |
/// | --- | --- |
/// | 1 | the program runs on |
/// | 2 | its group gets SIGTERM, and what it leaves behind when it has ended; who is left after the grace period, SIGKILL |
/// | 3 | SIGKILL |
///
/// The terminal's Ctrl+C does not reach the program, as its group is not in
/// the foreground: this process decides.
///
/// On Linux no descendant outlives the program, nor this process, even if that
/// is killed or the descendant has made its own session (`setsid`): a small
/// process between the two, the *guardian*, sees to it. It is the parent that
/// the program sees. Two gaps remain: a process that kills the guardian as well
/// sets free those that have left the program's group, and processes of another
/// user cannot be killed. Elsewhere, the program's group ends with it, a
/// descendant that has left it is not followed, and a killed process leaves the
/// program alone.
///
/// The program's standard input is empty unless
/// [`CommandRunner::keep_stdin`] says otherwise. One that asks something on the
/// terminal needs [`CommandRunner::foreground`].
///
/// On Windows a job object holds the program and all that it starts, and ends
/// with this process. It has no SIGTERM: at stage 2 the program's console group
/// gets Ctrl+Break. Without a console no program can be asked, and the program
/// is killed when the grace period is over.
///
/// ```
/// use std::process::Command;
/// use sigproof_core::{StopSource, pool::{CommandRunner, Output}};
///
/// let source = StopSource::new(); // or a signal handler
/// let mut said = Vec::new();
/// let end = CommandRunner::new(&source.token()).execute(Command::new("date"), |output| {
///     if let Output::Stdout(bytes) = output {
///         said.extend_from_slice(bytes);
///     }
/// })?;
/// assert!(end.status.success() && !said.is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CommandRunner {
    token: StopToken,
    grace: Duration,
    signal: Signal,
    keeps_stdin: bool,
    scratch: Option<PathBuf>,
    input: Option<Arc<[u8]>>,
    allows_daemons: bool,
    in_foreground: bool,
    keeps_output: bool,
}

/// A piece of output: as it came, or a line of it ([`CommandRunner::execute_lines`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output<'a> {
    /// From standard output.
    Stdout(&'a [u8]),
    /// From standard error.
    Stderr(&'a [u8]),
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
            scratch: None,
            input: None,
            allows_daemons: false,
            in_foreground: false,
            keeps_output: false,
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

    /// Keeps the standard input that the command has. A program that reads from
    /// the terminal needs [`CommandRunner::foreground`] as well.
    #[must_use]
    pub fn keep_stdin(mut self) -> CommandRunner {
        self.keeps_stdin = true;
        self
    }

    /// Writes this to the standard input of each program, and closes it. A
    /// program that does not read it all is not an error.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> CommandRunner {
        self.input = Some(input.into().into());
        self
    }

    /// Leaves daemons alone: what a program has started and left behind is
    /// neither waited for nor killed when the program ends by itself. A stop
    /// still ends everything.
    #[must_use]
    pub fn allow_daemons(mut self) -> CommandRunner {
        self.allows_daemons = true;
        self
    }

    /// Hands the terminal to each program, and takes it back when the program
    /// has ended, however it did: for one that asks for a password or a
    /// decision, on its standard input or on `/dev/tty`. It keeps the standard
    /// input that the command has.
    ///
    /// As long as the program has the terminal, its keys go to it: Ctrl+C
    /// interrupts the program. If the program dies by that, this process gets
    /// SIGINT as well, as if both had been in the foreground. Ctrl+Z stops the
    /// program, then this process; when that goes on, the program does, with the
    /// terminal. Modes of the terminal that a killed or stopped program has
    /// changed are put right. A program that the terminal's keys cannot reach
    /// any more is still ended at stage 2. (Elsewhere than on Linux, a descendant
    /// in a group of its own that outlives the program may keep the terminal.)
    ///
    /// [`CommandRunner::execute`] fails if this process has no terminal, or is in
    /// its background. Without `foreground`, a program that reads from the
    /// terminal would be stopped by that (SIGTTIN), and never end: it is killed,
    /// and the error says so.
    ///
    /// On Windows every program of a console may read from it; there it only
    /// keeps the standard input.
    ///
    /// ```no_run
    /// use std::process::Command;
    /// use sigproof_core::{StopSource, pool::CommandRunner};
    /// let runner = CommandRunner::new(&StopSource::new().token()).foreground();
    /// let mut ssh = Command::new("ssh"); // it may ask for a passphrase
    /// ssh.args(["host", "uptime"]);
    /// let uptime = runner.output(ssh)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn foreground(mut self) -> CommandRunner {
        self.in_foreground = true;
        self
    }

    /// Leaves the program the standard output and standard error that the
    /// command has, instead of collecting them: for an editor or a pager, which
    /// draws on the terminal. There is no output then.
    #[must_use]
    pub fn keep_output(mut self) -> CommandRunner {
        self.keeps_output = true;
        self
    }

    /// Gives the program a directory for temporary files: it is made if it is
    /// not there, and removed with everything in it when the program and its
    /// descendants have ended. On Linux the guardian removes it, by `rm`, if
    /// this process is not there any more. Tell the program its path yourself,
    /// as `TMPDIR` for instance.
    #[must_use]
    pub fn scratch(mut self, directory: impl Into<PathBuf>) -> CommandRunner {
        self.scratch = Some(directory.into());
        self
    }

    /// Runs `command` to its end; `on_output` gets its output as it comes, on
    /// another thread. Is not started at all from stage 2 on.
    ///
    /// # Errors
    /// Those of starting a program and of waiting for it; an [`Interrupted`]
    /// inside if it was not started; those of [`CommandRunner::foreground`]. On Linux also if a process could not be
    /// killed within 5 s, or if the guardian was killed, so that the
    /// program's status is not known.
    pub fn execute(
        &self,
        mut command: Command,
        mut on_output: impl FnMut(Output<'_>) + Send,
    ) -> io::Result<CommandEnd> {
        self.token.checkpoint()?;
        if self.input.is_some() {
            command.stdin(Stdio::piped());
        } else if !self.keeps_stdin && !self.in_foreground {
            command.stdin(Stdio::null());
        }
        if !self.keeps_output {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
        }
        let terminal = self.in_foreground.then(Foreground::open).transpose()?;
        let (quit, stopped) = drain_pipes::quit()?;
        let scratch = self.scratch.as_deref().map(ScratchDir::make).transpose()?;
        let mut tree = ProcessTree::spawn(
            &mut command,
            self.signal,
            scratch.as_ref().map(ScratchDir::path),
            terminal.as_ref(),
        )?;
        let child = tree.child();
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let input = child.stdin.take().zip(self.input.clone());
        let facts = Facts::default();
        let end = thread::scope(|scope| {
            let (tree, facts, token) = (&tree, &facts, &self.token);
            let watching = thread("command-watcher").spawn_scoped(scope, move || {
                tree.watch(|event| {
                    facts.note(event);
                    token.wake_all();
                });
            });
            let reading = thread("command-output").spawn_scoped(scope, move || {
                if let (Some(stdout), Some(stderr)) = (stdout, stderr) {
                    // A pipe that cannot be read any more has ended.
                    let _ = drain_pipes::pump(stdout, stderr, &stopped, |source, bytes| {
                        on_output(match source {
                            Source::First => Output::Stdout(bytes),
                            Source::Second => Output::Stderr(bytes),
                        });
                    });
                }
                facts.output_ended.store(true, Ordering::SeqCst);
                token.wake_all();
            });
            let writing = input.map(|(stdin, input)| {
                // It may be refused, which raises SIGPIPE where that is not
                // ignored.
                mask::with_all_blocked(|| {
                    thread("command-input").spawn_scoped(scope, move || write(stdin, &input))
                })
            });
            for started in [watching, reading].into_iter().chain(writing) {
                if let Err(error) = started {
                    tree.kill();
                    return Err((error, Left::Nothing));
                }
            }
            let watched = self.watch(tree, facts, terminal.as_ref());
            let ended_by_itself = matches!(watched, Ok((None, _)));
            if self.allows_daemons && ended_by_itself {
                tree.release();
            } else {
                tree.kill();
            }
            let limit = tree.death_limit().map(|limit| Instant::now() + limit);
            self.wait(facts, limit, Facts::is_gone);
            // Whoever held the output is dead, or is not followed and not
            // waited for.
            drop(quit);
            if facts.is_gone() {
                watched.map_err(|error| (error, Left::Nothing))
            } else {
                Err((tree.give_up(), Left::Somebody))
            }
        });
        let (interrupted, killed) = match end {
            Ok(end) => end,
            Err((error, left)) => {
                drop(tree);
                // Somebody may still work in it; the guardian waits for them.
                if let (Some(scratch), Left::Somebody) = (scratch, left) {
                    scratch.leave();
                }
                return Err(error);
            }
        };
        let group = tree.group();
        let status = tree.finish()?;
        if let Some(terminal) = terminal {
            terminal.settle(group, status, interrupted.is_some());
        }
        // While the guardian is there: it would go on if this process died.
        scratch.map_or(Ok(()), ScratchDir::remove)?;
        Ok(CommandEnd {
            status,
            interrupted,
            killed,
        })
    }

    /// Waits for the end of leader and output, and asks for it at stage 2;
    /// returns the stage that interrupted, and whether time ran out.
    ///
    /// # Errors
    /// If the program needs the terminal and does not have it.
    fn watch(
        &self,
        tree: &ProcessTree,
        facts: &Facts,
        terminal: Option<&Foreground>,
    ) -> io::Result<(Option<Interrupted>, bool)> {
        let stage = || self.token.stage();
        let is_over = |facts: &Facts| facts.leader_ended() || stage() >= Stage::TerminateActive;
        while !is_over(facts) {
            self.wait(facts, None, |facts| is_over(facts) || facts.has_stopped());
            if let Some(signal) = facts.take_stop() {
                foreground::stop_with(tree, terminal, signal)?;
            }
        }
        if facts.leader_ended() {
            if self.allows_daemons {
                // They may hold the pipes for ever.
                return Ok((None, false));
            }
            // Descendants may still be flushing into the pipes.
            let limit = Instant::now().checked_add(self.grace);
            self.wait(facts, limit, |facts| {
                facts.output_ended() || facts.is_lost() || stage() >= Stage::TerminateActive
            });
            return Ok((None, !facts.output_ended()));
        }
        let interrupted = self.token.checkpoint().err();
        tree.request_end(self.signal.number());
        let limit = Instant::now().checked_add(self.grace);
        let is_over = |facts: &Facts| facts.is_gone() && facts.output_ended() || facts.is_lost();
        self.wait(facts, limit, |facts| {
            is_over(facts) || stage().should_exit_now()
        });
        Ok((interrupted, !is_over(facts)))
    }

    fn wait(&self, facts: &Facts, limit: Option<Instant>, done: impl Fn(&Facts) -> bool) {
        self.token.wait_for(limit, || done(facts));
    }
}

/// Writes all that the program takes, and closes its standard input.
fn write(mut stdin: ChildStdin, input: &[u8]) {
    // A program that ends before it has read everything does not want it.
    let _ = stdin.write_all(input);
}

fn thread(name: &str) -> thread::Builder {
    thread::Builder::new().name(name.to_owned())
}

/// Who is left of a program that cannot be waited for.
enum Left {
    Nothing,
    Somebody,
}

/// Runs commands one after the other; their output is dropped. A command that
/// does not succeed has failed.
impl Executor<ExitStatus> for CommandRunner {
    type Task = Command;

    fn run_each(
        &self,
        tasks: &mut dyn Iterator<Item = Command>,
        on_outcome: &mut dyn FnMut(usize, &Outcome<ExitStatus>),
    ) -> Results<ExitStatus> {
        let mut outcomes = Vec::new();
        let mut truncated = false;
        loop {
            if self.token.is_interrupted() {
                let queued = || Outcome::Cancelled(Cancelled::Queued);
                let rest = remaining(&tasks);
                truncated = rest.is_none();
                for index in outcomes.len()..outcomes.len() + rest.unwrap_or(0) {
                    on_outcome(index, &queued());
                    outcomes.push(queued());
                }
                break;
            }
            let Some(command) = tasks.next() else { break };
            let outcome = outcome_of(self.execute(command, |_| {}));
            on_outcome(outcomes.len(), &outcome);
            outcomes.push(outcome);
        }
        let interrupted = self.token.checkpoint_at(Stage::CancelQueued).err();
        Results::new(outcomes, interrupted, truncated)
    }
}

fn outcome_of(end: io::Result<CommandEnd>) -> Outcome<ExitStatus> {
    let failure = match end {
        Ok(end) if end.interrupted.is_some() => return Outcome::Cancelled(Cancelled::Active),
        Ok(end) if end.status.success() => return Outcome::Completed(end.status),
        Ok(end) if sys::process::abnormal_end(end.status).is_some() => {
            return Outcome::Lost(Lost::Died(end.status));
        }
        Ok(end) => Failure::new(end.status.to_string(), false),
        Err(error) if Interrupted::find(&error).is_some() => {
            return Outcome::Cancelled(Cancelled::Active);
        }
        Err(error) => Failure::of_error(error),
    };
    Outcome::Failed(failure)
}
