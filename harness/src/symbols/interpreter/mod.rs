//! What an interpreter is at: the lines of the program that it runs, read from the memory of a stopped process.
//!
//! Nothing runs in the process, and nothing is changed in it. Which interpreter it is comes from the files that it has
//! mapped ([`program`]), once for each image of a process; the frames are read anew at every stop ([`python`],
//! [`bash`]). Layouts are those that the interpreters publish. What is not understood gives no frames, never wrong
//! ones: each structure is recognised by what must be in it.
//!
//! Not done: dash has no symbols, and keeps its line in registers and static variables that nothing names; JavaScript
//! frames of Node.js have addresses that only V8 itself can name, and asking it to (`--perf-basic-prof`) makes it
//! write a file of its own, which are calls that the program does not make; of a Java virtual machine only the
//! thread's name is known.

mod bash;
mod memory;
mod program;
mod python;
mod start;
#[cfg(test)]
mod tests;

use crate::facts::Frame;
use memory::Memory;
use program::{Found, Programs};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::ops::RangeInclusive;
use std::path::Path;

pub(crate) use memory::Read;
pub(crate) use start::runs_program;

/// Frames of one stack that are kept: so many of the innermost, and, to see how it began, of the outermost.
const FRAMES_INNER_MAX: usize = 48;
const FRAMES_OUTER_MAX: usize = 16;

/// A thread that stands still.
pub(crate) struct Stop<'a> {
    /// Its process: the number by which [`Interpreters::forget`] knows it.
    pub(crate) pid: i32,
    /// The thread, by the number that it has for itself.
    pub(crate) tid: i32,
    /// Where that is what `pthread_self` returns in it: one address, where the processor tells; 0 where that is not
    /// known.
    pub(crate) pthread: RangeInclusive<u64>,
    /// What its paths are below: `/`, or `/proc/PID/root`.
    pub(crate) root: &'a Path,
    /// The text of `/proc/PID/maps`. It is asked for while no interpreter is known, and not any more after that.
    pub(crate) maps: &'a dyn Fn() -> Option<String>,
    /// The thread's name: `/proc/TID/comm`. It is asked for in a Java virtual machine only.
    pub(crate) thread_name: &'a dyn Fn() -> Option<String>,
    /// Its memory.
    pub(crate) read: Read<'a>,
}

/// The interpreters of all processes of a run.
#[derive(Default)]
pub(crate) struct Interpreters {
    programs: Programs,
    processes: HashMap<i32, Process>,
}

struct Process {
    /// A hash of the mappings that were looked at last.
    maps: u64,
    interpreter: Option<Interpreter>,
}

enum Interpreter {
    Python(Box<python::Python>),
    Bash(bash::Bash),
    Java,
}

impl Interpreters {
    /// The interpreter's frames of a thread, the innermost first; none where there is no interpreter, or it is none of
    /// its threads. Of deep stacks the innermost and the outermost ones are there. `module` is the base name of the
    /// source file, and `offset` the place in the function's bytecode, which tells two calls in one line apart.
    pub(crate) fn frames(&mut self, stop: &Stop) -> Vec<Frame> {
        let memory = Memory::new(stop.read);
        match self.interpreter(stop, &memory) {
            Some(Interpreter::Python(python)) => python.frames(&memory, stop.tid, &stop.pthread),
            Some(Interpreter::Bash(bash)) => bash.frames(&memory),
            Some(Interpreter::Java) => (stop.thread_name)().map(java).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// Whether a process ran an interpreter that is known here when its frames were asked for last.
    pub(crate) fn is_known(&self, pid: i32) -> bool {
        let process = self.processes.get(&pid);
        process.is_some_and(|process| process.interpreter.is_some())
    }

    /// The process executes another program, or has ended. Must be called for both: at the same addresses there is
    /// something else then.
    pub(crate) fn forget(&mut self, pid: i32) {
        self.processes.remove(&pid);
    }

    fn interpreter(&mut self, stop: &Stop, memory: &Memory) -> Option<&mut Interpreter> {
        let process = self.processes.entry(stop.pid).or_insert(Process {
            maps: 0,
            interpreter: None,
        });
        if process.interpreter.is_none() {
            let maps = (stop.maps)()?;
            let mut hasher = DefaultHasher::new();
            maps.hash(&mut hasher);
            // A library with an interpreter can be loaded later.
            if process.maps != hasher.finish() {
                let found = self.programs.find(&maps, stop.root);
                process.interpreter = found.and_then(|found| Interpreter::new(memory, found));
                process.maps = hasher.finish();
            }
        }
        process.interpreter.as_mut()
    }
}

impl Interpreter {
    fn new(memory: &Memory, found: Found) -> Option<Interpreter> {
        match found {
            Found::Python { minor, runtime } => {
                let python = python::Python::new(memory, minor, runtime)?;
                Some(Interpreter::Python(Box::new(python)))
            }
            Found::Bash(symbols) => Some(Interpreter::Bash(bash::Bash::new(symbols))),
            Found::Java => Some(Interpreter::Java),
        }
    }
}

/// The one frame of a thread of a Java virtual machine; the kernel keeps 15 bytes of its name.
fn java(name: String) -> Frame {
    Frame {
        module: "java".to_owned(),
        function: Some(format!("thread {}", name.trim_end())),
        ..Frame::default()
    }
}

/// What is kept of a stack.
fn folded<T>(frames: &[T]) -> impl Iterator<Item = &T> {
    let outer = frames.len().saturating_sub(FRAMES_OUTER_MAX);
    let inner = frames.len().min(FRAMES_INNER_MAX);
    frames[..inner].iter().chain(&frames[outer.max(inner)..])
}
