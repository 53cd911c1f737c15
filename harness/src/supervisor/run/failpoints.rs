//! Failpoints: a cooperative target reports where it is, and waits
//! until it may go on.
//!
//! The target has one end of a socket pair (packets, so that one write is one
//! name): it writes a name and reads one byte. Everything that the schedule does
//! at a failpoint is done in between. All its threads and processes share the
//! end; a byte goes to whichever of them reads it, and so the answers go out one
//! at a time: while one is held back, no other name is read.

use super::inject::{Held, Timer};
use super::live_target::RunError;
use super::run_loop::ActiveRun;
use crate::facts::{EventKind, Signal};
use crate::schedule::{Fault, Step, Trigger};
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
/// How long a signal may take to be taken. One that is blocked or ignored never is.
const TAKEN_NS: u64 = 100_000_000;

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
    fn next(&mut self, poller: &Poller) -> io::Result<Option<(String, u32)>> {
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

    fn answer(&mut self) -> io::Result<()> {
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
    fn hold(&mut self, until: Option<Signal>, poller: &Poller) -> io::Result<()> {
        self.held = true;
        self.until = until;
        poller.remove(&self.socket)
    }

    fn let_go(&mut self, poller: &Poller) -> io::Result<()> {
        self.held = false;
        self.until = None;
        if !self.open {
            return Ok(());
        }
        poller.add(&self.socket, FAILPOINTS)
    }

    fn close(&mut self, poller: &Poller) -> io::Result<()> {
        if self.open && !self.held && self.theirs.is_none() {
            poller.remove(&self.socket)?;
        }
        self.open = false;
        Ok(())
    }
}

impl ActiveRun<'_> {
    /// Takes the names that were reported.
    pub(super) fn at_failpoints(&mut self) -> Result<(), RunError> {
        // What the target wrote before it came here is seen before it.
        self.read_all(Held::Nobody)?;
        while let Some((name, nth)) = match &mut self.failpoints {
            Some(failpoints) => failpoints.next(self.target.poller)?,
            None => None,
        } {
            let met = format!("failpoint {name}#{nth}");
            let here = Trigger::Failpoint {
                name: name.clone(),
                nth,
            };
            self.target.push(EventKind::Failpoint { name, nth });
            let due = self.injector.current().cloned();
            match due.filter(|step| step.trigger == here) {
                Some(step) => self.at_failpoint(&step, met)?,
                None => self.answer()?,
            }
        }
        Ok(())
    }

    /// Does what the schedule wants here, and answers when that is done.
    fn at_failpoint(&mut self, step: &Step, met: String) -> Result<(), RunError> {
        match step.fault {
            Fault::Delay { ns } if !step.lasting => {
                self.hold_answer(None, ns)?;
                self.target.clock.allow(ns);
                self.injector.delayed(&mut self.target, met)
            }
            Fault::Signal { signal, .. } if Signal::new(signal) != Signal::KILL => {
                // Another thread than the one that waits here may take it, a
                // moment later: it is to land here all the same.
                self.hold_answer(Some(Signal::new(signal)), TAKEN_NS)?;
                self.injector
                    .inject_due(&mut self.target, met, Held::Nobody)
            }
            // After SIGKILL nobody is left to take the answer.
            _ => {
                self.injector
                    .inject_due(&mut self.target, met, Held::Nobody)?;
                self.answer()
            }
        }
    }

    fn answer(&mut self) -> Result<(), RunError> {
        match &mut self.failpoints {
            Some(failpoints) => Ok(failpoints.answer()?),
            None => Ok(()),
        }
    }

    /// Nobody is answered until this signal was taken, for so long at most.
    fn hold_answer(&mut self, until: Option<Signal>, ns: u64) -> Result<(), RunError> {
        if let Some(failpoints) = &mut self.failpoints {
            failpoints.hold(until, self.target.poller)?;
        }
        let at_ns = self.target.clock.now_ns().saturating_add(ns);
        self.injector.set_timer(at_ns, Timer::Answer);
        Ok(())
    }

    /// The target took a signal.
    pub(super) fn signal_taken(&mut self, signal: Signal) -> Result<(), RunError> {
        let awaited = |failpoints: &Failpoints| failpoints.until == Some(signal);
        if self.failpoints.as_ref().is_some_and(awaited) {
            self.injector.drop_answer();
            return self.answer_late();
        }
        Ok(())
    }

    /// Sends the answer that was held back.
    pub(super) fn answer_late(&mut self) -> Result<(), RunError> {
        if let Some(failpoints) = &mut self.failpoints {
            failpoints.let_go(self.target.poller)?;
        }
        self.answer()?;
        self.at_failpoints()
    }

    pub(super) fn close_failpoints(&mut self) {
        if let Some(failpoints) = &mut self.failpoints {
            // Closing the socket takes it out of the poller as well.
            let _ = failpoints.close(self.target.poller);
        }
    }
}
