//! Failpoints: a cooperative target reports where it is, and waits
//! until it may go on.
//!
//! The target has one end of a socket pair (packets, so that one write is one
//! name): it writes a name and reads one byte. Everything that the schedule does
//! at a failpoint is done in between. All its threads and processes share the
//! end; a byte goes to whichever of them reads it, and so the answers go out one
//! at a time: while one is held back, no other name is read.

use crate::facts::Signal;
use crate::sys::poller::Poller;
use crate::sys::spawn;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// This end's number in the poller.
pub(crate) const FAILPOINTS: u64 = 1001;
/// Bytes of a name; what is longer is cut.
const BYTES_MAX: usize = 256;

/// The supervisor's end.
pub(crate) struct Failpoints {
    socket: File,
    /// The target's end, closed here once it has it.
    theirs: Option<OwnedFd>,
    /// How often each name was reported.
    counts: HashMap<String, u32>,
    /// Somebody waits for an answer that comes later.
    held: bool,
    /// The signal that ends that.
    until: Option<Signal>,
    open: bool,
}

impl Failpoints {
    pub(crate) fn new() -> io::Result<Failpoints> {
        let (ours, theirs) = spawn::packet_pair()?;
        Ok(Failpoints {
            socket: File::from(ours),
            theirs: Some(theirs),
            counts: HashMap::new(),
            held: false,
            until: None,
            open: true,
        })
    }

    /// The target's end.
    pub(crate) fn theirs(&self) -> Option<BorrowedFd<'_>> {
        self.theirs.as_ref().map(AsFd::as_fd)
    }

    /// The target has its end: without this no end of file would ever come.
    pub(crate) fn started(&mut self, poller: &Poller) -> io::Result<()> {
        self.theirs = None;
        poller.add(&self.socket, FAILPOINTS)
    }

    /// Returns the next name, and which time it is that this name is reported, from 1.
    pub(super) fn next(&mut self, poller: &Poller) -> io::Result<Option<(String, u32)>> {
        if self.held || !self.open {
            return Ok(None);
        }
        let mut name = [0; BYTES_MAX];
        let length = match self.socket.read(&mut name) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            // Closed with answers in it that nobody read.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            other => other?,
        };
        if length == 0 {
            self.close(poller)?;
            return Ok(None);
        }
        let name = String::from_utf8_lossy(&name[..length]).trim().to_owned();
        let nth = self.counts.entry(name.clone()).or_default();
        *nth = nth.saturating_add(1);
        Ok(Some((name, *nth)))
    }

    pub(super) fn answer(&mut self) -> io::Result<()> {
        match self.socket.write(b"\n") {
            // It is gone, or does not read its answers.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::BrokenPipe | io::ErrorKind::WouldBlock
                ) =>
            {
                Ok(())
            }
            other => other.map(|_| ()),
        }
    }

    /// Nothing is read meanwhile, and what is there would wake for ever.
    pub(super) fn hold(&mut self, until: Option<Signal>, poller: &Poller) -> io::Result<()> {
        self.held = true;
        self.until = until;
        poller.remove(&self.socket)
    }

    /// Whether an answer is held back until this signal was taken.
    pub(super) fn awaits(&self, signal: Signal) -> bool {
        self.until == Some(signal)
    }

    pub(super) fn let_go(&mut self, poller: &Poller) -> io::Result<()> {
        self.held = false;
        self.until = None;
        if !self.open {
            return Ok(());
        }
        poller.add(&self.socket, FAILPOINTS)
    }

    pub(super) fn close(&mut self, poller: &Poller) -> io::Result<()> {
        if self.open && !self.held && self.theirs.is_none() {
            poller.remove(&self.socket)?;
        }
        self.open = false;
        Ok(())
    }
}
