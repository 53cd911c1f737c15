//! Calls that a run looks out for: recording them, and knowing the awaited one.

use super::process_tree::Process;
use super::syscalls::Call;
use super::trace_config::{ArgumentMatcher, Breakpoint, Record, SyscallMatcher};
use super::tracer::{HoldReason, Tracer};
use crate::facts::{Phase, PointKey, RawPoint, Surroundings};
use crate::sys::proc;
use crate::tracer::syscalls;
use crate::tracer::thread::pending_syscall::PendingSyscall;

/// A target that makes more calls than this is recorded up to here.
const POINTS_MAX: usize = 200_000;

impl Tracer {
    /// Records the call and its name as far as this run wants them.
    pub(crate) fn note(&mut self, tid: i32, call: &Call, ip: u64, inside: &mut PendingSyscall) {
        if self.watch.record.is_none() && !self.watch.tell_effects {
            return;
        }
        let name = syscalls::name(call.number);
        let class = syscalls::class_of(&name);
        let effect = class.is_some_and(|class| class.is_effect(call));
        if self.watch.record.is_some() && syscalls::asks_for_processors(&name, call) {
            self.recording.parallel = true;
        }
        if !effect && self.watch.record != Some(Record::All) {
            return;
        }
        let arg = class.map_or_else(String::new, |class| class.argument(call, &self.places));
        if name == "rt_sigaction" {
            inside.installs = syscalls::handler_installed(call);
        }
        if self.watch.tell_effects && effect {
            inside.tell = Some(if arg.is_empty() {
                name.clone()
            } else {
                format!("{name}({arg})")
            });
        }
        let is_new = inside.point.is_none() && self.recording.points.len() < POINTS_MAX;
        if self.watch.record.is_some() && is_new {
            inside.point = Some(self.recording.points.len());
            if self.watch.stacks {
                self.take_stack(tid);
            }
            let (process, role, thread) = self.names_of(tid);
            self.recording.points.push(RawPoint {
                process,
                role,
                thread,
                number: call.number,
                ip,
                call: name,
                arg,
                returned: None,
                effect,
                blocks: class.is_some_and(|class| class.blocks),
                changes: effect && class.is_some_and(|class| class.changes),
                in_handler: self.in_window(tid),
                installs: inside.installs,
                at_ns: self.now_ns,
                around: self.surroundings(tid),
            });
        }
    }

    /// Process path, role and thread path.
    fn names_of(&self, tid: i32) -> (String, String, String) {
        let thread = self.family.threads.get(&tid);
        let pid = thread.map_or(tid, |thread| thread.pid);
        let process = self.family.processes.get(&pid);
        (
            process.map(Process::name).unwrap_or_default(),
            process.map(Process::role).unwrap_or_default(),
            thread.map(|thread| thread.name.clone()).unwrap_or_default(),
        )
    }

    fn role_of(&self, tid: i32) -> Option<String> {
        let pid = self.family.threads.get(&tid)?.pid;
        self.family.processes.get(&pid).map(Process::role)
    }

    /// What a signal would meet at this call.
    fn surroundings(&self, tid: i32) -> Surroundings {
        let sets = proc::signal_sets(tid).unwrap_or_default();
        Surroundings {
            blocked: sets.blocked,
            ignored: sets.ignored,
            handled: sets.caught,
            others: self.family.roles_beside(self.process_of(tid)),
        }
    }

    /// What this call is to be held for, if for anything: an awaited point, or a scope.
    pub(crate) fn match_awaited(
        &mut self,
        tid: i32,
        call: &Call,
        ip: u64,
    ) -> Option<(HoldReason, Phase)> {
        let mut found = None;
        for index in 0..self.watch.awaited.len() {
            let (looks_right, nth, phase) = match &self.watch.awaited[index] {
                Breakpoint::Site { key, arg, phase } => {
                    (self.is_at(tid, call, ip, key, arg), key.nth, *phase)
                }
                Breakpoint::Live { look, nth, phase } => {
                    (self.looks(tid, call, look), *nth, *phase)
                }
            };
            // Counted for all, whichever of them this call is held for.
            self.met[index] += u32::from(looks_right);
            let matches = looks_right && self.met[index] == nth;
            if matches && !self.reached[index] && found.is_none() {
                self.reached[index] = true;
                found = Some((HoldReason::Awaited(index), phase));
            }
        }
        if found.is_some() {
            return found;
        }
        let scope = (0..self.watch.scopes.len()).find(|index| {
            self.armed[*index] > 0 && self.looks(tid, call, &self.watch.scopes[*index].look)
        });
        match scope {
            Some(index) => {
                self.armed[index] -= 1;
                Some((HoldReason::Scope(index), self.watch.scopes[index].phase))
            }
            None => (self.watch.outputs && call.is_output())
                .then_some((HoldReason::Output, Phase::Exit)),
        }
    }

    /// Whether a call looks like the one of a recorded run. The cheapest comparisons come first: most calls are others.
    fn is_at(&self, tid: i32, call: &Call, ip: u64, key: &PointKey, arg: &ArgumentMatcher) -> bool {
        (key.number, key.ip) == (call.number, ip)
            && self.role_of(tid).is_some_and(|role| role == key.role)
            && arg.accepts(&self.argument(call))
            && key.code.is_none_or(|code| self.code_of(tid) == Some(code))
    }

    /// From now on the calls of a scope are held, so many of them.
    pub(crate) fn arm(&mut self, scope: usize, times: u32) {
        self.armed[scope] = times;
    }

    fn looks(&self, tid: i32, call: &Call, look: &SyscallMatcher) -> bool {
        let name = syscalls::name(call.number);
        if !look.calls.contains(&name) {
            return false;
        }
        let is_process = look.process.as_ref().is_none_or(|glob| {
            let (process, role, thread) = self.names_of(tid);
            // As the name of a point begins, or with the ordinals of process and thread.
            glob.is_match(&role)
                || glob.is_match(&process)
                || !thread.is_empty() && glob.is_match(format!("{process}+{thread}"))
        });
        is_process
            && (look.every || syscalls::class_of(&name).is_none_or(|class| class.is_effect(call)))
            && look
                .arg
                .as_ref()
                .is_none_or(|glob| glob.is_match(self.argument(call)))
    }

    /// The call with its argument, as a point's name shows it.
    pub(crate) fn label(&self, call: &Call) -> String {
        let (name, arg) = (syscalls::name(call.number), self.argument(call));
        if arg.is_empty() {
            name
        } else {
            format!("{name}({arg})")
        }
    }

    fn argument(&self, call: &Call) -> String {
        syscalls::class_of(&syscalls::name(call.number))
            .map_or_else(String::new, |class| class.argument(call, &self.places))
    }
}
