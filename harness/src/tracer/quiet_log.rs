//! Calls without an effect at which a handler could interrupt the C library: one of each kind.
//!
//! A handler that takes memory, prints or reads the time does harm only in the middle of the C library's own work, and
//! there the library makes calls that change nothing. They are many, and alike: of each kind the first is kept that is
//! made while the signal is handled, by the thread that would run the handler.

use super::stack_reader::StackReader;
use super::syscalls;
use super::syscalls::observed_syscall::ObservedSyscall;
use crate::facts::{QuietCall, RawPoint, Signal, Surroundings, counted_argument};
use crate::sys::ids::Pid;
use crate::sys::proc;
use crate::sys::proc::SignalSets;
use std::collections::{HashMap, HashSet};

/// More kinds than this are not kept: nobody could try them.
const KINDS_MAX: usize = 500;

/// Role, number, address and argument: what tells two kinds apart.
type Kind = (String, u32, u64, String);

/// What was kept so far.
#[derive(Default)]
pub(crate) struct QuietLog {
    /// How often calls of each kind have begun.
    met: HashMap<Kind, u32>,
    /// How often calls of this role, name and argument have begun, with an effect or without.
    named: HashMap<(String, String, String), u32>,
    kept: HashSet<Kind>,
    /// Whether each process handles the signal, as far as that was looked up.
    handles: HashMap<Pid, bool>,
    /// Processes in which an interpreter has begun with its program, or which run none.
    begun: HashSet<Pid>,
    /// Processes whose handler is the program's own. That of an interpreter's start notes the signal and does nothing
    /// else; it harms nobody, and is the same in all its programs.
    own: HashSet<Pid>,
    calls: Vec<QuietCall>,
}

impl QuietLog {
    /// A process executes another program, or has ended.
    pub(crate) fn forget(&mut self, pid: Pid) {
        self.handles.remove(&pid);
        self.begun.remove(&pid);
        self.own.remove(&pid);
    }

    pub(crate) fn finish(self) -> Vec<QuietCall> {
        self.calls
    }

    /// A call begins. Returns whether it was kept.
    pub(crate) fn begins(
        &mut self,
        call: &ObservedSyscall<'_>,
        signal: Signal,
        now_ns: u64,
        stacks: &mut StackReader,
    ) -> bool {
        let name = call.name();
        if name == "rt_sigaction" {
            self.handles.remove(&call.pid());
            if call.call.args[0] == signal.number() as u64 && call.call.args[1] != 0 {
                self.installs(call, stacks);
            }
            return false;
        }
        if !syscalls::is_of_library(&name) || self.calls.len() >= KINDS_MAX {
            return false;
        }
        let (role, arg) = (call.role(), call.argument().to_string());
        let named = (role.clone(), name.to_string(), arg.clone());
        let ordinal = count(self.named.entry(named).or_default());
        if call.is_effect().unwrap_or(false) {
            return false;
        }
        let kind = (
            role.clone(),
            call.at.number,
            call.at.ip,
            counted_argument(&arg),
        );
        let nth = count(self.met.entry(kind.clone()).or_default());
        let is_own = self.own.contains(&call.pid());
        if self.kept.contains(&kind) || !is_own || !self.is_handled(call, signal) {
            return false;
        }
        let around = call.surroundings();
        if !takes(call, &around, signal) || !self.has_begun(call, stacks) {
            return false;
        }
        self.kept.insert(kind);
        self.calls.push(QuietCall {
            raw: RawPoint {
                process: call.process_name(),
                role,
                thread: call.thread_name().to_owned(),
                number: call.at.number,
                ip: call.at.ip,
                call: name.into_owned(),
                arg,
                at_ns: now_ns,
                around,
                ..RawPoint::default()
            },
            nth,
            ordinal,
        });
        true
    }

    /// The signal gets another disposition.
    fn installs(&mut self, call: &ObservedSyscall<'_>, stacks: &mut StackReader) {
        if self.has_begun(call, stacks) {
            self.own.insert(call.pid());
        }
    }

    /// What an interpreter does before its program is none of the program's doing.
    fn has_begun(&mut self, call: &ObservedSyscall<'_>, stacks: &mut StackReader) -> bool {
        let pid = call.pid();
        if self.begun.contains(&pid) {
            return true;
        }
        let has_begun = stacks.has_begun(pid, call.call.tid);
        if has_begun {
            self.begun.insert(pid);
        }
        has_begun
    }

    fn is_handled(&mut self, call: &ObservedSyscall<'_>, signal: Signal) -> bool {
        let pid = call.pid();
        *self.handles.entry(pid).or_insert_with(|| {
            let sets = proc::signal_sets(pid).unwrap_or_default();
            SignalSets::has(sets.caught, signal)
        })
    }
}

fn count(times: &mut u32) -> u32 {
    *times += 1;
    *times
}

/// Whether the thread that makes a call is the one that would run the handler: the kernel prefers a process's main
/// thread, unless that blocks the signal.
fn takes(call: &ObservedSyscall<'_>, around: &Surroundings, signal: Signal) -> bool {
    if SignalSets::has(around.blocked, signal) {
        return false;
    }
    let pid = call.pid();
    if pid.main_thread() == call.call.tid {
        return true;
    }
    let of_main = proc::signal_sets(pid).unwrap_or_default();
    SignalSets::has(of_main.blocked, signal)
}
