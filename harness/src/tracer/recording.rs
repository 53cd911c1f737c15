//! What a run keeps of its calls: points, and the stacks of the threads that make them.

use super::quiet_log::QuietLog;
use super::stack_reader::StackReader;
use super::syscalls;
use super::syscalls::observed_syscall::ObservedSyscall;
use super::thread::pending_syscall::PendingSyscall;
use super::trace_config::{Record, TraceConfig};
use super::unfollowed::UnfollowedLog;
use crate::facts::{QuietCall, RawPoint, Stacks, Unfollowed, UnfollowedCount};
use crate::sys::ids::Pid;
use crate::sys::seccomp::SyscallInstruction;

/// A target that makes more calls than this is recorded up to here.
const POINTS_MAX: usize = 200_000;

/// The recording of one run.
#[derive(Default)]
pub(crate) struct Recording {
    wanted: Option<Record>,
    with_stacks: bool,
    report_effects: bool,
    points: Vec<RawPoint>,
    stacks: StackReader,
    parallel: bool,
    watches_unfollowed: bool,
    unfollowed: UnfollowedLog,
    quiet: QuietLog,
}

/// What a recording kept.
pub(crate) struct Recorded {
    pub(crate) points: Vec<RawPoint>,
    /// Of the points, or of the quiet calls.
    pub(crate) stacks: Stacks,
    pub(crate) unfollowed: Vec<UnfollowedCount>,
    pub(crate) quiet: Vec<QuietCall>,
}

impl Recording {
    /// What the configuration of a run asks for.
    pub(crate) fn new(config: &TraceConfig) -> Recording {
        Recording {
            wanted: config.record,
            with_stacks: config.stacks,
            report_effects: config.report_effects,
            watches_unfollowed: config.watch_unfollowed,
            ..Recording::default()
        }
    }

    /// See [`crate::facts::Run::parallel`].
    pub(crate) fn is_parallel(&self) -> bool {
        self.parallel
    }

    pub(crate) fn note_parallel(&mut self) {
        self.parallel = true;
    }

    /// Something was done that is not followed.
    pub(crate) fn note_unfollowed(&mut self, what: Unfollowed) {
        self.unfollowed.add(what);
    }

    /// A call has returned from which such a thing can come.
    pub(crate) fn unfollowed_returned(&mut self, what: Unfollowed, result: i64) {
        self.unfollowed.returned(what, result);
    }

    /// Everything that was kept; with the names of functions where those are wanted.
    pub(crate) fn finish(self, named: bool) -> Recorded {
        Recorded {
            points: self.points,
            stacks: self.stacks.finish(named),
            unfollowed: self.unfollowed.finish(),
            quiet: self.quiet.finish(),
        }
    }

    /// A call begins: records it, and notes what its return brings.
    pub(crate) fn note(
        &mut self,
        call: &ObservedSyscall<'_>,
        in_handler: bool,
        now_ns: u64,
        pending: &mut PendingSyscall,
    ) {
        if self.watches_unfollowed {
            pending.unfollowed = self.unfollowed.begins(call);
        }
        if let Some(Record::Quiet(signal)) = self.wanted {
            if call.name() == "rt_sigaction" {
                pending.installs = syscalls::handler_installed(&call.call);
            }
            let stacks = &mut self.stacks;
            let is_kept = !in_handler && self.quiet.begins(call, signal, now_ns, stacks);
            if is_kept && self.with_stacks {
                self.stacks.take(call.pid(), call.call.tid);
            }
            return;
        }
        if self.wanted.is_none() && !self.report_effects {
            return;
        }
        let (name, class) = (call.name(), call.class());
        // Most programs map no file that they write to, and give much memory back.
        let maps = self.unfollowed.maps_files() || !matches!(&*name, "munmap" | "msync");
        let effect = maps && class.is_some_and(|class| class.is_effect(&call.call));
        if self.wanted.is_some() && syscalls::asks_for_processors(&name, &call.call) {
            self.parallel = true;
        }
        if !effect && self.wanted != Some(Record::All) {
            return;
        }
        if name == "rt_sigaction" {
            pending.installs = syscalls::handler_installed(&call.call);
        }
        if self.report_effects && effect {
            pending.effect = Some(call.label());
        }
        if self.wanted.is_none() || pending.point.is_some() || self.points.len() >= POINTS_MAX {
            return;
        }
        if self.with_stacks {
            self.stacks.take(call.pid(), call.call.tid);
        }
        pending.point = Some(self.points.len());
        self.points.push(RawPoint {
            process: call.process_name(),
            role: call.role(),
            thread: call.thread_name().to_owned(),
            number: call.at.number,
            ip: call.at.ip,
            call: name.into_owned(),
            arg: call.argument().to_string(),
            returned: None,
            effect,
            blocks: class.is_some_and(|class| class.blocks)
                && !syscalls::asks_not_to_wait(&call.call),
            changes: effect && class.is_some_and(|class| class.changes),
            in_handler,
            installs: pending.installs.map(|signal| signal.number()),
            interrupts: pending.installs.is_some() && syscalls::handler_interrupts(&call.call),
            handler: pending
                .installs
                .and_then(|_| syscalls::handler_address(&call.call)),
            at_ns: now_ns,
            around: call.surroundings(),
            on: call.descriptor_kind(),
        });
    }

    /// A process executes another program, or has ended.
    pub(crate) fn forget(&mut self, pid: Pid) {
        self.stacks.forget(pid);
        self.quiet.forget(pid);
    }

    /// A recorded call returned.
    pub(crate) fn returned(&mut self, point: usize, result: i64) {
        self.points[point].returned = Some(result);
    }

    /// The last recorded call of an instruction, if it returned this.
    pub(crate) fn last_with_result(&self, at: SyscallInstruction, result: i64) -> Option<usize> {
        self.points.iter().rposition(|point| {
            (point.number, point.ip) == (at.number, at.ip) && point.returned == Some(result)
        })
    }
}
