//! Where CPython keeps what a walk needs: offsets of fields, by version.
//!
//! Up to 3.12 they are the published headers' (`Include/internal/pycore_*.h`), which do not change within a version.
//! Since
//! 3.13 the runtime describes itself: it begins with a table of offsets (`_Py_DebugOffsets`).

use super::super::memory::{Block, Memory};
use super::lines::LineTable;

/// Offsets of fields, in bytes, for one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// In the runtime: the list of interpreters.
    pub(super) interpreters: u64,
    pub(super) interpreter: Interpreter,
    pub(super) thread: Thread,
    pub(super) frame: FrameFields,
    pub(super) code: Code,
    pub(super) text: Text,
    /// In a bytes object: how many, and the first of them.
    pub(super) bytes: [u64; 2],
    /// In any object: its type. In a type: its name.
    pub(super) object_type: u64,
    pub(super) type_name: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interpreter {
    pub(super) next: u64,
    pub(super) threads: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Thread {
    pub(super) next: u64,
    /// What `pthread_self` returns in it.
    pub(super) id: u64,
    /// What `gettid` returns in it, since 3.11.
    pub(super) native_id: Option<u64>,
    pub(super) top: Top,
}

/// Where a thread keeps its innermost frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Top {
    Frame(u64),
    /// Through another structure (3.11 and 3.12): its pointer in the thread, and the frame in it.
    Through(u64, u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameFields {
    pub(super) previous: u64,
    pub(super) code: u64,
    pub(super) position: u64,
    pub(super) counts: Position,
    /// Who the frame belongs to, since 3.11.
    pub(super) owner: Option<u64>,
    /// Which copy of the code the frame runs, in builds without a global lock since 3.14.
    pub(super) copy: Option<u64>,
}

/// How a frame keeps the instruction at which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// Bytes from the beginning of the code, up to 3.9.
    Bytes,
    /// Instructions of two bytes, 3.10.
    Units,
    /// The instruction's address, since 3.11.
    Address,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code {
    pub(super) file: u64,
    /// The name with those of the functions and classes around it; without them up to 3.10.
    pub(super) name: u64,
    pub(super) first_line: u64,
    pub(super) lines: u64,
    pub(super) table: LineTable,
    /// Where the instructions begin, since 3.11.
    pub(super) instructions: u64,
    /// The list of its copies, in builds without a global lock since 3.14.
    pub(super) copies: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) length: u64,
    pub(super) state: u64,
    /// Where the kind begins in the state's bits.
    pub(super) kind_shift: u32,
    /// Where the characters begin when they are ASCII, and when they are not.
    pub(super) ascii: u64,
    pub(super) other: u64,
}

const UP_TO_3_11: Text = Text {
    length: 16,
    state: 32,
    kind_shift: 2,
    ascii: 48,
    other: 72,
};

const PY_3_8: Layout = Layout {
    interpreters: 32,
    interpreter: Interpreter {
        next: 0,
        threads: 8,
    },
    thread: Thread {
        next: 8,
        id: 176,
        native_id: None,
        top: Top::Frame(24),
    },
    frame: FrameFields {
        previous: 24,
        code: 32,
        position: 104,
        counts: Position::Bytes,
        owner: None,
        copy: None,
    },
    code: Code {
        file: 104,
        name: 112,
        first_line: 40,
        lines: 120,
        table: LineTable::Steps,
        instructions: 0,
        copies: None,
    },
    text: UP_TO_3_11,
    bytes: [16, 32],
    object_type: 8,
    type_name: 24,
};

const PY_3_10: Layout = Layout {
    frame: FrameFields {
        position: 96,
        counts: Position::Units,
        ..PY_3_8.frame
    },
    code: Code {
        table: LineTable::Ranges,
        ..PY_3_8.code
    },
    ..PY_3_8
};

const PY_3_11: Layout = Layout {
    interpreters: 40,
    interpreter: Interpreter {
        next: 0,
        threads: 16,
    },
    thread: Thread {
        next: 8,
        id: 152,
        native_id: Some(160),
        top: Top::Through(56, 8),
    },
    frame: FrameFields {
        previous: 48,
        code: 32,
        position: 56,
        counts: Position::Address,
        owner: Some(69),
        copy: None,
    },
    code: Code {
        file: 112,
        name: 128,
        first_line: 72,
        lines: 136,
        table: LineTable::Locations,
        instructions: 184,
        copies: None,
    },
    ..PY_3_8
};

const PY_3_12: Layout = Layout {
    interpreter: Interpreter {
        next: 0,
        threads: 72,
    },
    thread: Thread {
        next: 8,
        id: 136,
        native_id: Some(144),
        top: Top::Through(56, 0),
    },
    frame: FrameFields {
        previous: 8,
        code: 0,
        owner: Some(70),
        ..PY_3_11.frame
    },
    code: Code {
        first_line: 68,
        instructions: 192,
        ..PY_3_11.code
    },
    text: Text {
        ascii: 40,
        other: 56,
        ..UP_TO_3_11
    },
    ..PY_3_11
};

/// The layout of Python 3.`minor`; since 3.13 it is read from the process, in which the runtime is at this address.
pub(super) fn layout(memory: &Memory, minor: u8, runtime: u64) -> Option<Layout> {
    match minor {
        8 | 9 => Some(PY_3_8),
        10 => Some(PY_3_10),
        11 => Some(PY_3_11),
        12 => Some(PY_3_12),
        13 | 14 => described(&memory.block(runtime, TABLE_BYTES)?),
        _ => None,
    }
}

/// How the table of offsets begins.
pub(in crate::symbols::interpreter) const COOKIE: &[u8; 8] = b"xdebugpy";
const TABLE_BYTES: usize = 800;
/// No structure is as large as this; a greater number is none of an offset.
const OFFSET_MAX: u64 = 1 << 24;

/// The minor version in the first bytes of a table of offsets, if this is one.
pub(in crate::symbols::interpreter) fn version(table: &Block) -> Option<u8> {
    let version = table.word(8)?;
    (table.0.starts_with(COOKIE) && version >> 24 == 3).then_some((version >> 16) as u8)
}

/// Reads the table of offsets: 64-bit numbers in the order of the header, which is fixed within a version.
fn described(table: &Block) -> Option<Layout> {
    let order = Order::of(version(table)?)?;
    let field = |position: u64| {
        table
            .word(position * 8)
            .filter(|offset| *offset < OFFSET_MAX)
    };
    // Zero is what a build writes that does not have the field.
    let optional = |position: Option<u64>| match position.map(field) {
        Some(None) => None,
        Some(Some(0)) | None => Some(None),
        Some(Some(offset)) => Some(Some(offset)),
    };
    let free_threaded = field(2)? != 0;
    let ascii = field(order.text + 3)?;
    Some(Layout {
        interpreters: field(5)?,
        interpreter: Interpreter {
            next: field(8)?,
            threads: field(9)?,
        },
        thread: Thread {
            next: field(order.thread + 2)?,
            id: field(order.thread + 5)?,
            native_id: Some(field(order.thread + 6)?),
            top: Top::Frame(field(order.thread + 4)?),
        },
        frame: FrameFields {
            previous: field(order.frame + 1)?,
            code: field(order.frame + 2)?,
            position: field(order.frame + 3)?,
            counts: Position::Address,
            owner: Some(field(order.frame + 5)?),
            copy: optional(order.copy)?,
        },
        code: Code {
            file: field(order.code + 1)?,
            name: field(order.code + 3)?,
            first_line: field(order.code + 5)?,
            lines: field(order.code + 4)?,
            table: LineTable::Locations,
            instructions: field(order.code + 9)?,
            copies: optional(order.copies)?,
        },
        text: Text {
            length: field(order.text + 2)?,
            state: field(order.text + 1)?,
            // Without a global lock one byte, not two bits, says whether the text is interned.
            kind_shift: if free_threaded { 8 } else { 2 },
            ascii,
            other: ascii + 16,
        },
        bytes: [field(order.bytes + 1)?, field(order.bytes + 2)?],
        object_type: field(order.object + 1)?,
        type_name: field(order.object + 3)?,
    })
}

/// Where each group of fields begins in a table of offsets; a group's first number is the structure's size.
struct Order {
    thread: u64,
    frame: u64,
    copy: Option<u64>,
    code: u64,
    copies: Option<u64>,
    object: u64,
    bytes: u64,
    text: u64,
}

impl Order {
    fn of(minor: u8) -> Option<Order> {
        match minor {
            13 => Some(Order {
                thread: 19,
                frame: 28,
                copy: None,
                code: 34,
                copies: None,
                object: 44,
                bytes: 64,
                text: 67,
            }),
            14 => Some(Order {
                thread: 22,
                frame: 31,
                copy: Some(38),
                code: 39,
                copies: Some(49),
                object: 50,
                bytes: 74,
                text: 77,
            }),
            _ => None,
        }
    }
}
