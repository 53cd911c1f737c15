//! Frames on the control socket: a length and that many bytes of `postcard`.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::{self, Read, Write};

/// Nothing that is sent is larger: captures and event lists are bounded.
const BYTES_MAX: u32 = 256 << 20;

/// Sends one message.
pub(crate) fn send(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut frame = vec![0u8; 4];
    frame = postcard::to_extend(message, frame).map_err(io::Error::other)?;
    let length = u32::try_from(frame.len() - 4).map_err(io::Error::other)?;
    frame[..4].copy_from_slice(&length.to_le_bytes());
    to.write_all(&frame)
}

/// Receives one message; `None` when the other side is gone.
pub(crate) fn receive<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0u8; 4];
    match from.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_le_bytes(length);
    if length > BYTES_MAX {
        return Err(io::Error::other(format!("a frame of {length} bytes")));
    }
    let mut bytes = vec![0u8; length as usize];
    from.read_exact(&mut bytes)?;
    postcard::from_bytes(&bytes)
        .map(Some)
        .map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_as_they_were() {
        let mut wire = Vec::new();
        send(&mut wire, &("one", 1u64)).unwrap();
        send(&mut wire, &("two", 2u64)).unwrap();
        let mut from = wire.as_slice();
        assert_eq!(
            receive::<(String, u64)>(&mut from).unwrap(),
            Some(("one".into(), 1))
        );
        assert_eq!(
            receive::<(String, u64)>(&mut from).unwrap(),
            Some(("two".into(), 2))
        );
        assert_eq!(receive::<(String, u64)>(&mut from).unwrap(), None);
    }

    #[test]
    fn a_torn_or_absurd_frame_is_an_error() {
        let mut wire = Vec::new();
        send(&mut wire, &("one", 1u64)).unwrap();
        let mut torn = &wire[..wire.len() - 1];
        assert!(receive::<(String, u64)>(&mut torn).is_err());
        let mut absurd = [0xff, 0xff, 0xff, 0xff].as_slice();
        assert!(receive::<(String, u64)>(&mut absurd).is_err());
    }
}
