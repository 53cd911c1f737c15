//! A target's standard streams, seen from outside.

use crate::facts::{Capture, CaptureWriter, Stream, TerminalFact};
use crate::sys::ids::Pid;
use crate::sys::poller::Poller;
use crate::sys::pty;
use crate::sys::pty::Pty;
use crate::sys::spawn;
use crate::sys::spawn::Stdio;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// One stream that is read.
pub(crate) struct Reader {
    file: File,
    stream: Stream,
    capture: CaptureWriter,
    open: bool,
}

/// A piece of output that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) stream: Stream,
    pub(crate) bytes: usize,
    /// The capture has kept it.
    pub(crate) kept: bool,
}

impl Reader {
    pub(crate) fn new(end: OwnedFd, stream: Stream) -> Reader {
        Reader {
            file: File::from(end),
            stream,
            capture: CaptureWriter::default(),
            open: true,
        }
    }

    /// Its descriptor.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Whether more can come.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Reads the next bytes; 0 when there are none now (`open` says whether more can come).
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read(buffer) {
                Ok(0) => {
                    self.open = false;
                    return Ok(0);
                }
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(0),
                // A pty master whose slaves are all closed.
                Err(error) if error.raw_os_error() == Some(libc::EIO) => {
                    self.open = false;
                    return Ok(0);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Closes this end for good. What is read from then on is an end of file.
    fn close(&mut self, poller: &Poller) -> io::Result<()> {
        if self.open {
            poller.remove(&self.file)?;
        }
        self.open = false;
        self.file = File::open("/dev/null")?;
        Ok(())
    }
}

/// All streams of one run.
pub(crate) struct Streams {
    readers: Vec<Reader>,
    terminal: Option<(OwnedFd, TerminalFact)>,
    hung_up: bool,
    /// The target's ends, closed here once it has them.
    theirs: Vec<OwnedFd>,
}

impl Streams {
    pub(crate) fn pipes(stdin: Option<&Path>) -> io::Result<Streams> {
        let input = File::open(stdin.unwrap_or_else(|| Path::new("/dev/null")))?;
        let (out, their_out) = spawn::output_pipe()?;
        let (err, their_err) = spawn::output_pipe()?;
        Ok(Streams {
            readers: vec![
                Reader::new(out, Stream::Stdout),
                Reader::new(err, Stream::Stderr),
            ],
            terminal: None,
            hung_up: false,
            theirs: vec![input.into(), their_out, their_err],
        })
    }

    pub(crate) fn terminal(size: (u16, u16)) -> io::Result<Streams> {
        let Pty { master, slave } = pty::open(size.0, size.1)?;
        let before = pty::settings(&slave)?;
        let fact = TerminalFact {
            size,
            before,
            after: before,
        };
        Ok(Streams {
            readers: vec![Reader::new(master, Stream::Terminal)],
            terminal: Some((slave, fact)),
            hung_up: false,
            theirs: Vec::new(),
        })
    }

    pub(crate) fn stdio(&self) -> Stdio<'_> {
        match &self.terminal {
            Some((slave, _)) => Stdio::Terminal(slave.as_fd()),
            None => Stdio::Three(
                self.theirs[0].as_fd(),
                self.theirs[1].as_fd(),
                self.theirs[2].as_fd(),
            ),
        }
    }

    /// The target has its ends: without this no end of file would ever come.
    pub(crate) fn started(&mut self) {
        self.theirs.clear();
    }

    /// The poller reports these streams, by their numbers from 0.
    pub(crate) fn watch(&self, poller: &Poller) -> io::Result<()> {
        for (number, reader) in self.readers.iter().enumerate() {
            poller.add(&reader.file, number as u64)?;
        }
        Ok(())
    }

    /// The poller reports none of these streams any more.
    pub(crate) fn unwatch(&self, poller: &Poller) {
        for reader in self.readers.iter().filter(|reader| reader.open) {
            let _ = poller.remove(&reader.file);
        }
    }

    /// How many streams are read.
    pub(crate) fn count(&self) -> usize {
        self.readers.len()
    }

    /// Reads a stream once. `None` when there is nothing now, or it has ended.
    pub(crate) fn read(
        &mut self,
        number: usize,
        buffer: &mut [u8],
        poller: &Poller,
    ) -> io::Result<Option<Piece>> {
        let reader = &mut self.readers[number];
        if !reader.open {
            return Ok(None);
        }
        let bytes = reader.read(buffer)?;
        if bytes == 0 {
            if !reader.open {
                poller.remove(&reader.file)?;
            }
            return Ok(None);
        }
        Ok(Some(Piece {
            stream: reader.stream,
            bytes,
            kept: reader.capture.push(&buffer[..bytes]),
        }))
    }

    /// What was captured of standard output (or of the terminal) and standard error.
    pub(crate) fn finish(self) -> (Capture, Capture) {
        let mut captures = self
            .readers
            .into_iter()
            .map(|reader| reader.capture.finish());
        let stdout = captures.next().unwrap_or_default();
        (stdout, captures.next().unwrap_or_default())
    }

    /// Closes the terminal's master end, which is a hangup. False when there is no terminal any more.
    pub(crate) fn hang_up(&mut self, poller: &Poller) -> io::Result<bool> {
        if self.terminal.is_none() || self.hung_up {
            return Ok(false);
        }
        self.hung_up = true;
        self.readers[0].close(poller)?;
        Ok(true)
    }

    /// Closes the reading end of a pipe. False when it is closed already.
    pub(crate) fn close_reader(&mut self, stream: Stream, poller: &Poller) -> io::Result<bool> {
        let wanted = |reader: &&mut Reader| reader.stream == stream && reader.open;
        match self.readers.iter_mut().find(wanted) {
            Some(reader) => reader.close(poller).map(|()| true),
            None => Ok(false),
        }
    }

    /// Types a character on the terminal. Returns the group in its foreground, by its leader.
    pub(crate) fn type_character(&mut self, character: u8) -> io::Result<Option<Pid>> {
        let Some((slave, _)) = &self.terminal else {
            return Err(io::Error::other(
                "there is no terminal to type on; use --pty",
            ));
        };
        if self.hung_up {
            return Ok(None);
        }
        let master = &mut self.readers[0].file;
        let foreground = pty::foreground(master.as_fd()).or_else(|| pty::foreground(slave.as_fd()));
        master.write_all(&[character])?;
        Ok(foreground)
    }

    /// Types what a person types, as far as the terminal takes it.
    pub(crate) fn type_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.terminal.is_none() {
            return Err(io::Error::other(
                "there is no terminal to type on; use --pty",
            ));
        }
        if self.hung_up {
            return Ok(());
        }
        self.readers[0].file.write_all(bytes)?;
        // Before that, whoever reads from the terminal would seem to wait in vain.
        self.typed_has_arrived()?;
        Ok(())
    }

    /// Changes the size of the window. The kernel tells the foreground group.
    pub(crate) fn resize(&mut self, rows: u16, columns: u16) -> io::Result<()> {
        match &self.terminal {
            Some((slave, _)) => pty::resize(slave, rows, columns),
            None => Ok(()),
        }
    }

    /// Lets the kernel finish what typing has begun: to ask whether there is something to read waits for its worker,
    /// unless something was there before. False when that was so, or the terminal is gone.
    pub(crate) fn typed_has_arrived(&self) -> io::Result<bool> {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        let Some((slave, _)) = &self.terminal else {
            return Ok(false);
        };
        let mut asked = [PollFd::new(slave.as_fd(), PollFlags::POLLIN)];
        Ok(poll(&mut asked, PollTimeout::ZERO)? == 0)
    }

    /// Waits until there is something to read from the terminal, at most this long.
    pub(crate) fn echo_within_ms(&self, limit_ms: u16) -> io::Result<()> {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        let mut wanted = [PollFd::new(self.readers[0].file.as_fd(), PollFlags::POLLIN)];
        poll(&mut wanted, PollTimeout::from(limit_ms))?;
        Ok(())
    }

    /// The terminal's settings, read after the target's end.
    pub(crate) fn terminal_fact(&self) -> Option<TerminalFact> {
        let (slave, fact) = self.terminal.as_ref()?;
        let mut fact = fact.clone();
        if let Ok(after) = pty::settings(slave) {
            fact.after = after;
        }
        Some(fact)
    }
}
