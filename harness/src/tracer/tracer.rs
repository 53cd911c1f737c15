//! The ptrace state machine: one wait status in, what it means out.
//!
//! Rules that it keeps (each learned the hard way by somebody): every signal is
//! forwarded; a group-stop is answered with `PTRACE_LISTEN`; a new child's first
//! stop can come before its creator's event and is held until then; a
//! multi-threaded exec gives its caller the main thread's number; a tracee can
//! be gone at any moment, which is no error.

use super::process_tree::ProcessTree;
use super::recording::Recording;
use super::syscalls::Call;
use super::trace_config::TraceConfig;
use crate::facts::{ExitStatus, HandlerFact, Phase, Usage};
use crate::symbols::Collector;
use crate::sys::ptrace;
use crate::sys::ptrace::{CallStop, Origin, Resume};
use crate::sys::wait::Waited;
use crate::target::TargetPaths;
use crate::tracer::thread::pending_syscall::PendingSyscall;
use std::cell::RefCell;
use std::collections::HashSet;
use std::io;

/// What a wait status meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TraceEvent {
    /// The target's program is executed.
    Started,
    Child {
        pid: i32,
        parent: i32,
    },
    Exec {
        pid: i32,
    },
    Delivered {
        pid: i32,
        tid: i32,
        thread: String,
        signal: i32,
        own_fault: bool,
    },
    /// A thread does nothing but send itself this signal, and all others wait.
    Spins {
        pid: i32,
        signal: i32,
        times: u32,
    },
    Handler {
        pid: i32,
        signal: i32,
    },
    /// A watched handler is over.
    HandlerReturned(HandlerFact),
    /// A call with an effect returned without an error.
    Effect {
        pid: i32,
        call: String,
    },
    /// An awaited point, or a call of an armed scope, is reached. The thread is
    /// held until [`Tracer::release`].
    Reached {
        tid: i32,
        hold: HoldReason,
        /// The call, as a point's name shows it.
        call: String,
    },
    /// A thread that was to be stepped farther came to its next call.
    SteppedThrough {
        instructions: u32,
    },
    /// A process ended.
    Ended {
        pid: i32,
        status: ExitStatus,
        usage: Usage,
    },
}

/// Why a thread is held at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HoldReason {
    /// It is this awaited point.
    Awaited(usize),
    /// It belongs to this scope.
    Scope(usize),
    /// It has written output, which is to be read first.
    Output,
}

/// The tracer of one run.
pub(crate) struct Tracer {
    pub(crate) watch: TraceConfig,
    pub(crate) places: TargetPaths,
    pub(crate) root: i32,
    /// Addresses are the same in every run.
    pub(crate) steady: bool,
    pub(crate) started: bool,
    pub(crate) family: ProcessTree,
    /// Stopped for the first time before anybody announced them.
    pub(crate) early: HashSet<i32>,
    /// How often each awaited live point was met.
    pub(crate) met: Vec<u32>,
    pub(crate) reached: Vec<bool>,
    /// How many calls of each scope are still to be held.
    pub(crate) armed: Vec<u32>,
    pub(crate) recording: Recording,
    /// Whose code a call is from, where points are told apart by that.
    pub(crate) code: RefCell<Collector>,
    pub(crate) now_ns: u64,
}

impl Tracer {
    /// For a child that waits at its gate and has been seized.
    pub(crate) fn new(root: i32, watch: TraceConfig, places: TargetPaths, steady: bool) -> Tracer {
        let mut family = ProcessTree::default();
        family.found(root);
        Tracer {
            met: vec![0; watch.awaited.len()],
            reached: vec![false; watch.awaited.len()],
            armed: vec![0; watch.scopes.len()],
            watch,
            places,
            root,
            steady,
            started: false,
            family,
            early: HashSet::new(),
            recording: Recording::default(),
            code: RefCell::default(),
            now_ns: 0,
        }
    }

    /// What was recorded.
    pub(crate) fn into_recording(self) -> Recording {
        self.recording
    }

    /// Takes one wait status.
    pub(crate) fn handle(
        &mut self,
        tid: i32,
        waited: Waited,
        now_ns: u64,
        seen: &mut Vec<TraceEvent>,
    ) -> io::Result<()> {
        self.now_ns = now_ns;
        match waited {
            Waited::Ended(status, usage) => {
                self.early.remove(&tid);
                // Its creator may have been killed before it could announce it:
                // nobody would ever let it go.
                for early in self.early.drain() {
                    ptrace::resume(early, Resume::Run, 0)?;
                }
                self.close_windows(tid, seen);
                if self.family.ended(tid) {
                    seen.push(TraceEvent::Ended {
                        pid: tid,
                        status,
                        usage,
                    });
                }
                Ok(())
            }
            Waited::Stopped { signal, event } => {
                match gone(self.stopped(tid, signal, event, seen))? {
                    Some(Some((how, signal))) => ptrace::resume(tid, how, signal),
                    // Held, or gone meanwhile: then its end is on the way.
                    Some(None) | None => Ok(()),
                }
            }
        }
    }

    /// Lets a thread that was held at a point go on.
    pub(crate) fn release(&mut self, tid: i32) -> io::Result<()> {
        let how = self.going_on(tid);
        ptrace::resume(tid, how, 0)
    }

    fn stopped(
        &mut self,
        tid: i32,
        signal: i32,
        event: i32,
        seen: &mut Vec<TraceEvent>,
    ) -> io::Result<Option<(Resume, i32)>> {
        const CALL_STOP: i32 = libc::SIGTRAP | 0x80;
        match event {
            0 if signal == CALL_STOP => return self.at_boundary(tid, seen),
            0 if signal == libc::SIGTRAP && self.entered(tid)? => {}
            0 if signal == libc::SIGTRAP
                && let Some(next) = self.stepped(tid, seen)? =>
            {
                return Ok(next);
            }
            0 => {
                let pid = self.process_of(tid);
                let Origin { own_fault, sender } = ptrace::origin(tid);
                self.expect_again(tid);
                let thread = self.family.threads.get(&tid);
                seen.push(TraceEvent::Delivered {
                    pid,
                    tid,
                    thread: thread.map(|thread| thread.name.clone()).unwrap_or_default(),
                    signal,
                    own_fault,
                });
                self.spins(tid, signal, sender, seen);
                if self.watches(pid, signal) && !self.is_known_to_spin(tid) {
                    self.entering(tid, signal)?;
                    return Ok(Some((Resume::Step, signal)));
                }
                return Ok(Some((self.going_on(tid), signal)));
            }
            libc::PTRACE_EVENT_STOP => return Ok(self.event_stop(tid, signal)),
            libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => {
                let new = ptrace::event_message(tid)?;
                let may_be_thread = event == libc::PTRACE_EVENT_CLONE;
                match self.family.born(tid, new, may_be_thread) {
                    Some(parent) => seen.push(TraceEvent::Child { pid: new, parent }),
                    None => self.recording.parallel = true,
                }
                self.recording.parallel |= self.family.processes.len() > 2;
                if self.early.remove(&new) {
                    ptrace::resume(new, Resume::Run, 0)?;
                }
            }
            libc::PTRACE_EVENT_EXEC => {
                let former = ptrace::event_message(tid)?;
                self.close_windows(former, seen);
                self.family.executed(tid, former);
                if tid == self.root && !self.started {
                    self.started = true;
                    seen.push(TraceEvent::Started);
                    // The harness's own execve is not a call of the target.
                    if let Some(thread) = self.family.threads.get_mut(&tid) {
                        thread.inside = None;
                    }
                } else {
                    seen.push(TraceEvent::Exec { pid: tid });
                }
            }
            libc::PTRACE_EVENT_SECCOMP => return self.calling(tid, seen),
            _ => {}
        }
        Ok(Some((self.going_on(tid), 0)))
    }

    /// A first stop of a new thread, or a group-stop.
    fn event_stop(&mut self, tid: i32, signal: i32) -> Option<(Resume, i32)> {
        if matches!(
            signal,
            libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU
        ) {
            return Some((Resume::Listen, 0));
        }
        if !self.family.threads.contains_key(&tid) {
            self.early.insert(tid);
            return None;
        }
        Some((self.going_on(tid), 0))
    }

    /// A chosen call begins.
    fn calling(
        &mut self,
        tid: i32,
        seen: &mut Vec<TraceEvent>,
    ) -> io::Result<Option<(Resume, i32)>> {
        let run = Ok(Some((self.going_on(tid), 0)));
        let CallStop::Entry { number, args, ip } = ptrace::call_stop(tid)? else {
            return run;
        };
        if !self.started {
            return run;
        }
        let (number, ip) = (number as u32, self.told_apart(tid, ip));
        let Some(thread) = self.family.threads.get_mut(&tid) else {
            return run;
        };
        if thread.rewound.take() == Some((number, ip)) {
            return run;
        }
        let again = thread.again.take_if(|again| again.call == (number, ip));
        let pid = thread.pid;
        let call = Call {
            pid: tid,
            number,
            args,
            threads: self
                .family
                .processes
                .get(&pid)
                .map_or(1, |process| process.threads()),
        };
        let held = match again {
            // It has been met when it was made for the first time.
            Some(_) => None,
            None => self.match_awaited(tid, &call, ip),
        };
        let phase = held.map(|(_, phase)| phase);
        let mut inside = PendingSyscall {
            number,
            ip,
            hold: held.map(|(hold, _)| hold),
            rewind: phase == Some(Phase::Before),
            point: again.and_then(|again| again.point),
            instructions: match phase {
                Some(Phase::Later(instructions)) => instructions,
                _ => 0,
            },
            ..PendingSyscall::default()
        };
        if inside.rewind {
            ptrace::skip_call(tid)?;
        } else {
            self.note(tid, &call, ip, &mut inside);
        }
        if let (Some((hold, _)), Some(Phase::Entry)) = (held, phase) {
            inside.hold = None;
            let call = self.label(&call);
            self.go_inside(tid, inside);
            seen.push(TraceEvent::Reached { tid, hold, call });
            return Ok(None);
        }
        self.go_inside(tid, inside);
        Ok(Some((self.going_on(tid), 0)))
    }

    /// A call begins (which is told in handlers only) or has returned.
    fn at_boundary(
        &mut self,
        tid: i32,
        seen: &mut Vec<TraceEvent>,
    ) -> io::Result<Option<(Resume, i32)>> {
        match ptrace::call_stop(tid)? {
            CallStop::Entry { number, args, .. } => {
                self.call_in_window(tid, number as u32, args, seen)?;
                Ok(Some((self.going_on(tid), 0)))
            }
            CallStop::Exit { result } => self.returned(tid, result, seen),
            CallStop::None => Ok(Some((self.going_on(tid), 0))),
        }
    }
}

/// A tracee that was killed while it stood still answers ESRCH to everything.
fn gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(None),
        Err(error) => Err(error),
    }
}
