//! The frames of CPython 3.8 to 3.14.
//!
//! The runtime lists its interpreters, each of them its threads, each of those its innermost frame, and a frame the
//! code that it runs, the place in it, and the frame that called it. All of it is followed in the stopped process's
//! memory; nothing is kept from stop to stop but where the runtime is, so that nothing can be out of date. A thread is
//! told by what `pthread_self` returns in it, or by its number.
//!
//! What has been overwritten or is being changed at the moment ends the walk: what was found up to there is right.

mod layout;
mod lines;
mod text;

#[cfg(test)]
mod layout_tests;
#[cfg(test)]
mod lines_tests;

use super::folded;
use super::memory::{Block, Memory};
use crate::facts::Frame;
use layout::{Layout, Position, Top};
use std::ops::RangeInclusive;

pub(in crate::symbols::interpreter) use layout::{COOKIE, version};

const INTERPRETERS_MAX: usize = 64;
const THREADS_MAX: usize = 4096;
const FRAMES_MAX: usize = 2048;

/// Longer tables of lines are not read, in bytes: one of these has about 100,000 lines.
const LINES_MAX: u64 = 1 << 20;

/// Frames that are no function: entries from C, and the end of a thread's list. They belong to the interpreter itself.
const OWNED_BY_INTERPRETER: u8 = 3;

/// One process's interpreter.
pub(super) struct Python {
    minor: u8,
    runtime: u64,
    layout: Layout,
    /// The type of code objects, once one has been seen.
    code_type: Option<u64>,
}

/// A frame as it lies in memory: its code, and where it is in it.
struct Raw {
    code: u64,
    place: u64,
    copy: u64,
}

impl Python {
    /// The interpreter of version 3.`minor` whose runtime is at this address; `None` for a version that is not known.
    pub(super) fn new(memory: &Memory, minor: u8, runtime: u64) -> Option<Python> {
        Some(Python {
            minor,
            runtime,
            layout: layout::layout(memory, minor, runtime)?,
            code_type: None,
        })
    }

    /// The frames of this thread, the innermost first; none of a thread that runs no Python.
    pub(super) fn frames(
        &mut self,
        memory: &Memory,
        tid: i32,
        pthread: &RangeInclusive<u64>,
    ) -> Vec<Frame> {
        let mut raw = Vec::new();
        for thread in self.threads(memory, tid, pthread) {
            self.walk(memory, thread, &mut raw);
        }
        folded(&raw)
            .filter_map(|raw| self.named(memory, raw))
            .collect()
    }

    /// The states of this thread: one for each interpreter that runs in it, the newest first.
    fn threads(&self, memory: &Memory, tid: i32, pthread: &RangeInclusive<u64>) -> Vec<u64> {
        let Layout {
            interpreter,
            thread,
            ..
        } = self.layout;
        let bytes = thread.id.max(thread.native_id.unwrap_or(0)) as usize + 8;
        let mut found = Vec::new();
        let mut next = memory.pointer(self.runtime + self.layout.interpreters);
        for _ in 0..INTERPRETERS_MAX {
            let Some(current) = next else { break };
            let mut state = memory.pointer(current.wrapping_add(interpreter.threads));
            for _ in 0..THREADS_MAX {
                let Some((address, block)) =
                    state.and_then(|at| Some((at, memory.block(at, bytes)?)))
                else {
                    break;
                };
                let native = thread.native_id.and_then(|offset| block.word(offset));
                let is_its = block
                    .word(thread.id)
                    .is_some_and(|id| pthread.contains(&id));
                if is_its || native == Some(tid as u64) {
                    found.push(address);
                }
                state = block.word(thread.next).filter(|next| *next != 0);
            }
            next = memory.pointer(current.wrapping_add(interpreter.next));
        }
        found
    }

    fn walk(&mut self, memory: &Memory, thread: u64, raw: &mut Vec<Raw>) {
        let fields = self.layout.frame;
        let bytes = [fields.previous, fields.code, fields.position]
            .into_iter()
            .chain(fields.owner)
            .chain(fields.copy)
            .max()
            .unwrap_or_default() as usize
            + 8;
        let mut next = match self.layout.thread.top {
            Top::Frame(offset) => memory.pointer(thread.wrapping_add(offset)),
            Top::Through(offset, inner) => memory
                .pointer(thread.wrapping_add(offset))
                .and_then(|between| memory.pointer(between.wrapping_add(inner))),
        };
        while let Some(frame) = next.and_then(|at| memory.block(at, bytes))
            && raw.len() < FRAMES_MAX
        {
            raw.extend(self.raw(&frame));
            next = frame.word(fields.previous).filter(|next| *next != 0);
        }
    }

    fn raw(&self, frame: &Block) -> Option<Raw> {
        /// Since 3.14 the lowest bits of a reference say how it is counted; objects do not begin there.
        const TAGS: u64 = 7;
        let fields = self.layout.frame;
        if let Some(offset) = fields.owner
            && frame.byte(offset)? >= OWNED_BY_INTERPRETER
        {
            return None;
        }
        let place = match fields.counts {
            Position::Address => frame.word(fields.position)?,
            Position::Bytes | Position::Units => {
                i64::from(frame.number(fields.position)?.cast_signed()).cast_unsigned()
            }
        };
        Some(Raw {
            code: frame.word(fields.code)? & !TAGS,
            place,
            copy: match fields.copy {
                Some(offset) => u64::from(frame.number(offset)?),
                None => 0,
            },
        })
    }

    fn named(&mut self, memory: &Memory, raw: &Raw) -> Option<Frame> {
        let fields = self.layout.code;
        let bytes = [fields.file, fields.name, fields.first_line, fields.lines]
            .into_iter()
            .chain(fields.copies)
            .max()
            .unwrap_or_default() as usize
            + 8;
        let code = memory.block(raw.code, bytes)?;
        self.is_code(memory, &code).then_some(())?;
        let text = |offset| text::text(memory, &self.layout.text, code.word(offset)?);
        let file = text(fields.file)?;
        let place = self.place(memory, raw, &code);
        let lines = self.bytes(memory, code.word(fields.lines)?)?;
        let line = fields
            .table
            .line(&lines, code.number(fields.first_line)?, place);
        Some(Frame {
            module: file.rsplit('/').next().unwrap_or(&file).to_owned(),
            offset: u64::try_from(place).unwrap_or_default(),
            function: text(fields.name),
            line,
            inlined: false,
            runtime: self.is_of_the_library(&file),
            file: Some(file),
            interpreted: true,
        })
    }

    /// Whether this is a code object: other things can stand in a frame for a moment.
    fn is_code(&mut self, memory: &Memory, object: &Block) -> bool {
        let Some(kind) = object.word(self.layout.object_type) else {
            return false;
        };
        if self.code_type == Some(kind) {
            return true;
        }
        let name = memory
            .pointer(kind.wrapping_add(self.layout.type_name))
            .and_then(|name| memory.c_text(name));
        let is_code = name.as_deref() == Some("code");
        if is_code {
            self.code_type = Some(kind);
        }
        is_code
    }

    /// Where in its code a frame is, in bytes; less than zero before the first instruction.
    fn place(&self, memory: &Memory, raw: &Raw, code: &Block) -> i64 {
        match self.layout.frame.counts {
            Position::Bytes => raw.place.cast_signed(),
            Position::Units => raw.place.cast_signed().wrapping_mul(2),
            Position::Address => {
                let begin = self
                    .copy(memory, raw, code)
                    .unwrap_or(raw.code.wrapping_add(self.layout.code.instructions));
                raw.place.wrapping_sub(begin).cast_signed()
            }
        }
    }

    /// Where the copy of the code begins that a frame runs, if it is one.
    fn copy(&self, memory: &Memory, raw: &Raw, code: &Block) -> Option<u64> {
        let copies = code.word(self.layout.code.copies?)?;
        // The list begins with its length; the first in it is the original.
        (raw.copy > 0 && raw.copy < memory.word(copies)?).then_some(())?;
        memory.pointer(copies.wrapping_add(8 + raw.copy * 8))
    }

    fn bytes(&self, memory: &Memory, object: u64) -> Option<Vec<u8>> {
        const READ_AHEAD: usize = 256;
        let [size, begin] = self.layout.bytes;
        let head = memory.start(object, READ_AHEAD)?;
        let length = match head.word(size) {
            Some(length) => length,
            None => memory.word(object.wrapping_add(size))?,
        };
        if length > LINES_MAX {
            return None;
        }
        match head.0.get(begin as usize..(begin + length) as usize) {
            Some(known) => Some(known.to_vec()),
            None => Some(memory.block(object.wrapping_add(begin), length as usize)?.0),
        }
    }

    /// Whether a file is of the standard library, and not of what was installed beside it.
    fn is_of_the_library(&self, file: &str) -> bool {
        let zipped = format!("/python3{}.zip/", self.minor);
        // A build without a global lock has a directory of its own.
        let directory = format!("/python3.{}", self.minor);
        file.starts_with("<frozen ")
            || file.contains(&zipped)
            || file
                .match_indices(&directory)
                .map(|(at, _)| &file[at + directory.len()..])
                .map(|rest| rest.strip_prefix('t').unwrap_or(rest))
                .any(|rest| {
                    rest.starts_with('/')
                        && !rest.starts_with("/site-packages/")
                        && !rest.starts_with("/dist-packages/")
                })
    }
}
