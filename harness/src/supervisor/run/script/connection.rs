//! One connection of a built-in client. It never blocks.

use super::response::ResponseReader;
use crate::facts::Reply;
use crate::script::{Address, Protocol};
use crate::sys::network;
use crate::sys::poller::Poller;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

/// A request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pending {
    /// Its place among the facts.
    pub(super) request: usize,
    /// Where its bytes begin and end among all that this connection sends.
    pub(super) from: u64,
    pub(super) to: u64,
    /// It asks for no body.
    pub(super) without_body: bool,
}

/// What happened to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Happened {
    /// All bytes of a request were sent.
    Sent(usize),
    /// A request was answered.
    Answered {
        request: usize,
        answer: Reply,
        /// The connection is not to be used again.
        closes: bool,
    },
    /// The other end closed it, or reset it.
    Closed { reset: bool },
}

/// A connection that is open.
pub(super) struct Connection {
    stream: File,
    number: u64,
    /// The poller reports it.
    watched: bool,
    connected: bool,
    unsent: Vec<u8>,
    sent: u64,
    pub(super) pending: VecDeque<Pending>,
    /// How many requests were put on it.
    pub(super) requests: u32,
    response: ResponseReader,
    port: Option<u16>,
}

/// Bytes of one read.
const READ_BYTES: usize = 16 * 1024;
/// Receive buffer of a slow reader: the service is to feel it.
const SLOW_BUFFER_BYTES: usize = 2048;

impl Connection {
    /// Begins to connect.
    pub(super) fn open(
        address: &Address,
        tree: &str,
        protocol: Protocol,
        is_slow: bool,
        number: u64,
        poller: &Poller,
    ) -> io::Result<Connection> {
        let stream = match address {
            Address::Tcp(address) => {
                network::connect_tcp(*address, is_slow.then_some(SLOW_BUFFER_BYTES))?
            }
            Address::Unix(path) if path.starts_with('@') => network::connect_unix(Path::new(path))?,
            Address::Unix(path) => network::connect_unix(&Path::new(tree).join(path))?,
        };
        let port = network::own_port(stream.as_fd());
        let connection = Connection {
            stream: File::from(stream),
            number,
            watched: !is_slow,
            connected: false,
            unsent: Vec::new(),
            sent: 0,
            pending: VecDeque::new(),
            requests: 0,
            response: ResponseReader::new(protocol),
            port,
        };
        if connection.watched {
            poller.add_both(&connection.stream, number)?;
        }
        Ok(connection)
    }

    /// Puts a request on it. Returns which one of this connection it is, from 1.
    pub(super) fn push(&mut self, request: usize, bytes: &[u8], without_body: bool) -> u32 {
        let from = self.sent + self.unsent.len() as u64;
        self.unsent.extend_from_slice(bytes);
        self.pending.push_back(Pending {
            request,
            from,
            to: from + bytes.len() as u64,
            without_body,
        });
        self.requests += 1;
        self.requests
    }

    /// Whether the connection is made.
    pub(super) fn is_connected(&self) -> bool {
        self.connected
    }

    /// Whether everything was sent that can be.
    pub(super) fn is_sent(&self) -> bool {
        self.connected && self.unsent.is_empty()
    }

    /// The port of this end.
    pub(super) fn port(&self) -> Option<u16> {
        self.port
    }

    /// Bytes sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Bytes of the current answer that have come.
    pub(super) fn answer_bytes(&self) -> u64 {
        self.response.bytes()
    }

    /// The socket.
    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    /// Connects, sends and reads what it can without waiting; at most `read_max` bytes. Returns what that brought.
    ///
    /// # Errors
    /// The connection cannot be made.
    pub(super) fn go_on(&mut self, read_max: usize, poller: &Poller) -> io::Result<Vec<Happened>> {
        let mut happened = Vec::new();
        if !self.connected {
            network::connection_error(self.stream.as_fd())?;
            if !network::is_connected(self.stream.as_fd()) {
                return Ok(happened);
            }
            self.connected = true;
            if self.watched {
                poller.only_input(&self.stream, self.number)?;
            }
        }
        let mut reset = self.send(&mut happened)?;
        let closed = self.receive(read_max, &mut reset, &mut happened)?;
        if closed || reset {
            happened.push(Happened::Closed { reset });
        }
        Ok(happened)
    }

    /// Sends what fits. Returns whether the connection was reset.
    fn send(&mut self, happened: &mut Vec<Happened>) -> io::Result<bool> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(count) => {
                    self.unsent.drain(..count);
                    self.sent += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if is_reset(&error) => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        let sent = self.sent;
        let (from, pending) = (sent, self.pending.iter());
        happened.extend(
            pending
                .filter(|pending| pending.to <= from)
                .map(|pending| Happened::Sent(pending.request)),
        );
        Ok(false)
    }

    /// Reads what is there. Returns whether the other end has closed.
    fn receive(
        &mut self,
        read_max: usize,
        reset: &mut bool,
        happened: &mut Vec<Happened>,
    ) -> io::Result<bool> {
        let mut buffer = [0; READ_BYTES];
        let mut closed = false;
        let mut left = read_max;
        while left > 0 && !closed && !*reset {
            let most = left.min(READ_BYTES);
            match self.stream.read(&mut buffer[..most]) {
                Ok(0) => closed = true,
                Ok(count) => {
                    left -= count;
                    self.response.push(&buffer[..count]);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_reset(&error) => *reset = true,
                Err(error) => return Err(error),
            }
        }
        while let Some(first) = self.pending.front().copied() {
            match self.response.next(first.without_body, closed) {
                Ok(Some((answer, closes))) => {
                    self.pending.pop_front();
                    happened.push(Happened::Answered {
                        request: first.request,
                        answer,
                        closes,
                    });
                }
                Ok(None) => break,
                // What is no answer is as good as none.
                Err(_) => return Ok(true),
            }
        }
        Ok(closed)
    }

    /// The poller reports it no more. Dropping closes it.
    pub(super) fn unwatch(&self, poller: &Poller) {
        if self.watched {
            let _ = poller.remove(&self.stream);
        }
    }
}

fn is_reset(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
    )
}
