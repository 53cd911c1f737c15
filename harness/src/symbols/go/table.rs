//! The table of functions: of each its name, and programs that give the file and the line for each of its addresses.

use crate::facts::Frame;

/// Calls that were put into one another at one address are not more than this.
const INLINED_MAX: usize = 32;

/// A Go program's table.
pub(crate) struct GoTable {
    data: Vec<u8>,
    version: Version,
    /// Granularity of addresses.
    quantum: u64,
    functions: u64,
    /// The address from which functions count theirs.
    text: u64,
    /// Places in the data.
    names: u64,
    units: u64,
    files: u64,
    programs: u64,
    index: u64,
    /// The calls that were put into their callers: bytes from the place on from which functions count theirs.
    pub(super) inlined: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Go1_18,
    Go1_20,
}

/// One function's entry.
#[derive(Clone, Copy)]
pub(super) struct Function {
    /// Its place in the data.
    at: u64,
    /// Its first address and the one after its last, from the beginning of the text.
    entry: u64,
    end: u64,
}

impl Function {
    /// In bytes.
    pub(super) fn size(self) -> u64 {
        self.end.saturating_sub(self.entry)
    }
}

/// A call that was put into its caller.
pub(super) struct Inlined {
    pub(super) name: u64,
    /// Where in the function the call would be, from its first address.
    pub(super) call: u64,
}

impl GoTable {
    /// Takes the calls that were put into their callers.
    pub(super) fn with_inlined(self, inlined: Option<Vec<u8>>) -> GoTable {
        GoTable { inlined, ..self }
    }

    pub(super) fn parse(data: Vec<u8>, text: u64) -> Option<GoTable> {
        let head = data.first_chunk::<8>()?;
        let version = match u32::from_le_bytes([head[0], head[1], head[2], head[3]]) {
            0xffff_fff0 => Version::Go1_18,
            0xffff_fff1 => Version::Go1_20,
            _ => return None,
        };
        let (quantum, pointer) = (u64::from(head[6]), head[7]);
        if head[4..6] != [0, 0] || !matches!(quantum, 1 | 2 | 4) || pointer != 8 {
            return None;
        }
        let field = |place: u64| word(&data, 8 + place * 8);
        let inside = |place| field(place).filter(|at| *at <= data.len() as u64);
        let table = GoTable {
            version,
            quantum,
            functions: field(0)?,
            // Zero where the loader is to fill it in, and since 1.26 always.
            text: field(2).filter(|text| *text != 0).unwrap_or(text),
            names: inside(3)?,
            units: inside(4)?,
            files: inside(5)?,
            programs: inside(6)?,
            index: inside(7)?,
            inlined: None,
            data,
        };
        // An index that is cut off is of no use.
        let last = table.index.checked_add(table.functions.checked_mul(8)?)?;
        number(&table.data, last)?;
        Some(table)
    }

    /// The frames at this address as the file counts, the innermost first; none outside of Go's code.
    pub(crate) fn frames(&self, module: &str, address: u64) -> Vec<Frame> {
        let mut frames = Vec::new();
        let place = address.checked_sub(self.text);
        if let Some((place, function)) = place.and_then(|at| Some((at, self.function(at)?))) {
            self.expand(&function, place, |name, place| {
                let (file, line) = self.line(&function, place).unzip();
                frames.push(Frame {
                    module: module.to_owned(),
                    offset: address,
                    runtime: is_of_the_library(&name),
                    function: Some(name),
                    file,
                    line,
                    inlined: true,
                    interpreted: false,
                });
            });
        }
        if let Some(outermost) = frames.last_mut() {
            outermost.inlined = false;
        }
        frames
    }

    /// The functions at a place, each with the place in the code that its file and line are of.
    fn expand(&self, function: &Function, mut place: u64, mut found: impl FnMut(String, u64)) {
        /// Which of a function's tables tells what was put into it.
        const TREE_INDEX: u64 = 2;
        for _ in 0..INLINED_MAX {
            let program = self.extra(function, TREE_INDEX);
            let call = program
                .and_then(|program| self.value(program, function, place))
                .and_then(|value| u64::try_from(value).ok());
            let Some(call) = call else {
                break;
            };
            let Some(call) = self.call(function, call) else {
                // The line is another function's: better none.
                return found(self.name_of(function), u64::MAX);
            };
            found(self.name(call.name), place);
            place = function.entry.wrapping_add(call.call);
        }
        found(self.name_of(function), place);
    }

    fn function(&self, place: u64) -> Option<Function> {
        let entry = |index: u64| number(&self.data, self.index + index * 8);
        let (mut low, mut high) = (0, self.functions);
        while low < high {
            let middle = low.midpoint(high);
            if entry(middle)? <= place {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let function = self.at(low.checked_sub(1)?)?;
        (place < function.end).then_some(function)
    }

    /// A function by its place in the index.
    pub(super) fn at(&self, index: u64) -> Option<Function> {
        let entry = |index: u64| number(&self.data, self.index + index * 8);
        if index >= self.functions {
            return None;
        }
        Some(Function {
            at: self.index + number(&self.data, self.index + index * 8 + 4)?,
            entry: entry(index)?,
            end: entry(index + 1)?,
        })
    }

    fn field(&self, function: &Function, place: u64) -> Option<u64> {
        number(&self.data, function.at + place * 4)
    }

    fn name_of(&self, function: &Function) -> String {
        self.field(function, 1)
            .map(|name| self.name(name))
            .unwrap_or_default()
    }

    /// A name by its place among the names.
    fn name(&self, place: u64) -> String {
        printed(&self.text_at(self.names + place).unwrap_or_default())
    }

    /// Whether a name begins here.
    pub(super) fn is_name(&self, place: u64) -> bool {
        place == 0
            || self.names + place < self.units
                && self.data.get((self.names + place) as usize - 1) == Some(&0)
    }

    fn text_at(&self, place: u64) -> Option<String> {
        let rest = self.data.get(usize::try_from(place).ok()?..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        Some(String::from_utf8_lossy(&rest[..end]).into_owned())
    }

    /// File and line of a place in a function.
    fn line(&self, function: &Function, place: u64) -> Option<(String, u32)> {
        let file = self.value(self.field(function, 5)?, function, place)?;
        let line = self.value(self.field(function, 6)?, function, place)?;
        let unit = self.field(function, 8)?;
        let file = unit.checked_add(u64::try_from(file).ok()?)?;
        let file = number(&self.data, self.units + file * 4)?;
        Some((
            self.text_at(self.files + file)?,
            u32::try_from(line).ok().filter(|line| *line > 0)?,
        ))
    }

    /// Where an optional program of a function is.
    fn extra(&self, function: &Function, place: u64) -> Option<u64> {
        let count = self.field(function, 7)?;
        let known = place < count;
        known
            .then(|| self.field(function, self.head() + place))
            .flatten()
    }

    /// How many numbers stand before the optional ones; 1.20 has one more.
    fn head(&self) -> u64 {
        match self.version {
            Version::Go1_18 => 10,
            Version::Go1_20 => 11,
        }
    }

    /// Where the calls that were put into a function are, from the place from which all of them are counted.
    pub(super) fn tree(&self, function: &Function) -> Option<u64> {
        const TREE: u64 = 3;
        const NONE: u64 = u32::MAX as u64;
        let count = self
            .data
            .get((function.at + self.head() * 4) as usize - 1)?;
        let place = self.head() + self.field(function, 7)? + TREE;
        let tree = (TREE < u64::from(*count)).then(|| self.field(function, place))??;
        (tree != NONE).then_some(tree)
    }

    /// One of the calls that were put into a function.
    fn call(&self, function: &Function, index: u64) -> Option<Inlined> {
        self.call_in(self.inlined.as_ref()?, self.tree(function)?, index)
    }

    /// The same in bytes that may hold these calls.
    pub(super) fn call_in(&self, bytes: &[u8], tree: u64, index: u64) -> Option<Inlined> {
        let (size, name, call) = match self.version {
            Version::Go1_18 => (20, 12, 16),
            Version::Go1_20 => (16, 4, 8),
        };
        let at = tree.checked_add(index.checked_mul(size)?)?;
        Some(Inlined {
            name: number(bytes, at + name)?,
            call: number(bytes, at + call)?,
        })
    }

    /// Runs a program: pairs of steps, in the value and in the code, from -1 and the function's first address.
    fn value(&self, program: u64, function: &Function, place: u64) -> Option<i64> {
        if program == 0 {
            return None;
        }
        let start = usize::try_from(self.programs.checked_add(program)?).ok()?;
        let mut bytes = self.data.get(start..)?.iter().copied();
        let mut value = -1;
        let mut end = function.entry;
        loop {
            let step = varint(&mut bytes)?;
            if step == 0 && end != function.entry {
                return None;
            }
            value += i64::from(step >> 1) ^ -i64::from(step & 1);
            end = end.wrapping_add(u64::from(varint(&mut bytes)?) * self.quantum);
            if place < end {
                return Some(value);
            }
        }
    }
}

/// Seven bits a byte, the lowest first, each byte but the last marked.
fn varint(bytes: &mut impl Iterator<Item = u8>) -> Option<u32> {
    let mut value = 0;
    for shift in (0..32).step_by(7) {
        let byte = bytes.next()?;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A name as Go prints it: without the types that stand for a function's parameters, and with the dots that the last
/// part of a path may have.
fn printed(name: &str) -> String {
    let name = name.replace("%2e", ".");
    match (name.find('['), name.rfind(']')) {
        (Some(open), Some(close)) if open < close => {
            format!("{}[...]{}", &name[..open], &name[close + 1..])
        }
        _ => name,
    }
}

fn number(data: &[u8], at: u64) -> Option<u64> {
    let bytes = data.get(usize::try_from(at).ok()?..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes).into())
}

fn word(data: &[u8], at: u64) -> Option<u64> {
    let bytes = data.get(usize::try_from(at).ok()?..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

/// The packages of Go's standard library, by the first part of their paths. No module can be named so.
const LIBRARY: [&str; 46] = [
    "archive",
    "bufio",
    "bytes",
    "cmp",
    "compress",
    "container",
    "context",
    "crypto",
    "database",
    "debug",
    "embed",
    "encoding",
    "errors",
    "expvar",
    "flag",
    "fmt",
    "go",
    "hash",
    "html",
    "image",
    "index",
    "internal",
    "io",
    "iter",
    "log",
    "maps",
    "math",
    "mime",
    "net",
    "os",
    "path",
    "plugin",
    "reflect",
    "regexp",
    "runtime",
    "slices",
    "sort",
    "strconv",
    "strings",
    "sync",
    "syscall",
    "testing",
    "text",
    "time",
    "unicode",
    "vendor",
];

/// Whether a function is of Go's own library: by its package, or because it has none, as code in assembly and what the
/// compiler makes.
fn is_of_the_library(function: &str) -> bool {
    // A type's parameters can have paths of their own.
    let name = function.split('[').next().unwrap_or(function);
    let first = match name.split_once('/') {
        Some((first, _)) => first,
        None => match name.split_once('.') {
            Some((package, _)) => package,
            None => return true,
        },
    };
    first.contains(':') || LIBRARY.contains(&first)
}
