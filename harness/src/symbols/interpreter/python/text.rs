//! Python's texts: one, two or four bytes a character, whichever the widest of them needs.

use super::super::memory::Memory;
use super::layout::Text;

/// Longer names and paths are cut off here, in bytes.
const TEXT_MAX: usize = 16 * 1024;

/// What is read at once: the head and, of nearly every text, all of its characters.
const READ_AHEAD: usize = 192;

const COMPACT: u32 = 1 << 3;
const ASCII: u32 = 1 << 4;

/// The text of the object at this address. `None` when there is none, or it is kept in the old way, as names are not.
pub(super) fn text(memory: &Memory, layout: &Text, object: u64) -> Option<String> {
    let head = memory.start(object, READ_AHEAD)?;
    let head = match head.number(layout.state) {
        Some(_) => head,
        // At the end of a page.
        None => memory.block(object, layout.state as usize + 4)?,
    };
    // From the kind on.
    let state = head.number(layout.state)? >> layout.kind_shift;
    let width = state as usize & 7;
    if state & COMPACT == 0 || !matches!(width, 1 | 2 | 4) {
        return None;
    }
    let characters = usize::try_from(head.word(layout.length)?).ok()?;
    let bytes = characters.checked_mul(width)?.min(TEXT_MAX);
    let begin = if state & ASCII != 0 {
        layout.ascii
    } else {
        layout.other
    };
    let known = head.0.get(begin as usize..begin as usize + bytes);
    match known {
        Some(known) => Some(decoded(known, width)),
        None => Some(decoded(
            &memory.block(object.checked_add(begin)?, bytes)?.0,
            width,
        )),
    }
}

fn decoded(bytes: &[u8], width: usize) -> String {
    bytes
        .chunks_exact(width)
        .map(|character| {
            let mut wide = [0; 4];
            wide[..width].copy_from_slice(character);
            // Lone surrogates stand for bytes of a path that are no UTF-8.
            char::from_u32(u32::from_le_bytes(wide)).unwrap_or(char::REPLACEMENT_CHARACTER)
        })
        .collect()
}
