//! One run after another: start the target, watch it, apply the schedule, and
//! leave nothing alive.

use super::protocol::{RunRequest, Setup, SupervisorError};
use super::run_lock::RunGuard;
use crate::facts::{Run, Signal};
use crate::script::{ClientKind, Ready};
use crate::supervisor::run::failpoints::Failpoints;
use crate::supervisor::run::inject::ScheduleCursor;
use crate::supervisor::run::process_watch::ProcessWatch;
use crate::supervisor::run::run_error::RunError;
use crate::supervisor::run::run_loop::ActiveRun;
use crate::supervisor::run::script::{self, ScriptRun};
use crate::supervisor::run::streams::Streams;
use crate::supervisor::run::trace_config::trace_config;
use crate::sys::poller::Poller;
use crate::sys::signals::Recipient;
use crate::sys::spawn;
use crate::sys::spawn::{Program, Started, Stdio};
use crate::sys::{mounts, network, ptrace, seccomp, wait};
use crate::target::{FAILPOINTS_FD, FoundPrograms, IoUring, Launch, Network, WorkTree};
use crate::tracer::{TraceConfig, Tracer};
use libc::sock_filter;
use std::fs::File;
use std::io;

/// After this number the target's processes are numbered.
const LAST_PID: i32 = 100;

/// Names the socket of `sd_notify` to a target that is waited for there.
const NOTIFY_VARIABLE: &str = "NOTIFY_SOCKET";

/// What lasts from run to run.
pub(crate) struct Session {
    setup: Setup,
    run_lock: File,
    programs: FoundPrograms,
    pub(crate) tree: WorkTree,
    poller: Poller,
    /// It has namespaces.
    private: bool,
    /// Addresses are the same in every run.
    fixed_addresses: bool,
}

/// How an error of the harness itself is reported: what was being done, and why it failed.
fn harness(what: &'static str) -> impl FnOnce(io::Error) -> SupervisorError {
    move |error| SupervisorError::Harness(format!("{what}: {error}"))
}

impl Session {
    pub(crate) fn new(
        setup: Setup,
        run_lock: File,
        tree: WorkTree,
        poller: Poller,
        private: bool,
        fixed_addresses: bool,
    ) -> Session {
        Session {
            setup,
            run_lock,
            programs: FoundPrograms::default(),
            tree,
            poller,
            private,
            fixed_addresses,
        }
    }

    /// Its number among the supervisors.
    pub(crate) fn place(&self) -> usize {
        self.setup.place
    }

    /// Runs once. `None` when the command that wanted it is gone.
    pub(crate) fn run(&mut self, request: &RunRequest) -> Result<Option<Run>, SupervisorError> {
        if request.fresh {
            self.tree.reset()?;
        }
        if self.private && self.setup.target.network == Network::Private {
            network::own_network().map_err(harness("a network of its own"))?;
        }
        let launch = self.launch(request)?;
        let cursor = ScheduleCursor::new(&request.steps).map_err(SupervisorError::Harness)?;
        // A command of the harness's own may do as it likes.
        let refuse_io_uring =
            request.command.is_none() && self.setup.target.io_uring == IoUring::Refuse;
        let config =
            trace_config(request).map(|config| config.and_refuse_io_uring(refuse_io_uring));
        let mut streams = self.streams(request)?;
        let mut failpoints = self.failpoints(request)?;
        let script = self.script(request)?;
        if self.private {
            // The leader of a terminal's session comes before the target.
            let before = i32::from(matches!(streams.stdio(), Stdio::Terminal(_)));
            // Not allowed everywhere; numbers then differ from run to run, which is learned.
            let _ = mounts::set_last_pid(LAST_PID - before);
        }
        let lock = || RunGuard::take(&self.run_lock).map_err(harness("waiting for the run lock"));
        // Who does not stop at the gate runs at once.
        let mut guard = match config {
            None => Some(lock()?),
            Some(_) => None,
        };
        let theirs = failpoints.as_ref().and_then(Failpoints::theirs);
        let mut started = spawn::start(Program {
            path: launch.path,
            argv: launch.argv,
            env: launch.env,
            directory: launch.directory,
            stdio: streams.stdio(),
            extra: theirs.map(|theirs| (theirs, FAILPOINTS_FD)),
            filter: filter(config.as_ref(), refuse_io_uring),
            ignored: self.ignored(request),
            gated: config.is_some(),
        })
        .map_err(harness("fork"))?;
        streams.started();
        if let Some(failpoints) = &mut failpoints {
            failpoints.started(&self.poller).map_err(harness("epoll"))?;
        }
        let leader = started.take_leader();
        let mut tracer = None;
        if let Some(config) = config {
            started = attach(started)?;
            guard = Some(lock()?);
            started
                .open_gate()
                .map_err(harness("letting the target go"))?;
            let paths = self.tree.places.clone();
            tracer = Some(Tracer::new(
                started.pid,
                config,
                paths,
                self.fixed_addresses,
            ));
        }
        let mut run = ActiveRun::new(
            request,
            &mut self.tree,
            &mut self.poller,
            streams,
            ProcessWatch::new(started, tracer, leader),
            cursor,
            failpoints,
        )
        .map_err(harness("epoll"))?
        .with_script(script);
        match run.follow() {
            Ok(true) => {
                // Nobody is left; what remains is reading.
                drop(guard);
                run.finish().map(Some)
            }
            Ok(false) => {
                run.abandon();
                Ok(None)
            }
            Err(RunError::Exec(failure)) => Err(SupervisorError::Command(failure)),
            Err(RunError::Io(error)) => {
                run.abandon();
                Err(harness("watching the target")(error))
            }
        }
    }

    fn launch(&mut self, request: &RunRequest) -> Result<Launch, SupervisorError> {
        let own = self.setup.target.command.clone();
        let mut launch = self.launch_of(request.command.as_ref().unwrap_or(&own))?;
        let script = self.setup.target.script.as_ref();
        if script.is_some_and(|script| script.ready == Some(Ready::Notify)) {
            launch.set(
                NOTIFY_VARIABLE,
                &format!("@{}", script::notify_name(self.has_network())),
            );
        }
        Ok(launch)
    }

    fn launch_of(&mut self, command: &[String]) -> Result<Launch, SupervisorError> {
        Launch::new(
            &self.setup.target,
            command,
            &self.tree.places,
            &self.setup.around,
            &mut self.programs,
        )
        .map_err(|error| SupervisorError::Command(error.to_string()))
    }

    /// A command of the harness's own has pipes, and nothing to read.
    fn streams(&self, request: &RunRequest) -> Result<Streams, SupervisorError> {
        let target = &self.setup.target;
        let own = request.command.is_some();
        match target.pty {
            Some(size) if !own => Streams::terminal(size).map_err(harness("opening a pty")),
            _ => Streams::pipes(target.stdin.as_deref().filter(|_| !own))
                .map_err(|error| SupervisorError::Input(format!("standard input: {error}"))),
        }
    }

    fn failpoints(&self, request: &RunRequest) -> Result<Option<Failpoints>, SupervisorError> {
        if !self.setup.target.failpoints || request.command.is_some() {
            return Ok(None);
        }
        let failpoints = Failpoints::new().map_err(harness("a socket for failpoints"))?;
        Ok(Some(failpoints))
    }

    /// The script of the target, in a run of the target itself.
    fn script(&mut self, request: &RunRequest) -> Result<Option<ScriptRun>, SupervisorError> {
        let Some(script) = self.setup.target.script.clone() else {
            return Ok(None);
        };
        if request.command.is_some() {
            return Ok(None);
        }
        let mut launches = Vec::new();
        for client in &script.clients {
            launches.push(match &client.kind {
                ClientKind::Command(words) => Some(self.launch_of(words)?),
                ClientKind::BuiltIn(_) => None,
            });
        }
        let setup = script::Setup {
            launches,
            is_private: self.has_network(),
            terminal: self.setup.target.pty,
            script,
        };
        let script = ScriptRun::new(setup).map_err(harness("preparing the script"))?;
        Ok(Some(script))
    }

    /// Whether runs have a network of their own.
    fn has_network(&self) -> bool {
        self.private && self.setup.target.network == Network::Private
    }

    /// The signals that the program is started with ignored. A command of the harness's own gets none of them.
    fn ignored(&self, request: &RunRequest) -> Vec<Signal> {
        match request.command {
            Some(_) => Vec::new(),
            None => {
                let ignored = self.setup.target.ignored.iter();
                ignored.copied().map(Signal::new).collect()
            }
        }
    }
}

/// What stops a run. One that is not traced has io_uring refused by the kernel, so that all runs are alike.
fn filter(config: Option<&TraceConfig>, refuse_io_uring: bool) -> Vec<sock_filter> {
    let untraced = || {
        let config = TraceConfig::lifecycle();
        config.and_refuse_io_uring(refuse_io_uring)
    };
    let untraced = config.is_none().then(untraced);
    config
        .or(untraced.as_ref())
        .map_or_else(Vec::new, |config| {
            seccomp::program(&config.chosen, config.besides())
        })
}

/// Attaches to a child that waits at its gate.
fn attach(started: Started) -> Result<Started, SupervisorError> {
    let Err(error) = ptrace::seize(started.pid) else {
        return Ok(started);
    };
    let _ = Recipient::Process(started.pid).send(Signal::KILL);
    let _ = wait::until_ended(started.pid);
    if let Ok(Err(failure)) = started.executed() {
        let why = io::Error::from_raw_os_error(failure.errno);
        let text = format!("preparing the target (step {:?}): {why}", failure.step);
        return Err(SupervisorError::Harness(text));
    }
    Err(SupervisorError::Trace(format!(
        "the kernel does not allow tracing the target (ptrace: {error}); in a container allow it with \
         --cap-add SYS_PTRACE; sigproof doctor shows what is missing"
    )))
}
