//! The target of a run while it lives: everything that a fault can be done to, and where what happens is written down.

use super::clock::Clock;
use super::event_log::EventLog;
use super::process_watch::ProcessWatch;
use super::streams::Streams;
use crate::facts::EventKind;
use crate::sys::ids::Pid;
use crate::sys::poller::Poller;
use crate::sys::proc;
use crate::target::WorkTree;
use std::io;

/// Reads of one stream at a time: a program that never stops writing must not stop the loop.
pub(crate) const READS_MAX: usize = 16;
/// Bytes of one read.
pub(crate) const READ_BYTES: usize = 16 * 1024;

/// The parts of a running target. Each owns its state; this only holds them together.
pub(crate) struct LiveTarget<'a> {
    pub(crate) clock: Clock,
    pub(crate) log: EventLog,
    pub(crate) streams: Streams,
    pub(crate) processes: ProcessWatch,
    pub(crate) tree: &'a mut WorkTree,
    pub(crate) poller: &'a mut Poller,
}

impl LiveTarget<'_> {
    /// Something happened now.
    pub(crate) fn push(&mut self, what: EventKind) {
        self.log.push(self.clock.now_ns(), what);
    }

    /// The program runs now; time counts from here.
    pub(crate) fn start(&mut self) {
        self.clock.start();
        let pid = self.processes.pid().number();
        self.push(EventKind::Started { pid });
    }

    /// Reads a stream once, into the log. Returns how many bytes there were; 0 when there is nothing now.
    pub(crate) fn read(&mut self, number: usize, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.streams.read(number, buffer, self.poller)? else {
            return Ok(0);
        };
        let bytes = &buffer[..piece.bytes];
        let now = self.clock.now_ns();
        self.log.output(now, piece.stream, bytes, piece.kept);
        Ok(piece.bytes)
    }

    /// Reads what is there of all streams, into the log alone: no step comes due by it.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        let mut buffer = [0u8; READ_BYTES];
        for number in 0..self.streams.count() {
            let mut reads = 0;
            while reads < READS_MAX && self.read(number, &mut buffer)? > 0 {
                reads += 1;
            }
        }
        Ok(())
    }

    /// Notes when a program does not get the rights that its file gives it: under a tracer without all rights itself,
    /// with a filter, or in a user namespace the kernel takes them away, and the program does something else.
    pub(crate) fn look_at_rights(&mut self, pid: Pid) {
        if let Some(program) = proc::without_its_rights(pid) {
            self.log.limit(format!(
                "{program} is set-uid, but runs without the rights of its owner: nobody but root can trace a program that has them"
            ));
        }
    }

    /// Kills everybody because the target will not end by itself. What it does is noted with `note_stuck` before.
    pub(crate) fn end_by_force(&mut self, why: EventKind) {
        self.push(why);
        self.processes.kill_all();
        self.clock.kill();
    }
}
