//! Giving back the memory that the guardian has from the process it was forked
//! from.
//!
//! It is a copy made page by page as either of the two writes: a program that
//! rewrites its heap would have it twice, and once more for each command. The
//! guardian needs its stack, its thread's own variables and static data, and
//! nothing of a heap. Async-signal-safe, all of it.

use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU8, Ordering};

use super::kernel::{read, with_file};

/// Smaller mappings stay: a heap that matters is larger.
const BYTES_MIN: usize = 1 << 20;
/// So large is no heap, but the shadow memory of a sanitizer: its runtime looks into that, and into more of its own, in
/// every function.
const SHADOW_MIN: usize = 1 << 40;
/// A line of `maps` up to its path, which may be cut.
const LINE_MAX: usize = 128;

/// A mapping of this process, and whether it is private, writable memory
/// without a file.
struct Mapping {
    start: usize,
    end: usize,
    is_memory: bool,
}

/// Unmaps the memory of the parent, but for what holds one of the addresses in
/// `kept` and for what every function needs. Below a sanitizer that is all of it.
///
/// # Safety
/// Nothing else that is on a heap or on another thread's stack is used again.
pub(super) unsafe fn release(kept: &[usize]) {
    static MARK: AtomicU8 = AtomicU8::new(1);
    // In a static executable the variables of the C library lie beside ours.
    MARK.store(2, Ordering::Relaxed);
    // SAFETY: no precondition; the thread's own error number.
    let errno = unsafe { libc::__errno_location() }.addr();
    let stack = (&raw const kept).addr();
    let needed = [errno, stack, (&raw const MARK).addr()];
    let mut is_shadowed = false;
    for_each_mapping(|mapping| {
        is_shadowed |= mapping.is_memory && mapping.end - mapping.start >= SHADOW_MIN;
    });
    if is_shadowed {
        return;
    }
    for_each_mapping(|mapping| {
        let holds = |address: &usize| (mapping.start..mapping.end).contains(address);
        let is_needed = needed.iter().chain(kept).any(holds);
        if mapping.is_memory && mapping.end - mapping.start >= BYTES_MIN && !is_needed {
            let address = std::ptr::without_provenance_mut(mapping.start);
            // SAFETY: as the caller promises. A failure leaves the memory.
            let _ = unsafe { libc::munmap(address, mapping.end - mapping.start) };
        }
    });
}

/// Calls `visit` with each mapping. Unmapping what was read is fine: the kernel
/// goes on after the last address.
fn for_each_mapping(mut visit: impl FnMut(&Mapping)) {
    with_file(c"/proc/self/maps", |fd: RawFd| {
        let mut buffer = [0_u8; 4096];
        let mut line = [0_u8; LINE_MAX];
        let mut length = 0;
        loop {
            let count = read(fd, &mut buffer);
            if count == 0 {
                return;
            }
            for &byte in &buffer[..count] {
                if byte != b'\n' {
                    if let Some(place) = line.get_mut(length) {
                        *place = byte;
                        length += 1;
                    }
                    continue;
                }
                if let Some(mapping) = Mapping::parse(&line[..length]) {
                    visit(&mapping);
                }
                length = 0;
            }
        }
    });
}

impl Mapping {
    /// Reads `START-END PERMISSIONS OFFSET DEVICE INODE PATH`.
    fn parse(line: &[u8]) -> Option<Mapping> {
        let mut fields = line
            .split(|byte| *byte == b' ')
            .filter(|field| !field.is_empty());
        let range = fields.next()?;
        let dash = range.iter().position(|byte| *byte == b'-')?;
        let (start, end) = (
            hexadecimal(&range[..dash])?,
            hexadecimal(&range[dash + 1..])?,
        );
        let permissions = fields.next()?;
        let inode = fields.nth(2)?;
        let path = fields.next().unwrap_or_default();
        let is_heap = path.is_empty() || path == b"[heap]" || path.starts_with(b"[anon:");
        Some(Mapping {
            start,
            end,
            is_memory: permissions == b"rw-p" && inode == b"0" && is_heap,
        })
    }
}

fn hexadecimal(digits: &[u8]) -> Option<usize> {
    digits.iter().try_fold(0_usize, |value, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        value.checked_mul(16)?.checked_add(digit as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Option<(usize, usize, bool)> {
        let mapping = Mapping::parse(line.as_bytes())?;
        Some((mapping.start, mapping.end, mapping.is_memory))
    }

    #[test]
    fn memory_is_told_from_files() {
        let memory = Some((0x7f00, 0x8f00, true));
        assert_eq!(parsed("7f00-8f00 rw-p 00000000 00:00 0 "), memory);
        assert_eq!(
            parsed("7f00-8f00 rw-p 00000000 00:00 0      [heap]"),
            memory
        );
        let other = Some((0x7f00, 0x8f00, false));
        assert_eq!(parsed("7f00-8f00 r-xp 00000000 00:00 0 "), other);
        assert_eq!(parsed("7f00-8f00 rw-s 00000000 00:00 0 "), other);
        assert_eq!(
            parsed("7f00-8f00 rw-p 00000000 fd:00 12 /lib/libc.so"),
            other
        );
        assert_eq!(parsed("7f00-8f00 rw-p 00000000 00:00 0 [stack]"), other);
        assert_eq!(parsed("what is this"), None);
    }

    #[test]
    fn the_mappings_of_this_process_are_found() {
        let local = 0_u8;
        let address = (&raw const local).addr();
        let mut found = 0;
        for_each_mapping(|mapping| {
            found += u32::from((mapping.start..mapping.end).contains(&address));
        });
        assert_eq!(found, 1);
    }
}
