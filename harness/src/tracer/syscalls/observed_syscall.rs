//! A call that a thread is about to make, with its properties.
//!
//! Most calls are identified by number and instruction alone. Names of processes, arguments and effects are read
//! from the stopped thread, which costs system calls: they are computed when they are needed, and arguments once.

use super::{Call, SyscallClass};
use crate::facts::{CallArgument, CallLabel, PointKey};
use crate::sys::ids::Tid;
use crate::sys::seccomp::SyscallInstruction;
use crate::target::TargetPaths;
use crate::tracer::process_tree::{Process, ProcessTree, Thread};
use crate::tracer::syscalls;
use std::borrow::Cow;
use std::cell::OnceCell;

/// One call at its beginning.
pub(crate) struct ObservedSyscall<'a> {
    pub(crate) call: Call,
    pub(crate) at: SyscallInstruction,
    /// Which time its thread comes by at this instruction, from 1.
    pub(crate) nth: u32,
    thread: Option<&'a Thread>,
    process: Option<&'a Process>,
    paths: &'a TargetPaths,
    argument: OnceCell<CallArgument>,
}

impl<'a> ObservedSyscall<'a> {
    pub(crate) fn new(
        tid: Tid,
        at: SyscallInstruction,
        args: [u64; 6],
        nth: u32,
        processes: &'a ProcessTree,
        paths: &'a TargetPaths,
    ) -> ObservedSyscall<'a> {
        let process = processes.process(processes.process_of(tid));
        let threads = process.map_or(1, Process::threads);
        ObservedSyscall {
            call: Call {
                tid,
                number: at.number,
                args,
                threads,
            },
            at,
            nth,
            thread: processes.thread(tid),
            process,
            paths,
            argument: OnceCell::new(),
        }
    }

    pub(crate) fn name(&self) -> Cow<'static, str> {
        syscalls::name(self.call.number)
    }

    /// What is known of calls of its name; `None` when they never have an effect.
    pub(crate) fn class(&self) -> Option<SyscallClass> {
        syscalls::class_of(&self.name())
    }

    /// Whether it has an effect; `None` when calls of its name never have one.
    pub(crate) fn is_effect(&self) -> Option<bool> {
        self.class().map(|class| class.is_effect(&self.call))
    }

    pub(crate) fn argument(&self) -> &CallArgument {
        self.argument.get_or_init(|| {
            self.class().map_or(CallArgument::None, |class| {
                class.argument(&self.call, self.paths)
            })
        })
    }

    pub(crate) fn process_name(&self) -> String {
        self.process.map(Process::name).unwrap_or_default()
    }

    /// The name of the thread that makes it; empty for a main thread.
    pub(crate) fn thread_name(&self) -> &str {
        self.thread.map_or("", |thread| &thread.name)
    }

    /// Finds it again in another run.
    pub(crate) fn key(&self) -> PointKey {
        PointKey {
            process: self.process_name(),
            thread: self.thread_name().to_owned(),
            number: self.at.number,
            ip: self.at.ip,
            nth: self.nth,
        }
    }

    /// Returns whether it is the call of another run. What costs least is compared first.
    pub(crate) fn has_key(&self, key: &PointKey) -> bool {
        (key.number, key.ip, key.nth) == (self.at.number, self.at.ip, self.nth)
            && key.thread == self.thread_name()
            && key.process == self.process_name()
    }

    /// The call as the name of a point begins.
    pub(crate) fn label(&self) -> CallLabel {
        CallLabel {
            name: self.name().into_owned(),
            argument: self.argument().clone(),
        }
    }
}
