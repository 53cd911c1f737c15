//! One run after another: start the target, watch it, apply the schedule, and
//! leave nothing alive.

use super::observe;
use super::order::{Refusal, RunOrder, Setup, Trace};
use super::stepper::Stepper;
use super::streams::Streams;
use crate::facts::{Event, ExitStatus, Orphan, Run, Stream, Stuck, Usage, What};
use crate::inject::{Delivery, Fault, typed};
use crate::sys::poller::{Poller, Ready};
use crate::sys::proc::{self, SignalSets};
use crate::sys::spawn::{self, Program, Started};
use crate::sys::wait::{self, Next, Waited};
use crate::sys::{mounts, ptrace, seccomp};
use crate::target::{Launch, WorkTree};
use crate::tracer::{Seen, Tracer};
use std::io;
use std::time::{Duration, Instant};

/// The control socket's number in the poller.
pub(super) const CONTROL: u64 = 1000;
/// Events kept of one run; what comes after is counted by nobody.
const MOST_EVENTS: usize = 50_000;
/// After this number the target's processes are numbered.
const LAST_PID: i32 = 100;
/// How often what must die is killed again: a fork can slip past a kill.
const KILL_AGAIN_MS: u64 = 20;
/// When everything was killed this long ago, something is wrong with the kernel or with us.
const KILL_LIMIT_MS: u64 = 10_000;

/// What lasts from run to run.
pub(super) struct Session {
    setup: Setup,
    pub(super) tree: WorkTree,
    poller: Poller,
    private: bool,
}

impl Session {
    pub(super) fn new(setup: Setup, tree: WorkTree, poller: Poller, private: bool) -> Session {
        Session {
            setup,
            tree,
            poller,
            private,
        }
    }

    /// Runs once. `None` when the command that wanted it is gone.
    pub(super) fn run(&mut self, order: &RunOrder) -> Result<Option<Run>, Refusal> {
        let harness = |what: &'static str| {
            move |error: io::Error| Refusal::Harness(format!("{what}: {error}"))
        };
        if order.fresh {
            self.tree
                .reset()
                .map_err(|error| Refusal::Harness(error.to_string()))?;
        }
        let target = &self.setup.target;
        let command = order.command.as_ref().unwrap_or(&target.command);
        let launch = Launch::new(target, command, &self.tree.places, &self.setup.around)
            .map_err(|error| Refusal::Command(error.to_string()))?;
        let stepper = Stepper::new(&order.steps).map_err(Refusal::Harness)?;
        let watch = observe::watch(order);
        let mut streams = match target.pty {
            Some(size) if order.command.is_none() => {
                Streams::terminal(size).map_err(harness("opening a pty"))?
            }
            _ => Streams::pipes(target.stdin.as_deref().filter(|_| order.command.is_none()))
                .map_err(|error| Refusal::Input(format!("standard input: {error}")))?,
        };
        if self.private {
            // Not allowed everywhere; numbers then differ from run to run, which is learned.
            let _ = mounts::set_last_pid(LAST_PID);
        }
        let filter = match &watch {
            Some(watch) if !watch.needs_no_filter() => seccomp::program(&watch.chosen),
            _ => Vec::new(),
        };
        let mut started = spawn::start(&Program {
            path: &launch.path,
            argv: &launch.argv,
            env: &launch.env,
            directory: &launch.directory,
            stdio: streams.stdio(),
            filter: &filter,
            gated: watch.is_some(),
        })
        .map_err(harness("fork"))?;
        streams.started();
        let pid = started.pid;
        if watch.is_some() {
            if let Err(error) = ptrace::seize(pid) {
                let _ = spawn::kill(pid, libc::SIGKILL);
                let _ = wait::until_ended(pid);
                return Err(Refusal::Trace(format!(
                    "the kernel does not allow tracing the target (ptrace: {error}); \
                     sigproof doctor tells what is missing"
                )));
            }
            started.open_gate();
        }
        let tracer = watch.map(|watch| Tracer::new(pid, watch, self.tree.places.clone()));
        let mut live = Live {
            order,
            tree: &mut self.tree,
            poller: &mut self.poller,
            streams,
            stepper,
            tracer,
            started: Some(started),
            pid,
            born: Instant::now(),
            running: false,
            events: Vec::new(),
            status: None,
            ended_ns: None,
            killed_ns: None,
            deadline_passed: false,
            usage: Usage::default(),
            orphans: Vec::new(),
            stuck: Vec::new(),
            limits: Vec::new(),
            alone: false,
        };
        live.watch_streams().map_err(harness("epoll"))?;
        match live.follow() {
            Ok(true) => live.finish().map(Some),
            Ok(false) => {
                live.abandon();
                Ok(None)
            }
            Err(Trouble::Exec(failure)) => Err(Refusal::Command(failure)),
            Err(Trouble::Io(error)) => {
                live.abandon();
                Err(Refusal::Harness(format!("watching the target: {error}")))
            }
        }
    }
}

/// What ends a run without facts.
enum Trouble {
    /// The program could not be executed.
    Exec(String),
    Io(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::Io(error)
    }
}

/// A run that is going on.
struct Live<'a> {
    order: &'a RunOrder,
    tree: &'a mut WorkTree,
    poller: &'a mut Poller,
    streams: Streams,
    stepper: Stepper,
    tracer: Option<Tracer>,
    started: Option<Started>,
    pid: i32,
    born: Instant,
    running: bool,
    events: Vec<Event>,
    status: Option<ExitStatus>,
    ended_ns: Option<u64>,
    killed_ns: Option<u64>,
    deadline_passed: bool,
    usage: Usage,
    orphans: Vec<Orphan>,
    stuck: Vec<Stuck>,
    limits: Vec<String>,
    /// No child and no tracee is left.
    alone: bool,
}

impl Live<'_> {
    fn now_ns(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn push(&mut self, what: What) {
        let at_ns = self.now_ns();
        if self.events.len() < MOST_EVENTS {
            self.events.push(Event { at_ns, what });
        } else if self.events.len() == MOST_EVENTS {
            self.limits
                .push(format!("only the first {MOST_EVENTS} events were kept"));
            self.events.push(Event { at_ns, what });
        }
    }

    fn watch_streams(&self) -> io::Result<()> {
        for (number, reader) in self.streams.readers.iter().enumerate() {
            self.poller.add(reader, number as u64)?;
        }
        Ok(())
    }

    /// Until nobody is left. False when the control socket closed.
    fn follow(&mut self) -> Result<bool, Trouble> {
        if self.tracer.is_none() {
            self.executed()?;
            self.begin();
        }
        let mut ready = Vec::new();
        let mut waking = None;
        loop {
            self.keep_time()?;
            if self.alone && self.ended_ns.is_some() {
                return Ok(true);
            }
            let next = self.next_wake_ns();
            if next != waking || next.is_some_and(|at| at <= self.now_ns()) {
                let after = next.map(|at| Duration::from_nanos(at.saturating_sub(self.now_ns())));
                self.poller.wake_in(after)?;
                waking = next;
            }
            self.poller.wait(&mut ready)?;
            for event in &ready {
                match *event {
                    Ready::Descriptor(CONTROL) => return Ok(false),
                    Ready::Descriptor(number) => self.read(number as usize)?,
                    Ready::Children => self.reap()?,
                    Ready::Time => waking = None,
                }
            }
        }
    }

    /// The program runs now; time counts from here.
    fn begin(&mut self) {
        self.born = Instant::now();
        self.running = true;
        self.push(What::Started { pid: self.pid });
    }

    /// Asks the child whether exec worked.
    fn executed(&mut self) -> Result<(), Trouble> {
        let Some(started) = self.started.take() else {
            return Ok(());
        };
        match started.executed()? {
            Ok(()) => Ok(()),
            Err(failure) => {
                let _ = wait::until_ended(self.pid);
                let error = io::Error::from_raw_os_error(failure.errno);
                let hint = if failure.errno == libc::ENOEXEC {
                    "; a script needs a first line such as #!/bin/sh"
                } else {
                    ""
                };
                Err(Trouble::Exec(format!(
                    "the program cannot be started (step {:?}): {error}{hint}",
                    failure.step
                )))
            }
        }
    }

    /// The last moment for the target to end by itself.
    fn deadline_ns(&self) -> u64 {
        let before = self.order.before_ms * 1_000_000;
        let Some(last) = self.stepper.fired_ns.iter().flatten().max() else {
            return before;
        };
        let after = last.max(&self.stepper.due_ns().unwrap_or(0)) + self.order.after_ms * 1_000_000;
        match self.stepper.current() {
            // A step that waits for a fact may have to wait as long as the first.
            Some(_) => after.max(before),
            None => after,
        }
    }

    fn next_wake_ns(&self) -> Option<u64> {
        if let Some(killed) = self.killed_ns {
            let now = self.now_ns();
            let rounds = (now - killed) / (KILL_AGAIN_MS * 1_000_000) + 1;
            return Some(killed + rounds * KILL_AGAIN_MS * 1_000_000);
        }
        if let Some(ended) = self.ended_ns {
            return Some(ended + self.order.grace_ms * 1_000_000);
        }
        if !self.running {
            return Some(self.deadline_ns());
        }
        let deadline = self.deadline_ns();
        Some(
            self.stepper
                .due_ns()
                .map_or(deadline, |due| due.min(deadline)),
        )
    }

    /// Does what has come due.
    fn keep_time(&mut self) -> Result<(), Trouble> {
        let now = self.now_ns();
        if let Some(killed) = self.killed_ns {
            if now - killed > KILL_LIMIT_MS * 1_000_000 {
                return Err(io::Error::other(format!(
                    "processes survive SIGKILL: {:?}",
                    proc::descendants()
                        .iter()
                        .map(|stat| stat.pid)
                        .collect::<Vec<_>>()
                ))
                .into());
            }
            self.kill_everybody();
            return Ok(());
        }
        if let Some(ended) = self.ended_ns {
            if !self.alone && now >= ended + self.order.grace_ms * 1_000_000 {
                self.orphans = proc::descendants()
                    .iter()
                    .map(|stat| Orphan {
                        pid: stat.pid,
                        command: proc::command(stat.pid),
                        group: stat.group,
                        session: stat.session,
                    })
                    .collect();
                self.killed_ns = Some(now);
                self.kill_everybody();
            }
            return Ok(());
        }
        if self.running && self.stepper.due_ns().is_some_and(|due| due <= now) {
            let met = "its time".to_owned();
            self.apply(met, None)?;
        }
        if now >= self.deadline_ns() && self.ended_ns.is_none() {
            let limit_ms = if self.stepper.any_fired() {
                self.order.after_ms
            } else {
                self.order.before_ms
            };
            self.push(What::Deadline { limit_ms });
            self.deadline_passed = true;
            self.stuck = proc::descendants()
                .iter()
                .map(|stat| Stuck {
                    pid: stat.pid,
                    command: proc::command(stat.pid),
                    state: stat.state,
                    call: proc::waiting_in(stat.pid),
                    cpu_ms: stat.cpu_ms,
                })
                .collect();
            self.killed_ns = Some(now);
            self.kill_everybody();
        }
        Ok(())
    }

    fn kill_everybody(&self) {
        for stat in proc::descendants() {
            // Refused for nobody below us; one that is gone is what we want.
            let _ = spawn::kill(stat.pid, libc::SIGKILL);
        }
    }

    /// Reads what a stream has, at most a few buffers at a time.
    fn read(&mut self, number: usize) -> Result<(), Trouble> {
        const ROUNDS: usize = 16;
        let mut buffer = [0u8; 16 * 1024];
        for _ in 0..ROUNDS {
            let reader = &mut self.streams.readers[number];
            let count = reader.read(&mut buffer)?;
            if count == 0 {
                if !reader.open {
                    self.poller.remove(&self.streams.readers[number])?;
                }
                break;
            }
            let bytes = &buffer[..count];
            let stream = reader.stream;
            let kept = reader.capture.push(bytes);
            self.output(stream, bytes, kept);
            if let Some(met) = self.stepper.output(bytes) {
                self.apply(met, None)?;
            }
        }
        Ok(())
    }

    fn read_all(&mut self) -> Result<(), Trouble> {
        for number in 0..self.streams.readers.len() {
            if self.streams.readers[number].open {
                self.read(number)?;
            }
        }
        Ok(())
    }

    fn output(&mut self, stream: Stream, bytes: &[u8], kept: bool) {
        if !kept {
            if !self
                .events
                .iter()
                .rev()
                .any(|event| event.what == What::Flooded { stream })
            {
                self.push(What::Flooded { stream });
            }
            return;
        }
        let now = self.now_ns();
        // Many small writes in a row are one event.
        if let Some(Event {
            at_ns,
            what:
                What::Output {
                    stream: last,
                    bytes: before,
                },
        }) = self.events.last_mut()
            && *last == stream
            && now - *at_ns < 1_000_000
            && before.len() + bytes.len() <= 8192
        {
            before.extend_from_slice(bytes);
            return;
        }
        self.push(What::Output {
            stream,
            bytes: bytes.to_vec(),
        });
    }

    /// Takes everything that happened to children and tracees.
    fn reap(&mut self) -> Result<(), Trouble> {
        let mut seen = Vec::new();
        loop {
            let (tid, waited) = match wait::any()? {
                Next::None => return Ok(()),
                Next::Nobody => {
                    self.alone = true;
                    if self.ended_ns.is_none() {
                        self.ended_ns = Some(self.now_ns());
                    }
                    return Ok(());
                }
                Next::Some(tid, waited) => (tid, waited),
            };
            if matches!(self.order.trace, Trace::Record | Trace::RecordAll) {
                // What a call wrote is seen before the next call is: points and output are in order.
                self.read_all()?;
            }
            let now = self.now_ns();
            match &mut self.tracer {
                Some(tracer) => tracer.handle(tid, waited, now, &mut seen)?,
                None => {
                    if let Waited::Ended(status, usage) = waited {
                        seen.push(Seen::Ended {
                            pid: tid,
                            status,
                            usage,
                        });
                    }
                }
            }
            for seen in seen.drain(..) {
                self.take(seen)?;
            }
        }
    }

    fn take(&mut self, seen: Seen) -> Result<(), Trouble> {
        match seen {
            Seen::Started => {
                // The pipe tells nothing new: exec worked.
                self.started = None;
                self.begin();
            }
            Seen::Child { pid, parent } => {
                self.push(What::Child { pid, parent });
                self.stepper.child();
                if self.stepper.has_children() {
                    self.apply(format!("child {pid}"), None)?;
                }
            }
            Seen::Exec { pid } => {
                let command = proc::command(pid);
                self.push(What::Exec { pid, command });
            }
            Seen::Delivered {
                pid,
                tid,
                signal,
                own_fault,
            } => {
                if signal != libc::SIGCHLD {
                    self.delivered(pid, tid, signal, own_fault);
                }
            }
            Seen::Handler { pid, signal } => {
                self.push(What::Handler { pid, signal });
                if self.stepper.handler() == Some(signal) {
                    self.apply(
                        format!("handler for {}", crate::sys::signals::name(signal)),
                        None,
                    )?;
                }
            }
            Seen::Effect { pid, call } => {
                if let Some(path) = self.stepper.glob().and_then(|glob| self.tree.find(glob)) {
                    self.apply(format!("file {path}"), None)?;
                }
                if !call.starts_with("write(std") && !call.starts_with("rt_sigaction") {
                    self.push(What::File { pid, call });
                }
            }
            Seen::Reached { tid, awaited } => {
                if self.stepper.is_at(awaited) {
                    self.apply("its point".to_owned(), Some(tid))?;
                }
                if let Some(tracer) = &mut self.tracer {
                    tracer.release(tid)?;
                }
            }
            Seen::Ended { pid, status, usage } => self.ended(pid, status, usage)?,
        }
        Ok(())
    }

    fn delivered(&mut self, pid: i32, tid: i32, signal: i32, own_fault: bool) {
        // A program can send itself the same signal for ever.
        if let Some(Event {
            what:
                What::Delivered {
                    tid: last,
                    signal: same,
                    times,
                    ..
                },
            ..
        }) = self.events.last_mut()
            && (*last, *same) == (tid, signal)
        {
            *times = times.saturating_add(1);
            return;
        }
        self.push(What::Delivered {
            pid,
            tid,
            signal,
            own_fault,
            times: 1,
        });
    }

    fn ended(&mut self, pid: i32, status: ExitStatus, usage: Usage) -> Result<(), Trouble> {
        if pid != self.pid {
            self.push(What::ChildExited { pid, status });
            return Ok(());
        }
        if !self.running {
            self.executed()?;
            return Err(io::Error::other(format!(
                "the target ended before its program ran: {status}"
            ))
            .into());
        }
        // What it wrote before its end comes before its end.
        self.read_all()?;
        self.usage = usage;
        self.ended_ns = Some(self.now_ns());
        if !self.deadline_passed {
            self.status = Some(status);
            self.push(What::Exited { status });
        }
        Ok(())
    }

    /// Applies the current step, and those after it that are already due by
    /// what is known without waiting.
    fn apply(&mut self, met: String, held: Option<i32>) -> Result<(), Trouble> {
        let mut met = Some(met);
        while let Some(reason) = met.take() {
            let Some((index, step)) = self.stepper.current() else {
                return Ok(());
            };
            if self.ended_ns.is_some() {
                return Ok(());
            }
            let fault = step.fault.clone();
            let text = fault.to_string();
            self.push(What::Fault {
                step: index,
                fault: text,
                met: reason,
            });
            self.strike(&fault, held)?;
            self.stepper.fired(self.now_ns());
            met = self.already_met();
        }
        Ok(())
    }

    /// A state that the next step waits for and that is there already.
    fn already_met(&self) -> Option<String> {
        if let Some(signal) = self.stepper.handler() {
            let sets = proc::signal_sets(self.pid)?;
            return SignalSets::has(sets.caught, signal)
                .then(|| format!("handler for {}", crate::sys::signals::name(signal)));
        }
        if let Some(path) = self.stepper.glob().and_then(|glob| self.tree.find(glob)) {
            return Some(format!("file {path}"));
        }
        self.stepper.has_children().then(|| "a child".to_owned())
    }

    fn strike(&mut self, fault: &Fault, held: Option<i32>) -> Result<(), Trouble> {
        let Fault::Signal { signal, to } = *fault;
        match to {
            Delivery::Process => {
                spawn::kill(self.pid, signal)?;
            }
            Delivery::Group => {
                spawn::kill(-self.pid, signal)?;
            }
            Delivery::Terminal => {
                let character =
                    typed(signal).ok_or_else(|| io::Error::other("this signal cannot be typed"))?;
                let foreground = self.streams.type_character(character)?;
                if let (Some(held), Some(group)) = (held, foreground) {
                    self.await_typed(signal, held, group)?;
                }
            }
        }
        Ok(())
    }

    /// The terminal turns a character into a signal a moment after it was
    /// typed. A thread that is held at a point must not run on before that, or
    /// the signal would land somewhere else.
    fn await_typed(&self, signal: i32, held: i32, group: i32) -> io::Result<()> {
        const TRIES: usize = 50;
        let process = self
            .tracer
            .as_ref()
            .map_or(held, |tracer| tracer.process_of(held));
        if proc::stat(process).is_none_or(|stat| stat.group != group) {
            return Ok(());
        }
        for _ in 0..TRIES {
            let Some(sets) = proc::signal_sets(process) else {
                return Ok(());
            };
            if SignalSets::has(sets.pending | sets.ignored, signal) {
                return Ok(());
            }
            // The echo of the character comes with the signal.
            self.streams.echo_within_ms(1)?;
        }
        Ok(())
    }

    /// Kills whatever there is; nobody wants the facts.
    fn abandon(&mut self) {
        self.killed_ns = Some(self.now_ns());
        self.kill_everybody();
        while let Ok(Next::Some(..)) = wait::any() {
            self.kill_everybody();
        }
        for reader in &self.streams.readers {
            let _ = self.poller.remove(reader);
        }
    }

    /// Everybody is gone: the facts.
    fn finish(mut self) -> Result<Run, Refusal> {
        for number in 0..self.streams.readers.len() {
            // What an orphan wrote last.
            while self.streams.readers[number].open {
                let before = self.streams.readers[number].capture.total();
                if self.read(number).is_err()
                    || self.streams.readers[number].capture.total() == before
                {
                    break;
                }
            }
            if self.streams.readers[number].open {
                let _ = self.poller.remove(&self.streams.readers[number]);
            }
        }
        if self.tree.is_full() {
            self.limits.push(
                "the private file system of the work tree ran full (see --tree-limit)".to_owned(),
            );
        }
        let tree = self
            .tree
            .changes()
            .map_err(|error| Refusal::Harness(format!("reading the work tree: {error}")))?;
        let terminal = self.streams.terminal_fact();
        let mut captures = self
            .streams
            .readers
            .into_iter()
            .map(|reader| reader.capture.finish());
        let stdout = captures.next().unwrap_or_default();
        let stderr = captures.next().unwrap_or_default();
        for (name, capture) in [("standard output", &stdout), ("standard error", &stderr)] {
            if capture.truncated() {
                self.limits.push(format!(
                    "{name}: {} bytes, of which {} were not kept",
                    capture.total,
                    capture.dropped()
                ));
            }
        }
        Ok(Run {
            events: self.events,
            status: self.status,
            fired_ns: self.stepper.fired_ns,
            end_ns: self.ended_ns.unwrap_or_default(),
            orphans: self.orphans,
            stuck: self.stuck,
            tree,
            stdout,
            stderr,
            terminal,
            usage: self.usage,
            points: self.tracer.map(Tracer::into_points).unwrap_or_default(),
            limits: self.limits,
            rerun: None,
            check: None,
        })
    }
}
