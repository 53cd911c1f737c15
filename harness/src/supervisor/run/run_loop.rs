//! A run that is going on: what is known of it, and the loop that follows it.

use super::failpoints::{FAILPOINTS, Failpoints};
use super::schedule_cursor::ScheduleCursor;
use super::streams::Streams;
use super::timers::TimerQueue;
use crate::facts::{Event, EventKind, ExitStatus, Orphan, Stream, Stuck, Usage, Zombie};
use crate::supervisor::protocol::RunRequest;
use crate::sys::ids::{Pid, Tid};
use crate::sys::poller::{Poller, Ready};
use crate::sys::spawn::Started;
use crate::sys::starve::Hog;
use crate::target::WorkTree;
use crate::tracer::Tracer;
use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

/// The control socket's number in the poller.
pub(crate) const CONTROL: u64 = 1000;
/// Events kept of one run; what comes after is counted by nobody.
const EVENTS_MAX: usize = 50_000;

/// What ends a run without facts.
pub(crate) enum RunError {
    /// The program could not be executed.
    Exec(String),
    Io(io::Error),
}

impl From<io::Error> for RunError {
    fn from(error: io::Error) -> RunError {
        RunError::Io(error)
    }
}
/// A run that is going on.
pub(crate) struct ActiveRun<'a> {
    pub(crate) order: &'a RunRequest,
    pub(crate) tree: &'a mut WorkTree,
    pub(crate) poller: &'a mut Poller,
    pub(crate) streams: Streams,
    pub(crate) failpoints: Option<Failpoints>,
    pub(crate) cursor: ScheduleCursor,
    pub(crate) tracer: Option<Tracer>,
    pub(crate) started: Option<Started>,
    pub(crate) pid: Pid,
    pub(crate) born: Instant,
    pub(crate) running: bool,
    pub(crate) events: Vec<Event>,
    pub(crate) status: Option<ExitStatus>,
    pub(crate) ended_ns: Option<u64>,
    pub(crate) killed_ns: Option<u64>,
    pub(crate) deadline_passed: bool,
    pub(crate) usage: Usage,
    pub(crate) orphans: Vec<Orphan>,
    pub(crate) stuck: Vec<Stuck>,
    pub(crate) limits: Vec<String>,
    /// Children that have ended, and when: whether somebody waits for them shows later.
    pub(crate) dead: VecDeque<(Pid, u64)>,
    pub(crate) zombies: Vec<Zombie>,
    /// No child and no tracee is left.
    pub(crate) alone: bool,
    pub(crate) later: TimerQueue,
    /// Takes the processor away while the target is starved.
    pub(crate) hog: Option<Hog>,
    /// Time that faults have taken from the target, which it gets back.
    pub(crate) allowance_ns: u64,
    /// How long the window was that was stepped through.
    pub(crate) stepped: Option<u32>,
    /// Steps whose moment came when there was nothing to apply them to.
    pub(crate) inapplicable: Vec<usize>,
    /// The thread that stands still until its output has been read.
    pub(crate) writer: Option<Tid>,
}

impl<'a> ActiveRun<'a> {
    pub(crate) fn new(
        order: &'a RunRequest,
        tree: &'a mut WorkTree,
        poller: &'a mut Poller,
        streams: Streams,
        cursor: ScheduleCursor,
        tracer: Option<Tracer>,
        started: Started,
    ) -> ActiveRun<'a> {
        ActiveRun {
            order,
            tree,
            poller,
            streams,
            failpoints: None,
            cursor,
            tracer,
            pid: started.pid,
            started: Some(started),
            born: Instant::now(),
            running: false,
            events: Vec::new(),
            status: None,
            ended_ns: None,
            killed_ns: None,
            deadline_passed: false,
            usage: Usage::default(),
            orphans: Vec::new(),
            stuck: Vec::new(),
            limits: Vec::new(),
            dead: VecDeque::new(),
            zombies: Vec::new(),
            alone: false,
            later: TimerQueue::default(),
            hog: None,
            allowance_ns: 0,
            stepped: None,
            inapplicable: Vec::new(),
            writer: None,
        }
    }

    pub(crate) fn now_ns(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    pub(crate) fn push(&mut self, what: EventKind) {
        let at_ns = self.now_ns();
        if self.events.len() < EVENTS_MAX {
            self.events.push(Event { at_ns, what });
        } else if self.events.len() == EVENTS_MAX {
            self.limits
                .push(format!("only the first {EVENTS_MAX} events were kept"));
            self.events.push(Event { at_ns, what });
        }
    }

    pub(crate) fn watch_streams(&self) -> io::Result<()> {
        for (number, reader) in self.streams.readers.iter().enumerate() {
            self.poller.add(reader, number as u64)?;
        }
        Ok(())
    }

    /// Until nobody is left. False when the control socket closed.
    pub(crate) fn follow(&mut self) -> Result<bool, RunError> {
        if self.tracer.is_none() {
            self.executed()?;
            self.begin();
        }
        let mut ready = Vec::new();
        let mut waking = None;
        loop {
            self.keep_time()?;
            if self.alone && self.ended_ns.is_some() {
                return Ok(true);
            }
            let next = self.next_wake_ns();
            if next != waking || next.is_some_and(|at| at <= self.now_ns()) {
                let after = next.map(|at| Duration::from_nanos(at.saturating_sub(self.now_ns())));
                self.poller.wake_in(after)?;
                waking = next;
            }
            self.poller.wait(&mut ready)?;
            for event in &ready {
                match *event {
                    Ready::Descriptor(CONTROL) => return Ok(false),
                    Ready::Descriptor(FAILPOINTS) => self.at_failpoints()?,
                    Ready::Descriptor(number) => self.read(number as usize)?,
                    Ready::Children => self.reap()?,
                    Ready::Time => waking = None,
                }
            }
        }
    }

    /// The program runs now; time counts from here.
    pub(crate) fn begin(&mut self) {
        self.born = Instant::now();
        self.running = true;
        self.push(EventKind::Started {
            pid: self.pid.number(),
        });
    }

    /// Asks the child whether exec worked.
    pub(crate) fn executed(&mut self) -> Result<(), RunError> {
        let Some(started) = self.started.take() else {
            return Ok(());
        };
        match started.executed()? {
            Ok(()) => Ok(()),
            Err(failure) => {
                let error = io::Error::from_raw_os_error(failure.errno);
                let hint = if failure.errno == libc::ENOEXEC {
                    "; a script needs a first line such as #!/bin/sh"
                } else {
                    ""
                };
                Err(RunError::Exec(format!(
                    "the program cannot be started (step {:?}): {error}{hint}",
                    failure.step
                )))
            }
        }
    }
    /// Reads what a stream has, at most a few buffers at a time.
    pub(crate) fn read(&mut self, number: usize) -> Result<(), RunError> {
        const ROUNDS: usize = 16;
        let mut buffer = [0u8; 16 * 1024];
        for _ in 0..ROUNDS {
            let reader = &mut self.streams.readers[number];
            if !reader.open {
                // A fault that came due by what was read has closed it.
                break;
            }
            let count = reader.read(&mut buffer)?;
            if count == 0 {
                if !reader.open {
                    self.poller.remove(&self.streams.readers[number])?;
                }
                break;
            }
            let bytes = &buffer[..count];
            let stream = reader.stream;
            let kept = reader.capture.push(bytes);
            self.output(stream, bytes, kept);
            if let Some(met) = self.cursor.output(bytes) {
                self.inject_due(met, None)?;
            }
        }
        Ok(())
    }

    pub(crate) fn read_all(&mut self) -> Result<(), RunError> {
        for number in 0..self.streams.readers.len() {
            if self.streams.readers[number].open {
                self.read(number)?;
            }
        }
        Ok(())
    }

    fn output(&mut self, stream: Stream, bytes: &[u8], kept: bool) {
        if !kept {
            if !self
                .events
                .iter()
                .rev()
                .any(|event| event.what == EventKind::Flooded { stream })
            {
                self.push(EventKind::Flooded { stream });
            }
            return;
        }
        let now = self.now_ns();
        // Many small writes in a row are one event.
        if let Some(Event {
            at_ns,
            what:
                EventKind::Output {
                    stream: last,
                    bytes: before,
                },
        }) = self.events.last_mut()
            && *last == stream
            // In a recording every piece keeps its moment: points are compared with it.
            && !self.order.trace.records()
            && now - *at_ns < 1_000_000
            && before.len() + bytes.len() <= 8192
        {
            before.extend_from_slice(bytes);
            return;
        }
        self.push(EventKind::Output {
            stream,
            bytes: bytes.to_vec(),
        });
    }
}
