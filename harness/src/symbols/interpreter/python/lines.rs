//! From the place of an instruction to a line: the three tables that CPython has had since 3.8.
//!
//! Places are counted in bytes from the beginning of the code. Documented in CPython's `Objects/lnotab_notes.txt` (3.8
//! to
//! 3.10) and `InternalDocs/code_objects.md` (since 3.11).

/// How a code object keeps its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineTable {
    /// `co_lnotab`, up to 3.9: steps in the code, each with the step in the source that comes after it.
    Steps,
    /// `co_linetable` of 3.10: lengths of code, each with the step in the source before it.
    Ranges,
    /// `co_linetable` since 3.11: lengths of code with lines and columns.
    Locations,
}

impl LineTable {
    /// The line of the instruction at this place, from 1. `None` where code has no line, or the table is of another
    /// kind.
    pub(super) fn line(self, table: &[u8], first: u32, place: i64) -> Option<u32> {
        // The code of a frame that is being set up has not begun.
        let Ok(place) = u64::try_from(place) else {
            return Some(first);
        };
        let line = match self {
            LineTable::Steps => Some(steps(table, first.into(), place)),
            LineTable::Ranges => ranges(table, first.into(), place),
            LineTable::Locations => locations(table, first.into(), place),
        };
        line.and_then(|line| u32::try_from(line).ok())
            .filter(|line| *line > 0)
    }
}

fn steps(table: &[u8], first: i64, place: u64) -> i64 {
    let mut line = first;
    let mut end = 0;
    for step in table.chunks_exact(2) {
        end += u64::from(step[0]);
        if end > place {
            break;
        }
        line += i64::from(step[1].cast_signed());
    }
    line
}

fn ranges(table: &[u8], first: i64, place: u64) -> Option<i64> {
    const NO_LINE: i8 = -128;
    let mut line = first;
    let mut end = 0;
    for range in table.chunks_exact(2) {
        end += u64::from(range[0]);
        let step = range[1].cast_signed();
        if step != NO_LINE {
            line += i64::from(step);
        }
        if end > place {
            return (step != NO_LINE).then_some(line);
        }
    }
    None
}

fn locations(table: &[u8], first: i64, place: u64) -> Option<i64> {
    const UNIT_BYTES: u64 = 2;
    const ENTRY: u8 = 0x80;
    let mut rest = table.iter().copied();
    let mut line = first;
    let mut end = 0;
    while let Some(head) = rest.next() {
        if head & ENTRY == 0 {
            return None; // no table: each entry begins with this bit, and nothing else in it has it
        }
        end += (u64::from(head & 7) + 1) * UNIT_BYTES;
        let step = match head >> 3 & 15 {
            15 => None,
            14 => {
                let step = signed(&mut rest)?;
                for _ in 0..3 {
                    unsigned(&mut rest)?; // the last line, two columns
                }
                Some(step)
            }
            13 => Some(signed(&mut rest)?),
            short @ 10..=12 => {
                rest.nth(1)?;
                Some(i64::from(short) - 10)
            }
            _ => {
                rest.next()?;
                Some(0)
            }
        };
        line += step.unwrap_or_default();
        if end > place {
            return step.map(|_| line);
        }
    }
    None
}

/// Six bits a byte, the lowest first, each but the last marked.
fn unsigned(bytes: &mut impl Iterator<Item = u8>) -> Option<i64> {
    const MORE: u8 = 0x40;
    let mut value = 0;
    for shift in (0..48).step_by(6) {
        let byte = bytes.next()?;
        value |= i64::from(byte & 0x3f) << shift;
        if byte & MORE == 0 {
            return Some(value);
        }
    }
    None
}

/// The same with the sign in the lowest bit.
fn signed(bytes: &mut impl Iterator<Item = u8>) -> Option<i64> {
    let value = unsigned(bytes)?;
    let size = value >> 1;
    Some(if value & 1 == 1 { -size } else { size })
}
