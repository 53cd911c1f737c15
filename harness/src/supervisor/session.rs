//! One run after another: start the target, watch it, apply the schedule, and
//! leave nothing alive.

use super::protocol::{RunRequest, Setup, SupervisorError};
use super::run_lock::RunGuard;
use crate::facts::{Run, Signal};
use crate::supervisor::run::failpoints::Failpoints;
use crate::supervisor::run::run_loop::{ActiveRun, RunError};
use crate::supervisor::run::schedule_cursor::ScheduleCursor;
use crate::supervisor::run::streams::Streams;
use crate::supervisor::run::trace_config;
use crate::sys::poller::Poller;
use crate::sys::signals::Recipient;
use crate::sys::spawn;
use crate::sys::spawn::Program;
use crate::sys::{mounts, ptrace, seccomp, wait};
use crate::target::{FAILPOINTS_FD, FoundPrograms, Launch, WorkTree};
use crate::tracer::Tracer;
use std::fs::File;
use std::io;

/// After this number the target's processes are numbered.
const LAST_PID: i32 = 100;

/// What lasts from run to run.
pub(crate) struct Session {
    setup: Setup,
    turn: File,
    found: FoundPrograms,
    pub(crate) tree: WorkTree,
    poller: Poller,
    private: bool,
    /// Addresses are the same in every run.
    steady: bool,
}

impl Session {
    pub(crate) fn new(
        setup: Setup,
        turn: File,
        tree: WorkTree,
        poller: Poller,
        private: bool,
        steady: bool,
    ) -> Session {
        Session {
            setup,
            turn,
            found: FoundPrograms::default(),
            tree,
            poller,
            private,
            steady,
        }
    }

    /// Its place among the supervisors.
    pub(crate) fn place(&self) -> usize {
        self.setup.place
    }

    /// Runs once. `None` when the command that wanted it is gone.
    pub(crate) fn run(&mut self, order: &RunRequest) -> Result<Option<Run>, SupervisorError> {
        let harness = |what: &'static str| {
            move |error: io::Error| SupervisorError::Harness(format!("{what}: {error}"))
        };
        if order.fresh {
            self.tree.reset()?;
        }
        let target = &self.setup.target;
        let command = order.command.as_ref().unwrap_or(&target.command);
        let launch = Launch::new(
            target,
            command,
            &self.tree.places,
            &self.setup.around,
            &mut self.found,
        )
        .map_err(|error| SupervisorError::Command(error.to_string()))?;
        let cursor = ScheduleCursor::new(&order.steps).map_err(SupervisorError::Harness)?;
        let watch = trace_config::watch(order);
        let mut streams = match target.pty {
            Some(size) if order.command.is_none() => {
                Streams::terminal(size).map_err(harness("opening a pty"))?
            }
            _ => Streams::pipes(target.stdin.as_deref().filter(|_| order.command.is_none()))
                .map_err(|error| SupervisorError::Input(format!("standard input: {error}")))?,
        };
        if self.private {
            // Not allowed everywhere; numbers then differ from run to run, which is learned.
            let _ = mounts::set_last_pid(LAST_PID);
        }
        let filter = match &watch {
            Some(watch) if !watch.chosen.is_none() => seccomp::program(&watch.chosen),
            _ => Vec::new(),
        };
        let mut failpoints = match target.failpoints && order.command.is_none() {
            true => Some(Failpoints::new().map_err(harness("a socket for failpoints"))?),
            false => None,
        };
        let theirs = failpoints.as_ref().and_then(Failpoints::theirs);
        // Who does not stop at the gate runs at once.
        let take = || RunGuard::take(&self.turn).map_err(harness("waiting for its turn"));
        let mut turn = match watch {
            None => Some(take()?),
            Some(_) => None,
        };
        let mut started = spawn::start(Program {
            path: launch.path,
            argv: launch.argv,
            env: launch.env,
            directory: launch.directory,
            stdio: streams.stdio(),
            extra: theirs.map(|theirs| (theirs, FAILPOINTS_FD)),
            filter,
            ignored: match order.command {
                // A command of the harness's own is none of the target's business.
                Some(_) => Vec::new(),
                None => target.ignored.iter().copied().map(Signal::new).collect(),
            },
            gated: watch.is_some(),
        })
        .map_err(harness("fork"))?;
        streams.started();
        if let Some(failpoints) = &mut failpoints {
            failpoints.started(&self.poller).map_err(harness("epoll"))?;
        }
        let pid = started.pid;
        if watch.is_some() {
            if let Err(error) = ptrace::seize(pid) {
                let _ = Recipient::Process(pid).send(Signal::KILL);
                let _ = wait::until_ended(pid);
                if let Ok(Err(failure)) = started.executed() {
                    let why = io::Error::from_raw_os_error(failure.errno);
                    let text = format!("preparing the target (step {:?}): {why}", failure.step);
                    return Err(SupervisorError::Harness(text));
                }
                return Err(SupervisorError::Trace(format!(
                    "the kernel does not allow tracing the target (ptrace: {error}); \
                     sigproof doctor tells what is missing"
                )));
            }
            turn = Some(take()?);
            started
                .open_gate()
                .map_err(harness("letting the target go"))?;
        }
        let tracer =
            watch.map(|watch| Tracer::new(pid, watch, self.tree.places.clone(), self.steady));
        let mut live = ActiveRun::new(
            order,
            &mut self.tree,
            &mut self.poller,
            streams,
            cursor,
            tracer,
            started,
        );
        live.failpoints = failpoints;
        live.watch_streams().map_err(harness("epoll"))?;
        match live.follow() {
            Ok(true) => {
                // Nobody is left; what remains is reading.
                drop(turn);
                live.finish().map(Some)
            }
            Ok(false) => {
                live.abandon();
                Ok(None)
            }
            Err(RunError::Exec(failure)) => Err(SupervisorError::Command(failure)),
            Err(RunError::Io(error)) => {
                live.abandon();
                Err(SupervisorError::Harness(format!(
                    "watching the target: {error}"
                )))
            }
        }
    }
}
