//! What a recorded run keeps: the points, and who made their calls.

use super::tracer::Tracer;
use crate::facts::{RawPoint, Stacks};
use crate::symbols::{Collector, Registers};
use crate::sys::{proc, ptrace};

/// Points and stacks of one run.
#[derive(Default)]
pub(crate) struct Recording {
    /// In order.
    pub(crate) points: Vec<RawPoint>,
    stacks: Collector,
    pub(crate) parallel: bool,
}

impl Recording {
    /// See [`crate::facts::Run::parallel`].
    pub(crate) fn is_parallel(&self) -> bool {
        self.parallel
    }

    /// The points, and their stacks, with names where those are wanted.
    pub(crate) fn finish(self, named: bool) -> (Vec<RawPoint>, Stacks) {
        (self.points, self.stacks.finish(named))
    }
}

impl Tracer {
    /// Takes the stack of a thread that stands at a call, for the point that comes next.
    pub(crate) fn take_stack(&mut self, tid: i32) {
        let stacks = &mut self.recording.stacks;
        let (Ok([ip, sp, bp]), Some(maps)) = (ptrace::standing(tid), proc::maps(tid)) else {
            // Gone meanwhile, or another kind of processor.
            stacks.miss();
            return;
        };
        let mut memory = Memory::new(tid);
        stacks.take(&maps, Registers { ip, sp, bp }, |address| {
            memory.word(address)
        });
    }
}

impl Tracer {
    /// A hash of the code that makes the call at which a thread stands; `None` where its stack cannot be read.
    pub(crate) fn code_of(&self, tid: i32) -> Option<u64> {
        let [ip, sp, bp] = ptrace::standing(tid).ok()?;
        let maps = proc::maps(tid)?;
        let mut memory = Memory::new(tid);
        let mut code = self.code.borrow_mut();
        code.code(&maps, Registers { ip, sp, bp }, |address| {
            memory.word(address)
        })
    }
}

/// A tracee's memory, page by page: a walk reads many words that lie side by side.
struct Memory {
    tid: i32,
    pages: Vec<(u64, Option<Box<[u8; PAGE]>>)>,
}

const PAGE: usize = 4096;

impl Memory {
    fn new(tid: i32) -> Memory {
        Memory {
            tid,
            pages: Vec::new(),
        }
    }

    fn word(&mut self, address: u64) -> Option<u64> {
        let mut bytes = [0; 8];
        for (byte, at) in bytes.iter_mut().zip(0u64..) {
            *byte = self.byte(address.checked_add(at)?)?;
        }
        Some(u64::from_ne_bytes(bytes))
    }

    fn byte(&mut self, address: u64) -> Option<u8> {
        let within = address % PAGE as u64;
        let start = address - within;
        if !self.pages.iter().any(|(known, _)| *known == start) {
            let mut page = Box::new([0; PAGE]);
            let whole = ptrace::read_memory(self.tid, start, page.as_mut_slice()) == Some(PAGE);
            self.pages.push((start, whole.then_some(page)));
        }
        let (_, page) = self.pages.iter().find(|(known, _)| *known == start)?;
        page.as_ref().map(|page| page[within as usize])
    }
}
