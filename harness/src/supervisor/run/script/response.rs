//! Where an answer ends.

use crate::facts::Reply;
use crate::script::Protocol;
use std::io;
use xxhash_rust::xxh3::Xxh3Default;

/// Headers that are looked at.
const HEADERS_MAX: usize = 64;
/// A head, or the size of a chunk, that is longer is none.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Reads one answer after another from one connection.
pub(super) struct ResponseReader {
    protocol: Protocol,
    /// Bytes that were not looked at yet.
    buffer: Vec<u8>,
    part: Part,
    status: u16,
    bytes: u64,
    hash: Xxh3Default,
    /// Bytes of the answer so far, with its head.
    taken: u64,
    /// The connection ends with this answer.
    closes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Head,
    /// So many bytes are missing.
    Body(u64),
    ChunkSize,
    /// So many bytes of a chunk are missing, then the end of its line.
    Chunk(u64),
    /// Lines after the last chunk, up to an empty one.
    Trailers,
    UntilClose,
}

impl ResponseReader {
    pub(super) fn new(protocol: Protocol) -> ResponseReader {
        ResponseReader {
            protocol,
            buffer: Vec::new(),
            part: Part::Head,
            status: 0,
            bytes: 0,
            hash: Xxh3Default::new(),
            taken: 0,
            closes: false,
        }
    }

    /// Bytes have come.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Bytes of the current answer that have come.
    pub(super) fn bytes(&self) -> u64 {
        self.taken + self.buffer.len() as u64
    }

    /// The next whole answer, if it is there, and whether the connection ends with it. `without_body` says that the
    /// request asks for a head alone, `closed` that nothing more comes.
    ///
    /// # Errors
    /// Bytes that are no answer.
    pub(super) fn next(
        &mut self,
        without_body: bool,
        closed: bool,
    ) -> io::Result<Option<(Reply, bool)>> {
        loop {
            let is_done = match (self.protocol, self.part) {
                (Protocol::Lines, _) => match self.buffer.iter().position(|byte| *byte == b'\n') {
                    Some(end) => {
                        self.take(end + 1, true);
                        true
                    }
                    None => return Ok(None),
                },
                (Protocol::Http, Part::Head) => match self.head(without_body)? {
                    Some(is_done) => is_done,
                    None => return Ok(None),
                },
                (Protocol::Http, part) => match self.body(part, closed)? {
                    Some(is_done) => is_done,
                    None => return Ok(None),
                },
            };
            if is_done {
                let answer = Reply::Whole {
                    status: self.status,
                    bytes: self.bytes,
                    hash: self.hash.digest(),
                };
                let closes = self.closes;
                let rest = std::mem::take(&mut self.buffer);
                *self = ResponseReader::new(self.protocol);
                self.buffer = rest;
                return Ok(Some((answer, closes)));
            }
        }
    }

    /// Whether the head is there, and the whole answer with it; `None` when it is not.
    fn head(&mut self, without_body: bool) -> io::Result<Option<bool>> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(&self.buffer) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if self.buffer.len() < HEAD_BYTES_MAX => return Ok(None),
            Ok(httparse::Status::Partial) => return Err(no_answer("its head does not end")),
            Err(error) => return Err(no_answer(&error.to_string())),
        };
        let status = response.code.unwrap_or_default();
        let header = |name: &str| {
            let mut found = response.headers.iter();
            let found = found.find(|header| header.name.eq_ignore_ascii_case(name))?;
            std::str::from_utf8(found.value).ok()
        };
        let chunked = header("transfer-encoding")
            .is_some_and(|value| value.to_ascii_lowercase().contains("chunked"));
        let has_body = !(without_body || status == 204 || status == 304);
        let part = match header("content-length").map(|value| value.trim().parse::<u64>()) {
            _ if !has_body => Part::Body(0),
            _ if chunked => Part::ChunkSize,
            Some(Ok(length)) => Part::Body(length),
            Some(Err(_)) => return Err(no_answer("its length is no number")),
            None => Part::UntilClose,
        };
        let connection = header("connection")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let closes = match response.version {
            Some(1) => connection.contains("close"),
            _ => !connection.contains("keep-alive"),
        };
        self.take(length, false);
        // "100 Continue" and the like announce the answer.
        if (100..200).contains(&status) {
            return Ok(Some(false));
        }
        self.status = status;
        self.part = part;
        self.closes = closes || part == Part::UntilClose;
        Ok(Some(part == Part::Body(0)))
    }

    /// Goes on with the body. Returns whether it is complete; `None` when bytes are missing.
    fn body(&mut self, part: Part, closed: bool) -> io::Result<Option<bool>> {
        match part {
            Part::Body(missing) => {
                let taken = self.take_content(missing);
                self.part = Part::Body(missing - taken);
                Ok((taken == missing).then_some(true))
            }
            Part::ChunkSize => match httparse::parse_chunk_size(&self.buffer) {
                Ok(httparse::Status::Complete((length, 0))) => {
                    self.take(length, false);
                    self.part = Part::Trailers;
                    Ok(Some(false))
                }
                Ok(httparse::Status::Complete((length, size))) => {
                    self.take(length, false);
                    self.part = Part::Chunk(size);
                    Ok(Some(false))
                }
                Ok(httparse::Status::Partial) => Ok(None),
                Err(_) => Err(no_answer("a chunk has no size")),
            },
            Part::Chunk(missing) => {
                let taken = self.take_content(missing);
                self.part = Part::Chunk(missing - taken);
                if taken < missing || self.buffer.len() < 2 {
                    return Ok(None);
                }
                self.take(2, false);
                self.part = Part::ChunkSize;
                Ok(Some(false))
            }
            Part::Trailers => match self.buffer.windows(2).position(|pair| pair == b"\r\n") {
                Some(0) => {
                    self.take(2, false);
                    Ok(Some(true))
                }
                Some(end) => {
                    self.take(end + 2, false);
                    Ok(Some(false))
                }
                None => Ok(None),
            },
            Part::UntilClose => {
                self.take_content(u64::MAX);
                Ok(closed.then_some(true))
            }
            Part::Head => Ok(None),
        }
    }

    /// Takes what is there of so many bytes of the body.
    fn take_content(&mut self, missing: u64) -> u64 {
        let there = missing.min(self.buffer.len() as u64);
        self.take(there as usize, true);
        there
    }

    fn take(&mut self, length: usize, is_content: bool) {
        let taken: Vec<u8> = self.buffer.drain(..length).collect();
        self.taken += length as u64;
        if is_content {
            self.bytes += length as u64;
            self.hash.update(&taken);
        }
    }
}

fn no_answer(why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("no answer of HTTP: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers in these bytes, however they are cut.
    fn read(protocol: Protocol, bytes: &[u8], piece: usize) -> Vec<(u16, u64)> {
        let mut reader = ResponseReader::new(protocol);
        let mut answers = Vec::new();
        for piece in bytes.chunks(piece) {
            reader.push(piece);
            while let Some(answer) = reader.next(false, false).expect("an answer") {
                match answer.0 {
                    Reply::Whole { status, bytes, .. } => answers.push((status, bytes)),
                    other => panic!("{other:?}"),
                }
            }
        }
        answers
    }

    #[test]
    fn answers_end_where_they_end() {
        let length = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        let chunked = b"HTTP/1.1 201 Made\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nA: b\r\n\r\n";
        let none = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n";
        let bytes = [length.as_slice(), chunked, none].concat();
        for piece in [1, 2, 7, 1000] {
            let answers = read(Protocol::Http, &bytes, piece);
            assert_eq!(
                answers,
                [(200, 5), (201, 5), (204, 0)],
                "in pieces of {piece}"
            );
            assert_eq!(
                read(Protocol::Lines, b"+OK\r\nPONG\r\nx", piece),
                [(0, 5), (0, 6)]
            );
        }
    }

    #[test]
    fn an_answer_without_a_length_ends_with_the_connection() {
        let mut reader = ResponseReader::new(Protocol::Http);
        reader.push(b"HTTP/1.0 200 OK\r\n\r\nhello");
        assert_eq!(reader.next(false, false).unwrap(), None);
        assert!(reader.next(false, true).unwrap().expect("an answer").1);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let mut reader = ResponseReader::new(Protocol::Http);
        reader.push(b"hello there\r\n\r\n");
        assert!(reader.next(false, false).is_err());
    }
}
