//! A process made of bytes, for versions and builds that describe themselves.
//!
//! The order of the fields is CPython's `Include/internal/pycore_debug_offsets.h` (3.13: `pycore_runtime.h`); the
//! offsets are chosen here, all of them different, so that a field that is taken for another one shows.

use super::Python;
use crate::facts::Frame;
use crate::symbols::interpreter::memory::Memory;
use std::collections::HashMap;

/// Groups of fields in the order of the table, each with the offsets of its fields; the first is the structure's size.
fn fields(minor: u8, free_threaded: bool) -> Vec<u64> {
    let newer = minor >= 14;
    // A field that a version or a build does not have.
    let only = |condition: bool, field: u64| condition.then_some(field);
    let group = |fields: &[Option<u64>]| fields.iter().flatten().copied().collect::<Vec<_>>();
    // Zero where a build with a global lock has nothing.
    let zero_unless = |condition: bool, offset| if condition { offset } else { 0 };
    let mut table = vec![u64::from(free_threaded)];
    table.extend([4096, 3, 56]); // runtime: finalizing, interpreters
    table.extend(group(&[
        Some(4096),
        Some(1), // id
        Some(88),
        Some(120), // threads
        only(newer, 2),
    ]));
    table.extend([5; 9]); // gc to the lock's holder
    table.extend(group(&[only(newer, 6), only(newer, 7)]));
    // Thread: prev, next, interp, current_frame, thread_id, native_thread_id, datastack_chunk, status.
    table.extend([300, 8, 24, 9, 72, 152, 168, 10, 11]);
    // Frame: previous, executable, instr_ptr, localsplus, owner.
    table.extend([100, 16, 0, 64, 12, 74]);
    table.extend(group(&[
        only(newer, 13),
        only(newer, zero_unless(free_threaded, 80)),
    ]));
    // Code: file, name, qualified name, lines, first line, argcount, two more, instructions.
    table.extend([240, 112, 14, 128, 144, 76, 15, 17, 18, 208]);
    table.extend(group(&[only(newer, zero_unless(free_threaded, 184))]));
    table.extend([16, 8]); // object: type
    table.extend([400, 24, 19, 20]); // type: name
    table.extend([21; 6]); // tuple, list
    table.extend(group(&[only(newer, 22); 4])); // set
    table.extend([23; 8]); // dict, float, long
    table.extend([33, 16, 40]); // bytes: size, content
    table.extend([72, 36, 16, 48]); // text: state, length, size of the head
    table
}

/// Pages of memory by their address.
#[derive(Default)]
struct Pieces(HashMap<u64, Vec<u8>>);

impl Pieces {
    /// Puts values at offsets of what is at this address.
    fn put(&mut self, address: u64, values: &[(u64, u64)]) {
        let piece = self.0.entry(address).or_insert_with(|| vec![0; 4096]);
        for (offset, value) in values {
            let offset = *offset as usize;
            piece[offset..offset + 8].copy_from_slice(&value.to_ne_bytes());
        }
    }

    fn put_bytes(&mut self, address: u64, offset: u64, bytes: &[u8]) {
        self.put(address, &[]);
        if let Some(piece) = self.0.get_mut(&address) {
            let offset = offset as usize;
            piece[offset..offset + bytes.len()].copy_from_slice(bytes);
        }
    }

    /// A text of so many bytes a character.
    fn put_text(&mut self, address: u64, text: &str, width: usize, kind_shift: u32) {
        const COMPACT: u64 = 1 << 3;
        const ASCII: u64 = 1 << 4;
        let is_ascii = text.is_ascii();
        let state = width as u64 | COMPACT | if is_ascii { ASCII } else { 0 };
        self.put(address, &[(36, state << kind_shift)]);
        self.put(address, &[(16, text.chars().count() as u64)]);
        let wide = text
            .chars()
            .map(|character| u32::from(character).to_le_bytes());
        let bytes: Vec<u8> = wide.flat_map(|wide| wide[..width].to_vec()).collect();
        self.put_bytes(address, if is_ascii { 48 } else { 64 }, &bytes);
    }

    /// A page.
    fn read(&self, address: u64, into: &mut [u8]) -> bool {
        let found = self.0.get(&address);
        if let Some(found) = found {
            into.copy_from_slice(found);
        }
        found.is_some()
    }
}

const RUNTIME: u64 = 0x10000;
const INTERPRETER: u64 = 0x20000;
const THREADS: [u64; 2] = [0x30000, 0x31000];
const FRAMES: [u64; 3] = [0x40000, 0x41000, 0x42000];
const CODE: u64 = 0x50000;
const CODE_TYPE: u64 = 0x60000;
const NAMES: [u64; 3] = [0x70000, 0x71000, 0x72000];
const LINES: u64 = 0x80000;
const COPIES: u64 = 0x90000;
const COPY: u64 = 0xa0000;
const PTHREAD: u64 = 0x7fff_0000_1740;

/// A thread in `save` at its third line, called through a frame that is the interpreter's own; another thread before
/// it.
fn process(minor: u8, free_threaded: bool) -> Pieces {
    let mut pieces = Pieces::default();
    let version = u64::from_be_bytes([0, 0, 0, 0, 3, minor, 1, 0xf0]);
    pieces.put_bytes(RUNTIME, 0, b"xdebugpy");
    pieces.put(RUNTIME, &[(8, version)]);
    for (field, place) in fields(minor, free_threaded).into_iter().zip(2..) {
        pieces.put(RUNTIME, &[(place * 8, field)]);
    }
    // Far behind the table, like the real one.
    let interpreters = 1800;
    pieces.put(
        RUNTIME,
        &[(5 * 8, interpreters), (interpreters, INTERPRETER)],
    );
    pieces.put(INTERPRETER, &[(120, THREADS[0])]);
    pieces.put(THREADS[0], &[(24, THREADS[1]), (152, 1), (168, 77)]);
    pieces.put(THREADS[1], &[(152, PTHREAD), (168, 78), (72, FRAMES[0])]);
    let begin = if free_threaded && minor >= 14 {
        COPY
    } else {
        CODE + 208
    };
    let executable = if minor >= 14 { CODE | 1 } else { CODE };
    let own = [(16, FRAMES[1]), (0, executable), (64, begin + 6)];
    pieces.put(FRAMES[0], &own);
    pieces.put(FRAMES[1], &[(16, FRAMES[2]), (0, executable)]);
    pieces.put_bytes(FRAMES[1], 74, &[3]); // of the interpreter
    pieces.put(FRAMES[2], &[(0, executable), (64, CODE + 208)]);
    pieces.put_bytes(FRAMES[2], 74, &[1]); // of a generator
    let names = [
        (112, NAMES[0]),
        (128, NAMES[1]),
        (144, LINES),
        (8, CODE_TYPE),
    ];
    pieces.put(CODE, &names);
    pieces.put_bytes(CODE, 76, &10u32.to_ne_bytes());
    pieces.put(CODE_TYPE, &[(24, NAMES[2])]);
    pieces.put_bytes(NAMES[2], 0, b"code\0");
    let kind_shift = if free_threaded { 8 } else { 2 };
    pieces.put_text(NAMES[0], "/srv/größe/app.py", 1, kind_shift);
    pieces.put_text(NAMES[1], "Saver.save", 1, kind_shift);
    // Two bytes at line 11, four at 12, two at 13.
    let table = [0xe8, 2, 0xe9, 2, 0xe8, 2];
    pieces.put(LINES, &[(16, table.len() as u64)]);
    pieces.put_bytes(LINES, 40, &table);
    if free_threaded && minor >= 14 {
        pieces.put(CODE, &[(184, COPIES)]);
        pieces.put(COPIES, &[(0, 2), (8, CODE + 208), (16, COPY)]);
        pieces.put_bytes(FRAMES[0], 80, &1u32.to_ne_bytes());
    }
    pieces
}

fn frames(pieces: &Pieces, minor: u8, tid: i32, pthread: u64) -> Vec<Frame> {
    let read = |address, into: &mut [u8]| pieces.read(address, into);
    let memory = Memory::new(&read);
    let python = Python::new(&memory, minor, RUNTIME);
    python.map_or_else(Vec::new, |mut python| {
        python.frames(&memory, tid, &(pthread..=pthread))
    })
}

fn shown(frames: &[Frame]) -> Vec<String> {
    frames.iter().map(ToString::to_string).collect()
}

const BUILDS: [(u8, bool); 4] = [(13, false), (13, true), (14, false), (14, true)];

#[test]
fn a_runtime_that_describes_itself_is_followed() {
    for (minor, free_threaded) in BUILDS {
        let pieces = process(minor, free_threaded);
        for (tid, pthread) in [(1, PTHREAD), (78, 0)] {
            let found = frames(&pieces, minor, tid, pthread);
            let wanted = ["Saver.save (app.py:13)", "Saver.save (app.py:11)"];
            assert_eq!(shown(&found), wanted, "3.{minor} {free_threaded}");
            assert_eq!(found[0].file.as_deref(), Some("/srv/größe/app.py"));
            assert_eq!(found[0].offset, 6);
        }
        assert!(frames(&pieces, minor, 1, 2).is_empty(), "another thread");
    }
}

#[test]
fn wide_texts_are_read() {
    let mut pieces = process(14, false);
    for (text, width) in [("名前", 2), ("😀.save", 4), ("größe", 1)] {
        pieces.put_text(NAMES[1], text, width, 2);
        let found = frames(&pieces, 14, 1, PTHREAD);
        assert_eq!(found[0].function.as_deref(), Some(text));
    }
}

#[test]
fn what_is_no_runtime_gives_no_frames_and_ends() {
    let pieces = process(14, false);
    // The table of another version, and a version that nobody knows.
    for minor in [13, 15, 7, 2] {
        assert!(frames(&pieces, minor, 1, PTHREAD).len() < 3);
    }
    // Lists without an end.
    let mut pieces = process(13, false);
    pieces.put(THREADS[1], &[(24, THREADS[0])]);
    pieces.put(INTERPRETER, &[(88, INTERPRETER)]);
    pieces.put(FRAMES[2], &[(16, FRAMES[0])]);
    assert!(frames(&pieces, 13, 1, PTHREAD).len() <= 64);
    // Any word of the process overwritten.
    let whole = process(14, true);
    let places: Vec<u64> = whole.0.keys().copied().collect();
    for place in places {
        for offset in (0..808).step_by(8) {
            for value in [0, 1, u64::MAX, u64::MAX - 7, 0x7fff_ffff_ffff, FRAMES[0]] {
                let mut pieces = process(14, true);
                pieces.put(place, &[(offset, value)]);
                let found = frames(&pieces, 14, 1, PTHREAD);
                assert!(found.len() <= 64, "{place:#x} {offset} {value:#x}");
            }
        }
    }
}
