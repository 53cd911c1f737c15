//! Who makes a call: the stack of a thread that stands at it, with the lines of the script that an interpreter runs.

use super::stack_memory::StackMemory;
use crate::facts::{Frame, Stacks, code_hash};
use crate::symbols::{Collector, Interpreters, Registers, Stop, runs_program};
use crate::sys::ids::{Pid, Tid};
use crate::sys::{arch, proc, ptrace};
use std::path::Path;

/// Reads stacks in one run.
#[derive(Default)]
pub(crate) struct StackReader {
    native: Collector,
    interpreters: Interpreters,
}

impl StackReader {
    /// Keeps the stack of a thread that stands at a call, for the point that comes next.
    pub(crate) fn take(&mut self, pid: Pid, tid: Tid) {
        let (Ok((ip, unwind)), Some(maps)) = (arch::unwind_registers(tid), proc::maps(tid)) else {
            // Gone meanwhile.
            self.native.miss();
            return;
        };
        let script = self.script(pid, tid);
        let mut memory = StackMemory::new(tid);
        let read = |address| memory.word(address);
        self.native
            .take(&maps, Registers { ip, unwind }, read, script);
    }

    /// A hash of the code that makes the call; `None` where the stack cannot be read. See
    /// [`crate::facts::code_of_stack`].
    pub(crate) fn code(&mut self, pid: Pid, tid: Tid) -> Option<u64> {
        let script = self.script(pid, tid);
        if !script.is_empty() {
            let places = script
                .iter()
                .map(|frame| (frame.module.as_str(), frame.offset));
            return Some(code_hash(places));
        }
        let (ip, unwind) = arch::unwind_registers(tid).ok()?;
        let maps = proc::maps(tid)?;
        let mut memory = StackMemory::new(tid);
        let read = |address| memory.word(address);
        self.native.code(&maps, Registers { ip, unwind }, read)
    }

    /// Whether a process runs its program: of an interpreter that is known, a thread of it has to show that.
    pub(crate) fn has_begun(&mut self, pid: Pid, tid: Tid) -> bool {
        let frames = self.script(pid, tid);
        let is_begun = || runs_program(&frames);
        !self.interpreters.is_known(pid.number()) || is_begun()
    }

    /// A process executes another program, or has ended.
    pub(crate) fn forget(&mut self, pid: Pid) {
        self.interpreters.forget(pid.number());
    }

    /// What was kept, with names where those are wanted.
    pub(crate) fn finish(self, named: bool) -> Stacks {
        self.native.finish(named)
    }

    fn script(&mut self, pid: Pid, tid: Tid) -> Vec<Frame> {
        let stop = Stop {
            pid: pid.number(),
            tid: tid.number(),
            pthread: arch::pthread(tid).unwrap_or(0..=0),
            root: Path::new("/"),
            maps: &|| proc::maps(tid),
            thread_name: &|| proc::thread_name(tid),
            read: &|address, buffer| {
                let length = buffer.len();
                ptrace::read_memory(tid, address, buffer) == Some(length)
            },
        };
        let mut frames = self.interpreters.frames(&stop);
        for frame in &mut frames {
            frame.interpreted = true;
        }
        frames
    }
}
