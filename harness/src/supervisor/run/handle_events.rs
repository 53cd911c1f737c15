//! What happens to the target's processes, as events.

use super::run_loop::{ActiveRun, RunError};
use crate::facts::{CallArgument, CallLabel, EventKind, ExitStatus, Signal, Usage};
use crate::sys::ids::Pid;
use crate::sys::proc;
use crate::sys::wait;
use crate::sys::wait::{WaitEvent, WaitResult};
use crate::tracer::{HoldReason, TraceEvent};
use std::io;

impl ActiveRun<'_> {
    /// Takes everything that happened to children and tracees.
    pub(crate) fn reap(&mut self) -> Result<(), RunError> {
        let mut seen = Vec::new();
        loop {
            let (tid, waited) = match wait::any()? {
                WaitResult::Nothing => return Ok(()),
                WaitResult::NoChildren => {
                    self.alone = true;
                    if self.ended_ns.is_none() {
                        self.ended_ns = Some(self.now_ns());
                    }
                    return Ok(());
                }
                WaitResult::Event(tid, waited) => (tid, waited),
            };
            if self.order.trace.records() {
                // What a call wrote is seen before the next call is: points and output are in order.
                self.read_all()?;
            }
            let now = self.now_ns();
            match &mut self.tracer {
                Some(tracer) => tracer.handle(tid, waited, now, &mut seen)?,
                None => {
                    if let WaitEvent::Ended(status, usage) = waited {
                        seen.push(TraceEvent::Ended {
                            pid: tid.as_main_of(),
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

    pub(crate) fn take(&mut self, seen: TraceEvent) -> Result<(), RunError> {
        match seen {
            TraceEvent::Started => {
                // The pipe tells nothing new: exec worked.
                if let Some(started) = self.started.take() {
                    started.has_left();
                }
                self.begin();
                self.look_at_rights(self.pid);
                // A file can be there from the start.
                if let Some(met) = self.already_met() {
                    self.inject_due(met, None)?;
                }
            }
            TraceEvent::Child { pid, parent } => {
                self.push(EventKind::Child {
                    pid: pid.number(),
                    parent: parent.number(),
                });
                self.cursor.child();
                if self.cursor.has_children() {
                    self.inject_due(format!("child {pid}"), None)?;
                }
            }
            TraceEvent::Exec { pid } => {
                self.look_at_rights(pid);
                let command = proc::command(pid);
                self.push(EventKind::Exec {
                    pid: pid.number(),
                    command,
                });
            }
            TraceEvent::Delivered {
                pid,
                tid,
                thread,
                signal,
                own_fault,
            } => {
                if signal != Signal::CHLD {
                    self.delivered(EventKind::Delivered {
                        pid: pid.number(),
                        tid: tid.number(),
                        thread,
                        signal: signal.number(),
                        own_fault,
                        times: 1,
                    });
                    self.signal_taken(signal)?;
                }
            }
            TraceEvent::Livelock { pid, signal, times } => self.spins(pid, signal, times),
            TraceEvent::Handler { pid, signal } => {
                self.push(EventKind::Handler {
                    pid: pid.number(),
                    signal: signal.number(),
                });
                if self.cursor.handler() == Some(signal) {
                    self.inject_due(format!("handler for {signal}"), None)?;
                }
            }
            TraceEvent::HandlerReturned(fact) => self.push(EventKind::HandlerReturned(fact)),
            TraceEvent::Effect { pid, call } => {
                if let Some(path) = self.cursor.glob().and_then(|glob| self.tree.find(glob)) {
                    self.inject_due(format!("file {path}"), None)?;
                }
                if !is_of_a_stream(&call) && call.name != "rt_sigaction" {
                    self.push(EventKind::File {
                        pid: pid.number(),
                        call: call.to_string(),
                    });
                }
            }
            TraceEvent::Reached { tid, hold, call } => {
                // What was written so far comes before what is done here. A step that it brings is applied while its
                // writer stands still.
                self.writer = (hold == HoldReason::Output).then_some(tid);
                let read = self.read_all();
                self.writer = None;
                read?;
                match hold {
                    HoldReason::Output => {}
                    HoldReason::Awaited(awaited) if self.cursor.is_at(awaited) => {
                        self.inject_due("its point".to_owned(), Some(tid))?;
                    }
                    HoldReason::Awaited(_) => {}
                    HoldReason::Scope(scope) => self.again(scope, tid, call)?,
                }
                self.release(tid)?;
            }
            TraceEvent::SteppedThrough { instructions } => self.stepped = Some(instructions),
            TraceEvent::Ended { pid, status, usage } => self.ended(pid, status, usage)?,
        }
        Ok(())
    }

    /// Says when a program does not get the rights that its file gives it: under a tracer without all rights itself, with
    /// a filter, or in a user namespace the kernel takes them away, and the program does something else.
    fn look_at_rights(&mut self, pid: Pid) {
        let Some(program) = proc::without_its_rights(pid) else {
            return;
        };
        let limit = format!(
            "{program} is set-uid, but runs without the rights of its owner: nobody but root can trace a program that has them"
        );
        if !self.limits.contains(&limit) {
            self.limits.push(limit);
        }
    }

    /// Takes a delivery. A program can send itself the same signal for ever, and
    /// its children likewise: those are counted in one event.
    fn delivered(&mut self, what: EventKind) {
        const NEAR: usize = 16;
        let EventKind::Delivered { tid, signal, .. } = &what else {
            return;
        };
        let mut near = self.events.iter_mut().rev().take(NEAR);
        let same = near.find_map(|event| match &mut event.what {
            EventKind::Delivered {
                tid: last,
                signal: same,
                times,
                ..
            } if (&*last, &*same) == (tid, signal) => Some(times),
            _ => None,
        });
        match same {
            Some(times) => *times = times.saturating_add(1),
            None => self.push(what),
        }
    }

    pub(crate) fn ended(
        &mut self,
        pid: Pid,
        status: ExitStatus,
        usage: Usage,
    ) -> Result<(), RunError> {
        if pid != self.pid {
            self.push(EventKind::ChildExited {
                pid: pid.number(),
                status,
            });
            self.watch_exit(pid);
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
            self.push(EventKind::Exited { status });
        }
        Ok(())
    }
}

/// Whether a call writes to a standard stream: that is seen as output.
fn is_of_a_stream(call: &CallLabel) -> bool {
    let streams = ["stdin", "stdout", "stderr"];
    call.name == "write"
        && matches!(&call.argument, CallArgument::One(what) if streams.contains(&what.as_str()))
}
