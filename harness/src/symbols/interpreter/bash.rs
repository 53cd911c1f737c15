//! The line at which bash is, and the functions that it is in.
//!
//! Bash exports its variables for loadable builtins. `line_number` is what `LINENO` shows; the arrays behind
//! `FUNCNAME`, `BASH_SOURCE` and `BASH_LINENO` are its call stack, and are found in its table of shell variables.

use super::folded;
use super::memory::Memory;
use crate::facts::Frame;

/// Addresses of the variables that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Symbols {
    line_number: u64,
    global_variables: u64,
}

impl Symbols {
    /// `None` when it is not bash that has these symbols.
    pub(super) fn of(address: impl Fn(&str) -> Option<u64>) -> Option<Symbols> {
        // This name is no other program's.
        address("dollar_vars")?;
        Some(Symbols {
            line_number: address("line_number")?,
            global_variables: address("global_variables")?,
        })
    }

    pub(super) fn moved(self, by: u64) -> Symbols {
        Symbols {
            line_number: self.line_number.wrapping_add(by),
            global_variables: self.global_variables.wrapping_add(by),
        }
    }
}

/// Functions that call one another are seldom more than this.
const DEPTH_MAX: usize = 256;

/// One process's shell.
pub(super) struct Bash {
    symbols: Symbols,
}

impl Bash {
    pub(super) fn new(symbols: Symbols) -> Bash {
        Bash { symbols }
    }

    /// The frames, the innermost first; none before the shell has begun with its script.
    pub(super) fn frames(&self, memory: &Memory) -> Vec<Frame> {
        self.read(memory).unwrap_or_default()
    }

    fn read(&self, memory: &Memory) -> Option<Vec<Frame>> {
        let line = memory.number(self.symbols.line_number)?;
        let variables = self.variables(memory)?;
        let array = |name| Some(elements(memory, value(memory, &variables, name)?));
        let functions = array("FUNCNAME").unwrap_or_default();
        if functions.is_empty() {
            // `bash -c`, or a script on standard input: there is no file, and no array.
            return Some(vec![frame("main", "-c", line)]).filter(|_| line > 0);
        }
        let files = array("BASH_SOURCE")?;
        let callers = array("BASH_LINENO")?;
        let lines = std::iter::once(line).chain(
            callers
                .iter()
                .map(|caller| caller.parse().unwrap_or_default()),
        );
        let frames: Vec<Frame> = functions
            .iter()
            .zip(&files)
            .zip(lines)
            .map(|((function, file), line)| frame(function, file, line))
            .collect();
        Some(folded(&frames).cloned().collect())
    }
}

impl Bash {
    /// The buckets of the table of global variables.
    fn variables(&self, memory: &Memory) -> Option<Buckets> {
        // Of a context of variables: its table. Of a table: its buckets, and how many.
        const TABLE: u64 = 32;
        const BUCKETS: [u64; 2] = [0, 8];
        let context = memory.pointer(self.symbols.global_variables)?;
        let table = memory.pointer(context.wrapping_add(TABLE))?;
        let count = memory.number(table.wrapping_add(BUCKETS[1]))?;
        Some(Buckets {
            first: memory.pointer(table.wrapping_add(BUCKETS[0]))?,
            count: count.is_power_of_two().then_some(count)?,
        })
    }
}

struct Buckets {
    first: u64,
    count: u32,
}

/// The value of a variable: of an array its address.
fn value(memory: &Memory, buckets: &Buckets, name: &str) -> Option<u64> {
    // Of an entry: the next one, its name and its variable. Of a variable: its value.
    const NEXT: u64 = 0;
    const NAME: u64 = 8;
    const VARIABLE: u64 = 16;
    const VALUE: u64 = 8;
    let bucket = u64::from(hash(name) & (buckets.count - 1));
    let mut entry = memory.pointer(buckets.first.wrapping_add(bucket * 8));
    for _ in 0..DEPTH_MAX {
        let current = entry?;
        let known = memory.pointer(current.wrapping_add(NAME))?;
        if memory.c_text(known)? == name {
            let variable = memory.pointer(current.wrapping_add(VARIABLE))?;
            return memory.pointer(variable.wrapping_add(VALUE));
        }
        entry = memory.pointer(current.wrapping_add(NEXT));
    }
    None
}

/// FNV-1, as bash has it.
fn hash(name: &str) -> u32 {
    name.bytes().fold(2_166_136_261, |hash: u32, byte| {
        hash.wrapping_mul(16_777_619) ^ u32::from(byte)
    })
}

/// The texts in an array, the first one first: a ring through its head.
fn elements(memory: &Memory, array: u64) -> Vec<String> {
    // Up to 5.1 an array begins with its type.
    const HEADS: [u64; 2] = [16, 24];
    HEADS
        .into_iter()
        .filter_map(|offset| memory.pointer(array.wrapping_add(offset)))
        .find_map(|head| ring(memory, head))
        .unwrap_or_default()
}

fn ring(memory: &Memory, head: u64) -> Option<Vec<String>> {
    // Of an element: its index, its text and the next one. The head has no index.
    const TEXT: u64 = 8;
    const NEXT: u64 = 16;
    const NO_INDEX: u64 = u64::MAX;
    if memory.word(head)? != NO_INDEX {
        return None;
    }
    let mut texts = Vec::new();
    let mut next = memory.pointer(head.wrapping_add(NEXT))?;
    while next != head && texts.len() < DEPTH_MAX {
        let element = memory.block(next, NEXT as usize + 8)?;
        texts.push(memory.c_text(element.word(TEXT)?)?);
        next = element.word(NEXT)?;
    }
    Some(texts)
}

fn frame(function: &str, file: &str, line: u32) -> Frame {
    Frame {
        module: file.rsplit('/').next().unwrap_or(file).to_owned(),
        function: Some(function.to_owned()),
        file: Some(file.to_owned()),
        line: (line > 0).then_some(line),
        ..Frame::default()
    }
}
