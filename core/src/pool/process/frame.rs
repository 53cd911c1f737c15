//! Frames between a pool and its worker processes: four bytes of length, least
//! first, then a value in `postcard` format.
//!
//! A length above the limit is an error before anything is allocated: what
//! comes over the socket may be the output of a program that went astray.

use std::io::{self, Read};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The limit of a frame unless set otherwise: 16 MiB.
pub(super) const FRAME_LIMIT: usize = 16 * 1024 * 1024;

/// The frame of a value.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] if the value cannot be encoded, or is
/// larger than `limit` bytes.
pub(super) fn encode(value: &impl Serialize, limit: usize) -> io::Result<Vec<u8>> {
    let invalid = |error: String| io::Error::new(io::ErrorKind::InvalidInput, error);
    let frame =
        postcard::to_extend(value, vec![0; 4]).map_err(|error| invalid(error.to_string()))?;
    let length = frame.len() - 4;
    if length > limit {
        let error = format!("a frame of {length} bytes is larger than the limit of {limit}");
        return Err(invalid(error));
    }
    let prefix = u32::try_from(length).map_err(|error| invalid(error.to_string()))?;
    let mut frame = frame;
    frame[..4].copy_from_slice(&prefix.to_le_bytes());
    Ok(frame)
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<T> {
    /// A value.
    Value(T),
    /// The other side asks for the end.
    End,
    /// The other side is gone: the end lies between two frames.
    Closed,
}

/// In place of a length: the end, see [`Frame::End`].
pub(super) const END: [u8; 4] = u32::MAX.to_le_bytes();

/// Reads a frame.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] if the frame is larger than `limit` bytes or
/// does not hold such a value; [`io::ErrorKind::UnexpectedEof`] if it ends
/// early; else those of reading.
pub(super) fn read<T: DeserializeOwned>(
    source: &mut impl Read,
    limit: usize,
) -> io::Result<Frame<T>> {
    let invalid = |error: String| io::Error::new(io::ErrorKind::InvalidData, error);
    let mut prefix = [0; 4];
    let mut have = 0;
    while have < prefix.len() {
        match source.read(&mut prefix[have..]) {
            Ok(0) if have == 0 => return Ok(Frame::Closed),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => have += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if prefix == END {
        return Ok(Frame::End);
    }
    let length = u32::from_le_bytes(prefix) as usize;
    if length > limit {
        let error = format!("a frame of {length} bytes is larger than the limit of {limit}");
        return Err(invalid(error));
    }
    let mut bytes = vec![0; length];
    source.read_exact(&mut bytes)?;
    postcard::from_bytes(&bytes)
        .map(Frame::Value)
        .map_err(|error| invalid(error.to_string()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Value = (u64, String, Vec<Option<i16>>);

    #[test]
    fn too_large_is_refused_on_both_sides() {
        let value = "x".repeat(100);
        let refused = encode(&value, 100).expect_err("a length byte more");
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
        let frame = encode(&value, 101).expect("fits");
        let error = read::<String>(&mut &frame[..], 100).expect_err("too large");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        // Nothing of the four gigabytes it promises is allocated or read.
        let error = read::<String>(&mut &[0xfe; 4][..], 100).expect_err("too large");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    proptest! {
        #[test]
        fn frames_round_trip(values in prop::collection::vec(any::<Value>(), 0..5)) {
            let mut bytes = Vec::new();
            for value in &values {
                bytes.extend(encode(value, FRAME_LIMIT).expect("fits"));
            }
            let mut source = &bytes[..];
            for value in &values {
                let read: Frame<Value> = read(&mut source, FRAME_LIMIT).expect("well-formed");
                prop_assert_eq!(read, Frame::Value(value.clone()));
            }
            let end: Frame<Value> = read(&mut source, FRAME_LIMIT).expect("the end");
            prop_assert_eq!(end, Frame::Closed);
            let end: Frame<Value> = read(&mut &END[..], FRAME_LIMIT).expect("the end");
            prop_assert_eq!(end, Frame::End);
        }

        #[test]
        fn a_cut_frame_is_an_error(value in any::<Value>(), cut in any::<prop::sample::Index>()) {
            let frame = encode(&value, FRAME_LIMIT).expect("fits");
            let cut = 1 + cut.index(frame.len() - 1);
            prop_assert!(read::<Value>(&mut &frame[..cut], FRAME_LIMIT).is_err());
        }

        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = read::<Value>(&mut &bytes[..], 32);
        }
    }
}
