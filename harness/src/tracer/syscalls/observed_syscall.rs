//! A call that a thread is about to make, with its properties.
//!
//! Most calls are identified by number and instruction alone. Names of processes, arguments and effects are read
//! from the stopped thread, which costs system calls: they are computed when they are needed, and arguments once.

use super::{Call, SyscallClass};
use crate::facts::{CallArgument, CallLabel, DescriptorKind, Surroundings};
use crate::sys::ids::{Pid, Tid};
use crate::sys::proc;
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
    thread: Option<&'a Thread>,
    process: Option<&'a Process>,
    processes: &'a ProcessTree,
    paths: &'a TargetPaths,
    argument: OnceCell<CallArgument>,
}

impl<'a> ObservedSyscall<'a> {
    pub(crate) fn new(
        tid: Tid,
        at: SyscallInstruction,
        args: [u64; 6],
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
            processes,
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

    /// A path as points show it.
    pub(crate) fn shorten(&self, path: &str) -> String {
        self.paths.shorten(path)
    }

    /// What its descriptor refers to.
    pub(crate) fn descriptor_kind(&self) -> DescriptorKind {
        self.class()
            .and_then(|class| class.descriptor())
            .map_or(DescriptorKind::None, |position| {
                proc::descriptor_kind(self.call.tid, self.call.args[position] as i64)
            })
    }

    pub(crate) fn process_name(&self) -> String {
        self.process.map(Process::name).unwrap_or_default()
    }

    /// The name of the thread that makes it; empty for a main thread.
    pub(crate) fn thread_name(&self) -> &str {
        self.thread.map_or("", |thread| &thread.name)
    }

    /// The programs from the target down to the process.
    pub(crate) fn role(&self) -> String {
        self.process.map(Process::role).unwrap_or_default()
    }

    /// What a signal would meet at this call.
    pub(crate) fn surroundings(&self) -> Surroundings {
        let sets = proc::signal_sets(self.call.tid.as_main_of()).unwrap_or_default();
        Surroundings {
            blocked: sets.blocked,
            ignored: sets.ignored,
            handled: sets.caught,
            others: self.processes.roles_beside(self.pid()),
        }
    }

    /// The process that makes it.
    pub(crate) fn pid(&self) -> Pid {
        self.processes.process_of(self.call.tid)
    }

    /// The call as the name of a point begins.
    pub(crate) fn label(&self) -> CallLabel {
        CallLabel {
            name: self.name().into_owned(),
            argument: self.argument().clone(),
        }
    }
}
