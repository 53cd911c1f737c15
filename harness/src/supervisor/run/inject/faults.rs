//! Doing a fault to a target, and ending those that take a while.

use super::timers::{Timer, TimerQueue};
use crate::facts::Signal;
use crate::schedule::{DATA_WRITES, Delivery, Fault, length_position, typed};
use crate::supervisor::run::live_target::LiveTarget;
use crate::supervisor::run::run_error::RunError;
use crate::sys::ids::{Pid, Tid};
use crate::sys::proc;
use crate::sys::proc::SignalSets;
use crate::sys::signals::Recipient;
use crate::sys::starve::Hog;
use std::io;
use std::time::{Duration, Instant};

/// A target that is starved for good gets so much more time to end, as it has
/// about a hundredth of a processor.
const STARVED_NS: u64 = 60_000_000_000;

/// The faults of one run that have not ended yet.
#[derive(Default)]
pub(crate) struct FaultApplier {
    timers: TimerQueue,
    /// Takes the processor away while the target is starved.
    hog: Option<Hog>,
    /// The call to which the last fault happened took a part of what it was to write.
    took_part: bool,
}

impl FaultApplier {
    pub(crate) fn set_timer(&mut self, at_ns: u64, timer: Timer) {
        self.timers.push(at_ns, timer);
    }

    /// Whether the last fault left a write that took a part, so that the error is still to come.
    pub(crate) fn take_part(&mut self) -> bool {
        std::mem::take(&mut self.took_part)
    }

    pub(crate) fn drop_answer(&mut self) {
        self.timers.drop_answer();
    }

    pub(crate) fn next_ns(&self) -> Option<u64> {
        self.timers.next_ns()
    }

    pub(crate) fn due_timer(&mut self, now_ns: u64) -> Option<Timer> {
        self.timers.due(now_ns)
    }

    /// Whether this thread is held back.
    pub(crate) fn delays(&self, tid: Tid) -> bool {
        self.timers.delays(tid)
    }

    /// The target gets processor time again.
    pub(crate) fn feed(&mut self, target: &LiveTarget<'_>) {
        if let Some(hog) = self.hog.take() {
            hog.relieve(&target.processes.thread_ids());
        }
    }

    /// Frozen or starved once: that it does not end is all the difference.
    pub(crate) fn never_end(&mut self, target: &mut LiveTarget<'_>, fault: &Fault) {
        self.timers.drop_ends();
        if let Fault::Starve { .. } = fault {
            target.clock.allow(STARVED_NS);
        }
    }

    /// Does it. `held` is the thread that stands still meanwhile. False when there is nobody, or nothing, to do it to.
    pub(crate) fn apply(
        &mut self,
        target: &mut LiveTarget<'_>,
        fault: &Fault,
        held: Option<Tid>,
    ) -> Result<bool, RunError> {
        match *fault {
            Fault::Signal { signal, to } => Ok(send(target, Signal::new(signal), to, held)?),
            Fault::HangUp => {
                target.drain()?;
                Ok(target.streams.hang_up(target.poller)?)
            }
            Fault::CloseReader { stream } => {
                target.drain()?;
                Ok(target.streams.close_reader(stream, target.poller)?)
            }
            Fault::Freeze { ns, to } => {
                let Some(whom) = recipient(target, to, held) else {
                    return Ok(false);
                };
                let stopped = whom.send(Signal::STOP)?;
                self.end_later(target, ns, Timer::Continue(whom));
                Ok(stopped)
            }
            Fault::Starve { ns } => {
                self.starve(target)?;
                self.end_later(target, ns, Timer::Feed);
                Ok(true)
            }
            Fault::Errno { .. }
            | Fault::Full { .. }
            | Fault::Short { .. }
            | Fault::Delay { .. } => match held {
                Some(held) => self.change_call(target, fault, held),
                None => Ok(false),
            },
        }
    }

    fn change_call(
        &mut self,
        target: &mut LiveTarget<'_>,
        fault: &Fault,
        held: Tid,
    ) -> Result<bool, RunError> {
        if let Fault::Delay { ns } = *fault {
            self.end_later(target, ns, Timer::Release(held));
            return Ok(true);
        }
        let Some(tracer) = target.processes.tracer_mut() else {
            return Ok(false);
        };
        let changed = match *fault {
            Fault::Errno { errno } => tracer.fail_call(held, errno),
            // A write takes what fits; what has no length, or one byte alone, fails.
            Fault::Full { errno } => {
                let length = |call: &str| {
                    let position = length_position(call);
                    position.filter(|_| DATA_WRITES.contains(&call))
                };
                match tracer.shorten_call(held, None, length) {
                    Ok(true) => {
                        self.took_part = true;
                        Ok(true)
                    }
                    Ok(false) => tracer.fail_call(held, errno),
                    Err(error) => Err(error),
                }
            }
            Fault::Short { bytes } => tracer.shorten_call(held, bytes, length_position),
            _ => Ok(false),
        };
        match changed {
            // It was killed meanwhile.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(false),
            other => Ok(other?),
        }
    }

    /// The fault ends then, and the target gets so much more time.
    fn end_later(&mut self, target: &mut LiveTarget<'_>, ns: u64, timer: Timer) {
        let ns = ns.min(u64::MAX / 8);
        target.clock.allow(ns);
        self.timers.push(target.clock.now_ns() + ns, timer);
    }

    /// Takes the processor away from the target and its descendants.
    fn starve(&mut self, target: &LiveTarget<'_>) -> io::Result<()> {
        if self.hog.is_none() {
            self.hog = Some(Hog::start()?);
        }
        if let Some(hog) = &self.hog {
            // Twice: a thread can be born while the others are pressed, by one that was not yet.
            for _ in 0..2 {
                hog.press(&target.processes.thread_ids());
            }
        }
        Ok(())
    }
}

fn send(
    target: &mut LiveTarget<'_>,
    signal: Signal,
    to: Delivery,
    held: Option<Tid>,
) -> io::Result<bool> {
    match to {
        Delivery::Terminal => {
            let character = typed(signal.number())
                .ok_or_else(|| io::Error::other("this signal cannot be typed"))?;
            let foreground = target.streams.type_character(character)?;
            match (held, foreground) {
                (Some(held), Some(group)) => await_typed(target, signal, held, group)?,
                // The writer of an output can be on its way to its stop while that output is read: it stands still
                // then, but nobody is known to be held. It must not be released before the signal is there, either.
                (None, Some(_)) => {
                    target.streams.typed_has_arrived()?;
                }
                (_, None) => {}
            }
            Ok(true)
        }
        Delivery::Thread(name) => {
            let Some(tracer) = target.processes.tracer() else {
                return Ok(false);
            };
            let processes = tracer.processes();
            let here = held.map(|held| processes.process_of(held));
            let mut places = here.into_iter().chain([target.processes.pid()]);
            let found =
                places.find_map(|pid| Some((pid, processes.thread_named(pid, name.as_str())?)));
            match found {
                Some((pid, tid)) => Recipient::Thread(pid, tid).send(signal),
                None => Ok(false),
            }
        }
        Delivery::Process | Delivery::Group | Delivery::Child | Delivery::Exec(_) => {
            let Some(whom) = recipient(target, to, held) else {
                return Ok(false);
            };
            // One that is gone has ended by itself: the moment was reached.
            whom.send(signal)?;
            Ok(true)
        }
    }
}

/// A process or a group.
fn recipient(target: &LiveTarget<'_>, to: Delivery, held: Option<Tid>) -> Option<Recipient> {
    let pid = target.processes.pid();
    match to {
        Delivery::Group => Some(Recipient::Group(pid)),
        Delivery::Child => {
            let processes = target.processes.tracer()?.processes();
            let here = held.map(|held| processes.process_of(held));
            here.filter(|here| *here != pid)
                .or_else(|| processes.youngest())
                .map(Recipient::Process)
        }
        Delivery::Exec(program) => {
            let processes = target.processes.tracer()?.processes();
            let here = held.map(|held| processes.process_of(held));
            here.filter(|here| processes.executes(*here, program.as_str()))
                .or_else(|| processes.youngest_of(program.as_str()))
                .map(Recipient::Process)
        }
        _ => Some(Recipient::Process(pid)),
    }
}

/// The terminal turns a character into a signal a moment after it was
/// typed. A thread that is held at a point must not run on before that, or
/// the signal would land somewhere else.
fn await_typed(target: &LiveTarget<'_>, signal: Signal, held: Tid, group: Pid) -> io::Result<()> {
    const LIMIT: Duration = Duration::from_millis(100);
    let begun = Instant::now();
    let process = target.processes.process_of(held);
    if proc::stat(process).is_none_or(|stat| stat.group != group) {
        return Ok(());
    }
    if target.streams.typed_has_arrived()? {
        // Another thread may have taken it already: then it never shows as pending.
        return Ok(());
    }
    while begun.elapsed() < LIMIT {
        let Some(sets) = proc::signal_sets(process) else {
            return Ok(());
        };
        if SignalSets::has(sets.pending | sets.ignored, signal) {
            return Ok(());
        }
        // The echo comes with the signal, unless output is waiting already or
        // the program has switched it off: then this only yields the processor.
        target.streams.echo_within_ms(1)?;
    }
    // A program in raw mode takes the character as input: there is no signal.
    Ok(())
}
