//! What a stream said, in bounded memory.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use xxhash_rust::xxh3::Xxh3Default;

/// Bytes kept from the start of a stream.
pub const HEAD_BYTES: usize = 256 * 1024;
/// Bytes kept from the end of a stream that said more than [`HEAD_BYTES`].
pub const TAIL_BYTES: usize = 64 * 1024;

/// A stream's output: its beginning, its end, how much there was, and a hash of
/// all of it. A target that floods its output costs at most
/// `HEAD_BYTES + TAIL_BYTES` of memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// The first bytes, at most 256 KiB.
    pub head: Vec<u8>,
    /// The last bytes after the head, at most 64 KiB.
    pub tail: VecDeque<u8>,
    /// How many bytes the stream carried in all.
    pub total: u64,
    /// Hash of every byte, kept or not.
    pub hash: u64,
}

impl Capture {
    /// True when bytes in the middle were dropped.
    pub fn truncated(&self) -> bool {
        self.dropped() > 0
    }

    /// How many bytes were dropped from the middle.
    pub fn dropped(&self) -> u64 {
        self.total - self.head.len() as u64 - self.tail.len() as u64
    }

    /// What was kept, as text; a line says how much is missing.
    pub fn text(&self) -> String {
        let mut text = String::from_utf8_lossy(&self.head).into_owned();
        if self.truncated() {
            text.push_str(&format!("\n[… {} bytes not kept …]\n", self.dropped()));
        }
        let (front, back) = self.tail.as_slices();
        text.push_str(&String::from_utf8_lossy(&[front, back].concat()));
        text
    }
}

/// Fills a [`Capture`] as bytes arrive.
#[derive(Default)]
pub(crate) struct CaptureWriter {
    capture: Capture,
    hasher: Xxh3Default,
}

impl CaptureWriter {
    /// Takes the next bytes; answers whether any of them was kept in the head,
    /// which is when they are worth an event of their own.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> bool {
        self.hasher.update(bytes);
        self.capture.total += bytes.len() as u64;
        let room = HEAD_BYTES - self.capture.head.len();
        let (head, rest) = bytes.split_at(room.min(bytes.len()));
        self.capture.head.extend_from_slice(head);
        let rest = &rest[rest.len().saturating_sub(TAIL_BYTES)..];
        let overflow = (self.capture.tail.len() + rest.len()).saturating_sub(TAIL_BYTES);
        self.capture.tail.drain(..overflow);
        self.capture.tail.extend(rest);
        !head.is_empty()
    }

    pub(crate) fn finish(mut self) -> Capture {
        self.capture.hash = self.hasher.digest();
        self.capture
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_bounded_and_said() {
        let mut writer = CaptureWriter::default();
        for _ in 0..100 {
            writer.push(&[b'x'; 64 * 1024]);
        }
        writer.push(b"the end");
        let capture = writer.finish();
        assert_eq!(capture.head.len(), HEAD_BYTES);
        assert_eq!(capture.tail.len(), TAIL_BYTES);
        assert_eq!(capture.total, 100 * 64 * 1024 + 7);
        assert!(capture.truncated());
        let text = capture.text();
        assert!(text.contains("bytes not kept"), "{}", text.len());
        assert!(text.ends_with("the end"));
    }

    #[test]
    fn a_small_output_is_kept_whole() {
        let mut writer = CaptureWriter::default();
        writer.push(b"one ");
        writer.push(b"two");
        let capture = writer.finish();
        assert!(!capture.truncated());
        assert_eq!(capture.text(), "one two");
        let mut again = CaptureWriter::default();
        again.push(b"one two");
        assert_eq!(capture.hash, again.finish().hash, "chunks do not matter");
    }
}
