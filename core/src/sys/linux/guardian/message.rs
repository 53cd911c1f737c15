//! What the guardian and the process that it works for tell each other.

use std::os::fd::RawFd;

/// Bytes of a message, in either direction.
pub(super) const MESSAGE_BYTES: usize = 8;

/// What is said on the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// To the guardian: this signal to the program's group, and when the
    /// program has ended, to what it left behind.
    Ask(i32),
    /// To the guardian: kill the program and all its descendants.
    Kill,
    /// To the guardian: reap the program, and end.
    End,
    /// To the guardian: leave what the program has left behind alone.
    Release,
    /// From the guardian: the process id of the program.
    Started(i32),
    /// From the guardian: the program was stopped by this signal.
    LeaderStopped(i32),
    /// From the guardian: the program has ended with this wait status.
    LeaderEnded(i32),
    /// From the guardian: so have all its descendants.
    Gone,
}

impl Message {
    pub(super) fn to_bytes(self) -> [u8; MESSAGE_BYTES] {
        let (kind, value) = match self {
            Message::Ask(signal) => (0, signal),
            Message::Kill => (1, 0),
            Message::End => (2, 0),
            Message::Started(pid) => (3, pid),
            Message::LeaderEnded(status) => (4, status),
            Message::Gone => (5, 0),
            Message::Release => (6, 0),
            Message::LeaderStopped(signal) => (7, signal),
        };
        (u64::from(value.cast_unsigned()) << 32 | kind).to_ne_bytes()
    }

    pub(super) fn from_bytes(bytes: [u8; MESSAGE_BYTES]) -> Option<Message> {
        let all = u64::from_ne_bytes(bytes);
        let value = ((all >> 32) as u32).cast_signed();
        Some(match all as u32 {
            0 => Message::Ask(value),
            1 => Message::Kill,
            2 => Message::End,
            3 => Message::Started(value),
            4 => Message::LeaderEnded(value),
            5 => Message::Gone,
            6 => Message::Release,
            7 => Message::LeaderStopped(value),
            _ => return None,
        })
    }
}

/// Sends a message without SIGPIPE; whether the other end is there.
/// Async-signal-safe.
pub(super) fn send(socket: RawFd, message: Message) -> bool {
    let bytes = message.to_bytes();
    // SAFETY: the buffer has the length that is said.
    let count = unsafe {
        libc::send(
            socket,
            bytes.as_ptr().cast(),
            MESSAGE_BYTES,
            libc::MSG_NOSIGNAL,
        )
    };
    count == MESSAGE_BYTES.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_round_trip() {
        let messages = [
            Message::Ask(15),
            Message::Kill,
            Message::End,
            Message::Started(4_194_303),
            Message::LeaderEnded(0x8b),
            Message::Gone,
            Message::Release,
            Message::LeaderStopped(21),
        ];
        for message in messages {
            assert_eq!(Message::from_bytes(message.to_bytes()), Some(message));
        }
        assert_eq!(Message::from_bytes([9; MESSAGE_BYTES]), None);
    }
}
