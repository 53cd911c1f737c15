//! Stops of a thread to which a signal is delivered, and of one that makes single steps.

use super::next::Next;
use super::syscalls;
use super::thread::activity::{Activity, HandlerEntry};
use super::thread::livelock;
use super::thread::single_step::StepResult;
use super::trace_event::TraceEvent;
use super::tracer::Tracer;
use crate::facts::Signal;
use crate::sys::arch;
use crate::sys::arch::{RESTARTED, Stride};
use crate::sys::ids::{Pid, Tid};
use crate::sys::proc;
use crate::sys::proc::SignalSets;
use crate::sys::ptrace;
use crate::sys::ptrace::{Origin, Resume};
use std::io;

impl Tracer {
    /// A SIGTRAP: the thread made a step that was asked for, or the signal is somebody's.
    pub(super) fn trapped(&mut self, tid: Tid, events: &mut Vec<TraceEvent>) -> io::Result<Next> {
        let Some(thread) = self.processes.thread_mut(tid) else {
            return self.deliver(tid, Signal::TRAP, events);
        };
        if let Some(entry) = thread.activity.handler_entered() {
            let stack = arch::stack_pointer(tid)?;
            thread.handlers.enter(entry, stack, self.now_ns);
            return Ok(Next::resume(thread.resume()));
        }
        let Activity::Stepping(steps) = &mut thread.activity else {
            return self.deliver(tid, Signal::TRAP, events);
        };
        steps.end_stride(tid)?;
        match steps.count(|| arch::is_at_call(tid))? {
            StepResult::GoOn => self.step(tid),
            StepResult::Arrived => {
                events.push(TraceEvent::Reached {
                    tid,
                    hold: steps.hold,
                    call: syscalls::name(steps.number).into_owned(),
                });
                thread.activity.hold(None);
                Ok(Next::Hold)
            }
            StepResult::NextCall => {
                let instructions = steps.taken;
                events.push(TraceEvent::SteppedThrough { instructions });
                thread.activity = Activity::Running;
                Ok(Next::resume(thread.resume()))
            }
        }
    }

    /// A thread that is being stepped goes on.
    pub(super) fn step(&mut self, tid: Tid) -> io::Result<Next> {
        let stride = arch::begin_stride(tid)?;
        let Some(thread) = self.processes.thread_mut(tid) else {
            return Ok(Next::resume(Resume::Run));
        };
        let Activity::Stepping(steps) = &mut thread.activity else {
            return Ok(Next::resume(thread.resume()));
        };
        match stride {
            Stride::One => Ok(Next::resume(Resume::Step)),
            Stride::Over => {
                steps.is_over = true;
                Ok(Next::resume(Resume::Run))
            }
            Stride::Impossible => {
                // The point is not reached, and the window has no length: both are said.
                thread.activity = Activity::Running;
                Ok(Next::resume(thread.resume()))
            }
        }
    }

    pub(super) fn deliver(
        &mut self,
        tid: Tid,
        signal: Signal,
        events: &mut Vec<TraceEvent>,
    ) -> io::Result<Next> {
        let pid = self.processes.process_of(tid);
        let Origin { own_fault, sender } = ptrace::origin(tid);
        if let Some(thread) = self.processes.thread_mut(tid)
            && let Activity::Stepping(steps) = &mut thread.activity
        {
            steps.end_stride(tid)?;
        }
        self.expect_restart(tid);
        let thread = self.processes.thread(tid);
        events.push(TraceEvent::Delivered {
            pid,
            tid,
            thread: thread.map(|thread| thread.name.clone()).unwrap_or_default(),
            signal,
            own_fault,
        });
        self.look_for_livelock(tid, signal, sender, events);
        let is_traced = self.is_handler_traced(pid, signal);
        let Some(thread) = self.processes.thread_mut(tid) else {
            return Ok(Next::deliver(Resume::Run, signal));
        };
        if is_traced && !thread.livelock.is_known() {
            let interrupted = arch::interrupted_call(tid)?;
            let interrupted = interrupted.map_or_else(String::new, |number| {
                syscalls::name(number as u32).into_owned()
            });
            let entry = HandlerEntry {
                signal,
                interrupted,
            };
            thread.activity.enter_handler(entry);
        }
        Ok(Next::deliver(thread.resume(), signal))
    }

    /// Whether the delivery of this signal leads into a handler that is traced.
    ///
    /// A program in Go or for Node.js has none: the runtime handles every signal, and the program hears of it
    /// elsewhere, in a goroutine or from the event loop. To stop the runtime's handler at each call does harm. A signal
    /// that nobody has asked for ends the program, by a handler that raises it again; meanwhile the other threads go
    /// on, for milliseconds instead of microseconds: they may ask for that signal, or make what the program was to
    /// clean up.
    fn is_handler_traced(&self, pid: Pid, signal: Signal) -> bool {
        self.handlers.contains(&signal)
            && proc::signal_sets(pid).is_some_and(|sets| SignalSets::has(sets.caught, signal))
            && !self.processes.has_handlers_of_a_runtime(pid)
    }

    /// At the delivery of a signal: notes that the kernel makes the call again which the signal came in. Which time a
    /// program forks is then the same whether or not a signal came in between.
    fn expect_restart(&mut self, tid: Tid) {
        let last = self
            .processes
            .thread(tid)
            .and_then(|thread| thread.last_call);
        let Ok(Some((number, ip))) = arch::restarted_call(tid, last) else {
            return;
        };
        let at = self.instruction(tid, number, ip);
        let point = self.recording.last_with_result(at, RESTARTED);
        if let Some(thread) = self.processes.thread_mut(tid) {
            thread.passes.expect_restart(at, point);
        }
    }

    fn look_for_livelock(
        &mut self,
        tid: Tid,
        signal: Signal,
        sender: Option<Pid>,
        events: &mut Vec<TraceEvent>,
    ) {
        let pid = self.processes.process_of(tid);
        let is_own = sender == Some(pid);
        let Some(thread) = self.processes.thread_mut(tid) else {
            return;
        };
        let place = thread.livelock.place(tid, is_own);
        let Some(times) = thread.livelock.count(signal, place) else {
            return;
        };
        if livelock::all_wait(self.processes.thread_ids().filter(|other| *other != tid)) {
            events.push(TraceEvent::Livelock { pid, signal, times });
        }
    }

    /// A thread is at its end, or executes another program: so are its handlers.
    pub(super) fn leave_handlers(&mut self, tid: Tid, events: &mut Vec<TraceEvent>) {
        let Some(thread) = self.processes.thread_mut(tid) else {
            return;
        };
        while let Some(frame) = thread.handlers.pop() {
            let fact = frame.into_fact(thread.pid, tid, &thread.name, self.now_ns, false);
            events.push(TraceEvent::HandlerReturned(fact));
        }
    }
}
