//! Stops of a thread at the beginning and at the end of a system call.

use super::next::Next;
use super::syscalls;
use super::syscalls::observed_syscall::ObservedSyscall;
use super::thread::activity::Activity;
use super::thread::passes::Pass;
use super::thread::pending_syscall::PendingSyscall;
use super::thread::single_step::SingleStep;
use super::trace_event::TraceEvent;
use super::tracer::Tracer;
use crate::facts::{CallArgument, CallLabel, Phase, Unfollowed};
use crate::sys::arch;
use crate::sys::arch::LastCall;
use crate::sys::ids::Tid;
use crate::sys::ptrace;
use crate::sys::ptrace::CallStop;
use crate::sys::seccomp::SyscallInstruction;
use std::io;

impl Tracer {
    /// A chosen call begins.
    pub(super) fn at_call(&mut self, tid: Tid, events: &mut Vec<TraceEvent>) -> io::Result<Next> {
        let CallStop::Entry {
            number,
            args,
            ip,
            audit,
        } = ptrace::call_stop(tid)?
        else {
            return Ok(self.go_on(tid));
        };
        self.note_call(tid, number, args, ip);
        if audit != arch::AUDIT {
            // The numbers mean other calls.
            self.recording
                .note_unfollowed(Unfollowed::OtherArchitecture);
            return Ok(self.go_on(tid));
        }
        if self.refuse_io_uring && number == libc::SYS_io_uring_setup as u64 {
            arch::skip_call_with(tid, -i64::from(libc::ENOSYS))?;
            self.recording.note_unfollowed(Unfollowed::IoUringRefused);
            return Ok(self.go_on(tid));
        }
        let at = self.instruction(tid, number, ip);
        let thread = self.processes.thread_mut(tid);
        let Some(thread) = thread.filter(|_| self.started) else {
            return Ok(self.go_on(tid));
        };
        let (restarted_point, is_restarted) = match thread.passes.come_by(at) {
            Pass::Rewound => return Ok(self.go_on(tid)),
            Pass::Restarted { point } => (point, true),
            Pass::New => (None, false),
        };
        let in_handler = !thread.handlers.is_empty();
        let call = ObservedSyscall::new(tid, at, args, &self.processes, &self.paths);
        let hold = match is_restarted {
            // It was compared when it was made for the first time.
            true => None,
            false => self.points.hold_at(&call),
        };
        let mut pending = PendingSyscall {
            at,
            point: restarted_point,
            ..PendingSyscall::default()
        };
        let mut reached = None;
        match hold {
            Some((hold, Phase::Entry)) => {
                let call = call.label().to_string();
                reached = Some(TraceEvent::Reached { tid, hold, call });
            }
            Some((hold, phase)) => {
                pending.hold = Some(hold);
                pending.rewind = phase == Phase::Before;
                if let Phase::Later(instructions) = phase {
                    pending.instructions = instructions;
                }
            }
            None => {}
        }
        if pending.rewind {
            arch::skip_call(tid)?;
        } else {
            self.recording
                .note(&call, in_handler, self.now_ns, &mut pending);
        }
        let Some(thread) = self.processes.thread_mut(tid) else {
            return Ok(self.go_on(tid));
        };
        if let Some(steps) = thread.activity.begin_syscall(pending) {
            // It made its call by an instruction that was not recognised.
            events.push(TraceEvent::SteppedThrough {
                instructions: steps.taken,
            });
        }
        if let Some(reached) = reached {
            let pending = thread.activity.end_syscall();
            thread.activity.hold(pending);
            events.push(reached);
            return Ok(Next::Hold);
        }
        Ok(Next::resume(thread.resume()))
    }

    /// A call begins (which only threads in handlers stop for), or has returned.
    pub(super) fn at_boundary(
        &mut self,
        tid: Tid,
        events: &mut Vec<TraceEvent>,
    ) -> io::Result<Next> {
        match ptrace::call_stop(tid)? {
            CallStop::Entry {
                number, args, ip, ..
            } => {
                self.note_call(tid, number, args, ip);
                self.at_call_of_handler(tid, number as u32, args, events)?;
                Ok(self.go_on(tid))
            }
            CallStop::Exit { result } => self.returned(tid, result, events),
            CallStop::None => Ok(self.go_on(tid)),
        }
    }

    /// A call has returned.
    fn returned(
        &mut self,
        tid: Tid,
        result: i64,
        events: &mut Vec<TraceEvent>,
    ) -> io::Result<Next> {
        let Some(thread) = self.processes.thread_mut(tid) else {
            return Ok(self.go_on(tid));
        };
        if let Some(last) = &mut thread.last_call {
            last.result = Some(result);
        }
        let Some(pending) = thread.activity.end_syscall() else {
            return Ok(Next::resume(thread.resume()));
        };
        if pending.rewind {
            arch::rewind_call(tid, u64::from(pending.at.number))?;
            thread.passes.rewind(pending.at);
        }
        if let Some(changed) = pending.restore {
            arch::restore_argument(tid, changed.position, changed.was)?;
        }
        if let Some(point) = pending.point {
            self.recording.returned(point, result);
        }
        if let Some(what) = pending.unfollowed {
            self.recording.unfollowed_returned(what, result);
        }
        if result >= 0 {
            let pid = thread.pid;
            if let Some(signal) = pending.installs {
                events.push(TraceEvent::Handler { pid, signal });
            }
            if let Some(call) = pending.effect {
                events.push(TraceEvent::Effect { pid, call });
            }
        }
        let number = pending.at.number;
        match pending.hold {
            Some(hold) if pending.instructions > 0 => {
                let steps = SingleStep::new(hold, number, pending.instructions);
                thread.activity = Activity::Stepping(steps);
                return self.step(tid);
            }
            Some(hold) => {
                let call = syscalls::name(number).into_owned();
                thread.activity.hold(None);
                events.push(TraceEvent::Reached { tid, hold, call });
                return Ok(Next::Hold);
            }
            None => {}
        }
        Ok(Next::resume(thread.resume()))
    }

    /// Remembers the call that begins.
    fn note_call(&mut self, tid: Tid, number: u64, args: [u64; 6], ip: u64) {
        let Some(thread) = self.processes.thread_mut(tid) else {
            return;
        };
        thread.last_call = Some(LastCall {
            number,
            ip,
            first: args[0],
            result: None,
        });
        thread
            .livelock
            .call_begins(number == libc::SYS_rt_sigreturn as u64);
    }

    /// A call begins in a thread that is in a handler.
    fn at_call_of_handler(
        &mut self,
        tid: Tid,
        number: u32,
        args: [u64; 6],
        events: &mut Vec<TraceEvent>,
    ) -> io::Result<()> {
        let Some(thread) = self.processes.thread_mut(tid) else {
            return Ok(());
        };
        if i64::from(number) == libc::SYS_rt_sigreturn {
            // The frame itself is all that is left on the stack.
            if let Some(frame) = thread.handlers.pop() {
                let fact = frame.into_fact(thread.pid, tid, &thread.name, self.now_ns, true);
                events.push(TraceEvent::HandlerReturned(fact));
            }
            return Ok(());
        }
        let stack = arch::stack_pointer(tid)?;
        // Several at once, when the long jump was out of a nested one.
        while let Some(frame) = thread.handlers.pop_left(stack) {
            let fact = frame.into_fact(thread.pid, tid, &thread.name, self.now_ns, false);
            events.push(TraceEvent::HandlerReturned(fact));
        }
        if thread.handlers.is_empty() {
            return Ok(());
        }
        let label = self.label_in_handler(tid, number, args);
        if let Some(thread) = self.processes.thread_mut(tid) {
            thread.handlers.push_call(label.to_string());
        }
        Ok(())
    }

    /// A call with its argument; for a futex whether it can wait, which is what matters in a handler.
    fn label_in_handler(&self, tid: Tid, number: u32, args: [u64; 6]) -> CallLabel {
        let at = SyscallInstruction { number, ip: 0 };
        let call = ObservedSyscall::new(tid, at, args, &self.processes, &self.paths);
        if i64::from(number) != libc::SYS_futex {
            return call.label();
        }
        let does = if syscalls::futex_waits(&call.call) {
            "wait"
        } else {
            "wake"
        };
        CallLabel {
            name: call.name().into_owned(),
            argument: CallArgument::One(does.to_owned()),
        }
    }
}
