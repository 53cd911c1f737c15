//! A run that is going on: the loop that waits for everything.

use super::clock::Stage;
use super::event_log::EventLog;
use super::failpoints::{FAILPOINTS, Failpoints};
use super::finish;
use super::inject::{Held, Injector, ScheduleCursor, Timer};
use super::live_target::{LiveTarget, READ_BYTES, READS_MAX};
use super::process_watch::ProcessWatch;
use super::run_error::RunError;
use super::script::{SCRIPT, ScriptControl, ScriptRun};
use super::streams::Streams;
use crate::facts::{EventKind, Run};
use crate::supervisor::protocol::{RunRequest, SupervisorError, Trace};
use crate::supervisor::run::clock::Clock;
use crate::sys::poller::{Poller, Ready};
use crate::sys::proc;
use crate::sys::wait;
use crate::sys::wait::WaitResult;
use crate::target::WorkTree;
use std::io;
use std::time::Duration;

/// The control socket's number in the poller.
pub(crate) const CONTROL: u64 = 1000;

/// Events of children that are taken at a time. Something can happen to one of many busy processes all the time, and
/// what has come due must not wait for a pause of theirs.
const REAPS_MAX: usize = 128;

/// A run that is going on.
pub(crate) struct ActiveRun<'a> {
    pub(super) target: LiveTarget<'a>,
    pub(super) injector: Injector,
    pub(super) failpoints: Option<Failpoints>,
    pub(super) script: ScriptControl,
    traced: bool,
    trace: Trace,
    contents: Vec<String>,
}

impl<'a> ActiveRun<'a> {
    pub(crate) fn new(
        request: &RunRequest,
        tree: &'a mut WorkTree,
        poller: &'a mut Poller,
        streams: Streams,
        processes: ProcessWatch,
        cursor: ScheduleCursor,
        failpoints: Option<Failpoints>,
    ) -> io::Result<ActiveRun<'a>> {
        streams.watch(poller)?;
        Ok(ActiveRun {
            traced: processes.tracer().is_some(),
            target: LiveTarget {
                clock: Clock::new(request),
                log: EventLog::new(!request.trace.records()),
                streams,
                processes,
                tree,
                poller,
            },
            injector: Injector::new(cursor),
            failpoints,
            script: ScriptControl::default(),
            trace: request.trace,
            contents: request.contents.clone(),
        })
    }

    /// The same with what happens around the target.
    pub(crate) fn with_script(mut self, script: Option<ScriptRun>) -> ActiveRun<'a> {
        self.script = ScriptControl::new(script);
        self
    }

    /// Follows the run until nobody is left. False when the control socket closed.
    pub(crate) fn follow(&mut self) -> Result<bool, RunError> {
        if !self.traced {
            self.target.processes.await_execution()?;
            self.target.start();
        }
        let mut ready = Vec::new();
        let mut waking = None;
        let mut more = false;
        loop {
            self.keep_time()?;
            self.go_on_with_script()?;
            if self.target.processes.is_alone() && self.target.clock.ended_ns().is_some() {
                self.script.look_last(&mut self.target)?;
                return Ok(true);
            }
            let next = self.next_wake_ns();
            let now = self.target.clock.now_ns();
            if next != waking || next.is_some_and(|at| at <= now) {
                let after = next.map(|at| Duration::from_nanos(at.saturating_sub(now)));
                self.target.poller.wake_in(after)?;
                waking = next;
            }
            self.target.poller.wait(&mut ready, more)?;
            more = false;
            for event in &ready {
                match *event {
                    Ready::Descriptor(CONTROL) => return Ok(false),
                    Ready::Descriptor(FAILPOINTS) => self.at_failpoints()?,
                    Ready::Descriptor(number) if number >= SCRIPT => {
                        self.script.event(number, &mut self.target)?;
                    }
                    Ready::Descriptor(number) => self.read(number as usize, Held::Nobody)?,
                    Ready::Children => more = self.reap()?,
                    Ready::Time => waking = None,
                }
            }
        }
    }

    /// Does what the script wants next, and what is to be done to a thread that was held until everybody waits.
    fn go_on_with_script(&mut self) -> Result<(), RunError> {
        while let Some(settled) = self.script.go_on(&mut self.target, &mut self.injector)? {
            self.read_all(Held::Nobody)?;
            self.script.note_progress(&self.injector);
            self.held_at(settled.tid, settled.hold, settled.call)?;
        }
        Ok(())
    }

    fn next_wake_ns(&self) -> Option<u64> {
        let timer = self.injector.next_timer_ns();
        let look = self.target.processes.next_look_ns();
        let script = self.script.next_wake_ns();
        let due = timer.into_iter().chain(look).chain(script);
        let progress = self.injector.progress();
        self.target.clock.next_wake_ns(progress, due)
    }

    /// Does what has come due.
    fn keep_time(&mut self) -> Result<(), RunError> {
        match self.target.clock.stage() {
            Stage::Killed => {
                if self.target.clock.is_kill_overdue() {
                    return Err(survivors().into());
                }
                self.target.processes.kill_all();
                Ok(())
            }
            Stage::Ended => {
                let over = self.target.clock.grace_over_ns();
                let is_over = over.is_some_and(|over| over <= self.target.clock.now_ns());
                if is_over && !self.target.processes.is_alone() {
                    self.script.has_left_processes(&self.target);
                    self.target.processes.kill_orphans();
                    self.target.clock.kill();
                }
                Ok(())
            }
            Stage::Starting | Stage::Running => {
                let now = self.target.clock.now_ns();
                self.target.processes.look_at_dead(now);
                self.run_timers()?;
                self.injector.time_passed(&mut self.target)?;
                self.keep_deadline();
                Ok(())
            }
        }
    }

    fn run_timers(&mut self) -> Result<(), RunError> {
        while let Some(timer) = self.injector.due_timer(self.target.clock.now_ns()) {
            match timer {
                Timer::Answer => self.answer_late()?,
                timer => self.injector.on_timer(&mut self.target, timer)?,
            }
        }
        Ok(())
    }

    fn keep_deadline(&mut self) {
        let progress = self.injector.progress();
        let clock = &self.target.clock;
        let is_running = matches!(clock.stage(), Stage::Starting | Stage::Running);
        if is_running && clock.now_ns() >= clock.deadline_ns(progress) {
            let limit_ms = clock.limit_ms(progress);
            if self.script.gets_more_time(&mut self.target, &self.injector) {
                return;
            }
            // First: a late client's connection can wake what waits for one.
            self.target.processes.note_stuck();
            self.script.time_is_over(&self.target);
            self.target.end_by_force(EventKind::Deadline { limit_ms });
        }
    }

    /// Takes what happened to children and tracees; whether there may be more.
    fn reap(&mut self) -> Result<bool, RunError> {
        let mut events = Vec::new();
        for _ in 0..REAPS_MAX {
            let (tid, event) = match wait::any()? {
                WaitResult::Nothing => return Ok(false),
                WaitResult::NoChildren => {
                    self.target.processes.note_alone();
                    if self.target.clock.ended_ns().is_none() {
                        self.target.clock.end();
                    }
                    return Ok(false);
                }
                WaitResult::Event(tid, event) => (tid, event),
            };
            if self.trace.records() {
                self.read_all(Held::Nobody)?;
            }
            if self.script.take_client(tid, &event, &mut self.target)? {
                continue;
            }
            let now = self.target.clock.now_ns();
            self.target.processes.handle(tid, event, now, &mut events)?;
            for event in events.drain(..) {
                self.take(event)?;
            }
        }
        Ok(true)
    }

    /// Reads what a stream has, a few buffers at most. Steps that wait for it are applied while its writer stands
    /// still, if it is `held`.
    fn read(&mut self, number: usize, held: Held) -> Result<(), RunError> {
        let mut buffer = [0u8; READ_BYTES];
        for _ in 0..READS_MAX {
            // A fault that came due by what was read may have closed it: then there is nothing.
            let bytes = self.target.read(number, &mut buffer)?;
            if bytes == 0 {
                break;
            }
            self.script.output(&buffer[..bytes]);
            self.injector
                .output(&mut self.target, &buffer[..bytes], held)?;
        }
        Ok(())
    }

    /// Reads what all streams have.
    pub(super) fn read_all(&mut self, held: Held) -> Result<(), RunError> {
        for number in 0..self.target.streams.count() {
            self.read(number, held)?;
        }
        Ok(())
    }

    /// Collects the facts, now that nobody is left.
    pub(crate) fn finish(mut self) -> Result<Run, SupervisorError> {
        self.close_failpoints();
        let service = self.script.finish(self.target.poller);
        finish::finish(
            self.target,
            self.injector,
            self.trace,
            service,
            &self.contents,
        )
    }

    /// Kills whatever there is, and waits until it is gone; nobody wants the facts.
    pub(crate) fn abandon(mut self) {
        self.target.processes.kill_all();
        // Each event is one end, or a stop on the way to it; a killed process
        // ends, so that this does, too.
        while let Ok(WaitResult::Event(..)) = wait::any_blocking() {
            self.target.processes.kill_all();
        }
        self.target.streams.unwatch(self.target.poller);
        self.close_failpoints();
    }
}

fn survivors() -> io::Error {
    let pids: Vec<i32> = proc::descendants()
        .iter()
        .map(|stat| stat.pid.number())
        .collect();
    io::Error::other(format!("processes survive SIGKILL: {pids:?}"))
}
