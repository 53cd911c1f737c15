//! What happens to the target's processes: events of the run, and triggers of its schedule.

use super::clock::Stage;
use super::inject::Held;
use super::run_error::RunError;
use super::run_loop::ActiveRun;
use crate::facts::{CallArgument, CallLabel, EventKind, ExitStatus, Signal, Usage};
use crate::sys::ids::{Pid, Tid};
use crate::sys::proc;
use crate::tracer::{HoldReason, TraceEvent, class_of};
use std::io;

impl ActiveRun<'_> {
    pub(super) fn take(&mut self, event: TraceEvent) -> Result<(), RunError> {
        match event {
            TraceEvent::Started => {
                // The pipe says nothing new: the tracer has seen it.
                self.target.processes.has_executed();
                self.target.start();
                self.target.look_at_rights(self.target.processes.pid());
                self.injector.started(&mut self.target)?;
            }
            TraceEvent::Child { pid, parent } => {
                let (pid, parent) = (pid.number(), parent.number());
                self.target.push(EventKind::Child { pid, parent });
                self.injector.child(&mut self.target, pid)?;
            }
            TraceEvent::Exec { pid } => {
                self.target.look_at_rights(pid);
                let command = proc::command(pid);
                let pid = pid.number();
                self.target.push(EventKind::Exec { pid, command });
            }
            // The kernel sends it for each child that ends, which is an event already.
            TraceEvent::Delivered {
                signal: Signal::CHLD,
                ..
            } => {}
            TraceEvent::Delivered {
                pid,
                tid,
                thread,
                signal,
                own_fault,
            } => {
                let delivered = EventKind::Delivered {
                    pid: pid.number(),
                    tid: tid.number(),
                    thread,
                    signal: signal.number(),
                    own_fault,
                    times: 1,
                };
                let now = self.target.clock.now_ns();
                self.target.log.delivery(now, delivered);
                self.signal_taken(signal)?;
            }
            TraceEvent::Livelock { pid, signal, times } => self.livelock(pid, signal, times),
            TraceEvent::Handler { pid, signal } => {
                let installed = EventKind::Handler {
                    pid: pid.number(),
                    signal: signal.number(),
                };
                self.target.push(installed);
                self.injector.handler(&mut self.target, signal)?;
            }
            TraceEvent::HandlerReturned(fact) => {
                self.target.push(EventKind::HandlerReturned(fact));
            }
            TraceEvent::Effect { pid, call } => {
                self.injector.effect(&mut self.target)?;
                if changes_a_file(&call) {
                    let now = self.target.clock.now_ns();
                    self.target.log.file(now, pid.number(), call.to_string());
                }
            }
            TraceEvent::Reached { tid, hold, call } => self.reached(tid, hold, call)?,
            TraceEvent::SteppedThrough { instructions } => {
                self.target.processes.stepped_through(instructions);
            }
            TraceEvent::Ended { pid, status, usage } => self.ended(pid, status, usage)?,
        }
        Ok(())
    }

    fn reached(&mut self, tid: Tid, hold: HoldReason, call: String) -> Result<(), RunError> {
        // What was written so far comes before what is done here. A step that it brings is applied while its
        // writer stands still.
        self.read_all(match hold {
            HoldReason::Output => Held::AfterOutput(tid),
            HoldReason::Awaited(_) | HoldReason::Scope(_) => Held::Nobody,
        })?;
        let now = self.target.clock.now_ns();
        if self.script.hold_until_rest(now, tid, hold, &call) {
            return Ok(());
        }
        self.held_at(tid, hold, call)
    }

    /// Does what the schedule wants while a thread is held, and lets it go on.
    pub(super) fn held_at(
        &mut self,
        tid: Tid,
        hold: HoldReason,
        call: String,
    ) -> Result<(), RunError> {
        match hold {
            HoldReason::Output => {}
            HoldReason::Awaited(breakpoint) => {
                self.injector
                    .breakpoint(&mut self.target, breakpoint, tid)?;
            }
            HoldReason::Scope(scope) => {
                self.injector.scope(&mut self.target, scope, tid, call)?;
            }
        }
        Ok(self.injector.release(&mut self.target, tid)?)
    }

    /// It only sends itself a signal. That is as good as its deadline, unless the schedule has more for it.
    fn livelock(&mut self, pid: Pid, signal: Signal, times: u32) {
        let is_running = matches!(self.target.clock.stage(), Stage::Starting | Stage::Running);
        if is_running && self.injector.is_finished() {
            self.target.processes.note_stuck();
            self.target.end_by_force(EventKind::Spins {
                pid: pid.number(),
                signal: signal.number(),
                times,
            });
        }
    }

    fn ended(&mut self, pid: Pid, status: ExitStatus, usage: Usage) -> Result<(), RunError> {
        if pid != self.target.processes.pid() {
            let exited = EventKind::ChildExited {
                pid: pid.number(),
                status,
            };
            self.target.push(exited);
            if self.target.clock.ended_ns().is_none() {
                let now = self.target.clock.now_ns();
                self.target.processes.watch_exit(pid, now);
            }
            return Ok(());
        }
        if !self.target.clock.has_started() {
            self.target.processes.await_execution()?;
            return Err(io::Error::other(format!(
                "the target ended before its program ran: {status}"
            ))
            .into());
        }
        // What it wrote before its end comes before its end.
        self.read_all(Held::Nobody)?;
        let now = self.target.clock.now_ns();
        self.target.processes.target_ended(now);
        let was_killed = self.target.clock.stage() == Stage::Killed;
        self.target.clock.end();
        let status = (!was_killed).then_some(status);
        self.target.processes.end(status, usage);
        if let Some(status) = status {
            self.target.push(EventKind::Exited { status });
        }
        Ok(())
    }
}

/// Whether a call changes a file. What is written to a standard stream is seen as output.
fn changes_a_file(call: &CallLabel) -> bool {
    let streams = ["stdin", "stdout", "stderr"];
    let of_a_stream = call.name == "write"
        && matches!(&call.argument, CallArgument::One(what) if streams.contains(&what.as_str()));
    !of_a_stream && class_of(&call.name).is_some_and(|class| class.changes)
}
