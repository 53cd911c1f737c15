//! Stops of a thread to which a signal is delivered, and of one that makes single steps.

use super::next::Next;
use super::syscalls;
use super::thread::activity::{Activity, HandlerEntry};
use super::thread::livelock;
use super::thread::single_step::StepResult;
use super::trace_event::TraceEvent;
use super::tracer::Tracer;
use crate::facts::Signal;
use crate::sys::ids::{Pid, Tid};
use crate::sys::proc;
use crate::sys::proc::SignalSets;
use crate::sys::ptrace;
use crate::sys::ptrace::{Origin, Resume};
use std::io;

/// What a call shows at its end that the kernel makes again whatever a signal does (ERESTARTNOINTR): `fork` and
/// `clone`, when one is pending.
const RESTARTED: i64 = -513;

impl Tracer {
    /// A SIGTRAP: the thread made a step that was asked for, or the signal is somebody's.
    pub(super) fn trapped(&mut self, tid: Tid, events: &mut Vec<TraceEvent>) -> io::Result<Next> {
        let Some(thread) = self.processes.thread_mut(tid) else {
            return self.deliver(tid, Signal::TRAP, events);
        };
        if let Some(entry) = thread.activity.handler_entered() {
            let stack = ptrace::stack_pointer(tid)?;
            thread.handlers.enter(entry, stack, self.now_ns);
            return Ok(Next::resume(thread.resume()));
        }
        let Activity::Stepping(steps) = &mut thread.activity else {
            return self.deliver(tid, Signal::TRAP, events);
        };
        match steps.count(|| ptrace::is_at_call(tid))? {
            StepResult::GoOn => Ok(Next::resume(Resume::Step)),
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

    pub(super) fn deliver(
        &mut self,
        tid: Tid,
        signal: Signal,
        events: &mut Vec<TraceEvent>,
    ) -> io::Result<Next> {
        let pid = self.processes.process_of(tid);
        let Origin { own_fault, sender } = ptrace::origin(tid);
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
            let interrupted = ptrace::interrupted_call(tid)?.map_or_else(String::new, |number| {
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
    /// A program in Go has none: its runtime handles every signal, and the program hears of it in a goroutine. To stop
    /// the runtime's handler at each call does harm. A signal that nobody has asked for ends the program, by a handler
    /// that raises it again; meanwhile the other threads go on, for milliseconds instead of microseconds, and may ask
    /// for that signal.
    fn is_handler_traced(&self, pid: Pid, signal: Signal) -> bool {
        cfg!(target_arch = "x86_64")
            && self.handlers.contains(&signal)
            && proc::signal_sets(pid).is_some_and(|sets| SignalSets::has(sets.caught, signal))
            && !self.processes.is_go(pid)
    }

    /// At the delivery of a signal: notes that the kernel makes the call again which the signal came in. Which time a
    /// program forks is then the same whether or not a signal came in between.
    fn expect_restart(&mut self, tid: Tid) {
        let Ok(Some((number, ip))) = ptrace::call_with_result(tid, RESTARTED) else {
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
        let place = livelock::place_of_own_signal(tid, pid, sender);
        let thread = self.processes.thread_mut(tid);
        let Some(times) = thread.and_then(|thread| thread.livelock.count(signal, place)) else {
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
