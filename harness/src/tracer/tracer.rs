//! The ptrace state machine: one wait status in, what it means out.
//!
//! Rules that it keeps (each learned the hard way by somebody): every signal is
//! forwarded; a group-stop is followed by `PTRACE_LISTEN`; a new child's first
//! stop can come before its creator's event and is held until then; a
//! multi-threaded exec gives its caller the main thread's number; a tracee can
//! be gone at any moment, which is no error.

use super::match_points::PointMatcher;
use super::next::Next;
use super::process_tree::ProcessTree;
use super::recording::Recording;
use super::syscalls::rewrite_syscall;
use super::thread::activity::Activity;
use super::trace_config::TraceConfig;
use super::trace_event::TraceEvent;
use crate::facts::Signal;
use crate::sys::ids::{Pid, Tid};
use crate::sys::ptrace;
use crate::sys::ptrace::Resume;
use crate::sys::seccomp::SyscallInstruction;
use crate::sys::wait::{StopEvent, WaitEvent};
use crate::target::TargetPaths;
use std::collections::HashSet;
use std::io;

/// The tracer of one run.
pub(crate) struct Tracer {
    root: Pid,
    pub(super) paths: TargetPaths,
    /// Addresses are the same in every run.
    fixed_addresses: bool,
    /// Asking for io_uring is answered with ENOSYS.
    pub(super) refuse_io_uring: bool,
    /// Signals whose handlers are traced.
    pub(super) handlers: Vec<Signal>,
    /// The target's program is executed.
    pub(super) started: bool,
    pub(super) processes: ProcessTree,
    /// They stopped for the first time before their creators' events.
    early: HashSet<Tid>,
    pub(super) points: PointMatcher,
    pub(super) recording: Recording,
    pub(super) now_ns: u64,
}

impl Tracer {
    /// For a child that waits at its gate and has been seized.
    pub(crate) fn new(
        root: Pid,
        config: TraceConfig,
        paths: TargetPaths,
        fixed_addresses: bool,
    ) -> Tracer {
        Tracer {
            root,
            paths,
            fixed_addresses,
            refuse_io_uring: config.refuse_io_uring,
            recording: Recording::new(&config),
            handlers: config.handlers,
            started: false,
            processes: ProcessTree::new(root),
            early: HashSet::new(),
            points: PointMatcher::new(config.breakpoints, config.scopes, config.hold_output),
            now_ns: 0,
        }
    }

    /// The processes and threads that live.
    pub(crate) fn processes(&self) -> &ProcessTree {
        &self.processes
    }

    /// How often a call of each breakpoint has begun.
    pub(crate) fn met(&self) -> Vec<u32> {
        self.points.met()
    }

    /// What was recorded.
    pub(crate) fn into_recording(self) -> Recording {
        self.recording
    }

    /// From now on the next `times` calls of a scope are held.
    pub(crate) fn arm(&mut self, scope: usize, times: u32) {
        self.points.arm(scope, times);
    }

    /// Takes what happened to a thread, lets it go on, and adds what that means to `events`.
    pub(crate) fn handle(
        &mut self,
        tid: Tid,
        event: WaitEvent,
        now_ns: u64,
        events: &mut Vec<TraceEvent>,
    ) -> io::Result<()> {
        self.now_ns = now_ns;
        match event {
            WaitEvent::Ended(status, usage) => {
                self.early.remove(&tid);
                // Its creator may have been killed before its event came: nobody would ever let it go.
                for early in self.early.drain() {
                    ptrace::resume(early, Resume::Run, None)?;
                }
                self.leave_handlers(tid, events);
                if let Some(pid) = self.processes.ended(tid) {
                    self.forget_stacks(pid);
                    events.push(TraceEvent::Ended { pid, status, usage });
                }
                Ok(())
            }
            WaitEvent::Stopped(stop) => match self.stopped(tid, stop, events) {
                Ok(next) => next.apply(tid),
                // A tracee that was killed while it stood still: its end is on the way.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
                Err(error) => Err(error),
            },
        }
    }

    /// What was read of a process is not true of what it is now.
    fn forget_stacks(&mut self, pid: Pid) {
        self.recording.forget(pid);
        self.points.forget(pid);
    }

    /// Lets a thread that was held at a point go on.
    pub(crate) fn release(&mut self, tid: Tid) -> io::Result<()> {
        if let Some(thread) = self.processes.thread_mut(tid) {
            thread.activity.release();
        }
        self.go_on(tid).apply(tid)
    }

    /// The call at which a thread is held is not made; it returns this error. False when it is not at the beginning
    /// of one.
    pub(crate) fn fail_call(&mut self, tid: Tid, errno: i32) -> io::Result<bool> {
        rewrite_syscall::fail(tid, errno)
    }

    /// The call at which a thread is held moves fewer bytes: see [`rewrite_syscall::shorten`]. False when there is
    /// nothing to shorten.
    pub(crate) fn shorten_call(
        &mut self,
        tid: Tid,
        most: Option<u64>,
        position: impl Fn(&str) -> Option<usize>,
    ) -> io::Result<bool> {
        let changed = rewrite_syscall::shorten(tid, most, position)?;
        let thread = self.processes.thread_mut(tid);
        if let (Some(thread), Some(changed)) = (thread, changed)
            && let Some(call) = thread.activity.held_call()
        {
            // What the program gave counts, not what an earlier fault made of it.
            call.restore.get_or_insert(changed);
        }
        Ok(changed.is_some())
    }

    /// How a thread goes on by itself.
    pub(super) fn go_on(&self, tid: Tid) -> Next {
        let thread = self.processes.thread(tid);
        Next::resume(thread.map_or(Resume::Run, |thread| thread.resume()))
    }

    fn stopped(
        &mut self,
        tid: Tid,
        stop: StopEvent,
        events: &mut Vec<TraceEvent>,
    ) -> io::Result<Next> {
        match stop {
            StopEvent::Seccomp => self.at_call(tid, events),
            StopEvent::SyscallBoundary => self.at_boundary(tid, events),
            StopEvent::Trap => self.trapped(tid, events),
            StopEvent::Signal(signal) => self.deliver(tid, signal, events),
            StopEvent::GroupStop(_) => Ok(Next::resume(Resume::Listen)),
            StopEvent::Attached if self.processes.thread(tid).is_none() => {
                self.early.insert(tid);
                Ok(Next::Hold)
            }
            StopEvent::Attached | StopEvent::Other => Ok(self.go_on(tid)),
            StopEvent::Created { may_be_thread } => self.created(tid, may_be_thread, events),
            StopEvent::Exec => self.executed(tid, events),
        }
    }

    fn created(
        &mut self,
        tid: Tid,
        may_be_thread: bool,
        events: &mut Vec<TraceEvent>,
    ) -> io::Result<Next> {
        let new = ptrace::event_thread(tid)?;
        match self.processes.born(tid, new, may_be_thread) {
            Some(parent) => {
                let pid = new.as_main_of();
                events.push(TraceEvent::Child { pid, parent });
            }
            None => self.recording.note_parallel(),
        }
        if self.processes.process_count() > 2 {
            self.recording.note_parallel();
        }
        if self.early.remove(&new) {
            ptrace::resume(new, Resume::Run, None)?;
        }
        Ok(self.go_on(tid))
    }

    fn executed(&mut self, tid: Tid, events: &mut Vec<TraceEvent>) -> io::Result<Next> {
        let former = ptrace::event_thread(tid)?;
        self.leave_handlers(former, events);
        // The kernel has given it the number of its process's main thread.
        let pid = tid.as_main_of();
        self.processes.executed(pid, former);
        self.forget_stacks(pid);
        if pid == self.root && !self.started {
            self.started = true;
            events.push(TraceEvent::Started);
            // The harness's own execve is not a call of the target.
            if let Some(thread) = self.processes.thread_mut(tid) {
                thread.activity = Activity::Running;
            }
        } else {
            events.push(TraceEvent::Exec { pid });
        }
        Ok(self.go_on(tid))
    }

    /// An instruction, by its address where that is the same in every run.
    pub(super) fn instruction(&self, tid: Tid, number: u64, ip: u64) -> SyscallInstruction {
        let pid = self.processes.process_of(tid);
        let fixed = self.fixed_addresses && !self.processes.is_random(pid);
        SyscallInstruction {
            number: number as u32,
            ip: if fixed { ip } else { 0 },
        }
    }
}
