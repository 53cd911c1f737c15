//! Applying the steps of a schedule.

use super::run_loop::{ActiveRun, RunError};
use super::timers::Timer;
use crate::facts::{EventKind, Signal};
use crate::schedule::{Delivery, Fault, Step, length_position, typed};
use crate::sys::ids::{Pid, Tid};
use crate::sys::proc;
use crate::sys::proc::SignalSets;
use crate::sys::signals::Recipient;
use std::io;
use std::time::{Duration, Instant};

/// How soon a lasting signal comes again.
const AGAIN_NS: u64 = 100_000_000;
/// Applications of one lasting fault that are told one by one.
const TOLD_MAX: u32 = 20;

impl ActiveRun<'_> {
    /// Applies the current step, and those after it that are already due by
    /// what is known without waiting. `held` is the thread that stands at the
    /// step's point.
    pub(crate) fn inject_due(&mut self, met: String, held: Option<Tid>) -> Result<(), RunError> {
        let mut met = Some(met);
        let mut at_point = held;
        while let Some(reason) = met.take() {
            let Some((index, step)) = self.cursor.current() else {
                return Ok(());
            };
            if self.ended_ns.is_some() {
                return Ok(());
            }
            let step = step.clone();
            if step.fault.is_of_call() && at_point.take().is_none() {
                self.cursor.arm();
                self.arm(index, step.times());
                return Ok(());
            }
            if !self.inject(&step.fault, held.or(self.writer))? {
                self.inapplicable.push(index);
                return Ok(());
            }
            self.tell(index, &step, reason);
            self.go_on(index, &step);
            self.cursor.fired(self.now_ns());
            met = self.already_met();
        }
        Ok(())
    }

    /// A call of a scope: the fault of its step happens to it.
    pub(crate) fn again(&mut self, scope: usize, tid: Tid, call: String) -> Result<(), RunError> {
        let Some((index, step)) = self.cursor.of_scope(scope) else {
            return Ok(());
        };
        let step = step.clone();
        if self.ended_ns.is_some() {
            return Ok(());
        }
        let first = self.cursor.current().is_some_and(|(next, _)| next == index);
        if !self.inject(&step.fault, Some(tid))? {
            // Not this call: the next one.
            if first {
                self.arm(index, step.times());
            }
            return Ok(());
        }
        if first {
            self.tell(index, &step, call);
            self.cursor.fired(self.now_ns());
            if let Some(met) = self.already_met() {
                self.inject_due(met, None)?;
            }
            return Ok(());
        }
        self.cursor.applied[index] = self.cursor.applied[index].saturating_add(1);
        if self.cursor.applied[index] <= TOLD_MAX {
            self.tell(index, &step, call);
        }
        Ok(())
    }

    /// A lasting signal comes by the clock once more.
    pub(crate) fn again_in_time(&mut self, index: usize) -> Result<(), RunError> {
        let Some(step) = self.order.steps.get(index).cloned() else {
            return Ok(());
        };
        if self.ended_ns.is_some() || self.cursor.applied[index] >= step.times() {
            return Ok(());
        }
        if self.inject(&step.fault, None)? {
            self.cursor.applied[index] += 1;
            if self.cursor.applied[index] <= TOLD_MAX {
                self.tell(index, &step, "its time, again".to_owned());
            }
        }
        self.later
            .push(self.now_ns() + AGAIN_NS, Timer::Again(index));
        Ok(())
    }

    fn tell(&mut self, index: usize, step: &Step, met: String) {
        self.push(EventKind::Fault {
            step: index,
            fault: step.fault.words(step.lasting),
            met,
            signal: step.fault.signal(),
        });
    }

    /// The current step held its call, or what stands for one, back.
    pub(crate) fn delayed_here(&mut self, met: String) {
        if let Some((index, step)) = self.cursor.current() {
            let step = step.clone();
            self.tell(index, &step, met);
            self.cursor.fired(self.now_ns());
        }
    }

    /// A lasting fault was applied for the first time.
    fn go_on(&mut self, index: usize, step: &Step) {
        if !step.lasting {
            return;
        }
        if self.cursor.scope_of(index).is_some() {
            self.arm(index, step.times() - 1);
        } else if let Fault::Signal { .. } = step.fault {
            self.later
                .push(self.now_ns() + AGAIN_NS, Timer::Again(index));
        } else {
            // Frozen or starved once: that it does not end is all the difference.
            self.later.drop_ends();
            self.allowance_ns += crate::supervisor::run::timers::STARVED_NS
                * u64::from(matches!(step.fault, Fault::Starve { .. }));
        }
    }

    fn arm(&mut self, step: usize, times: u32) {
        if let (Some(scope), Some(tracer)) = (self.cursor.scope_of(step), &mut self.tracer) {
            tracer.arm(scope, times);
        }
    }

    /// Lets a thread that was held at a point go on, unless it is delayed.
    pub(crate) fn release(&mut self, tid: Tid) -> Result<(), RunError> {
        if self.later.delays(tid) {
            return Ok(());
        }
        match &mut self.tracer {
            Some(tracer) => Ok(tracer.release(tid)?),
            None => Ok(()),
        }
    }

    /// A state that the next step waits for and that is there already.
    pub(crate) fn already_met(&self) -> Option<String> {
        if let Some(signal) = self.cursor.handler() {
            let sets = proc::signal_sets(self.pid)?;
            return SignalSets::has(sets.caught, signal).then(|| format!("handler for {signal}"));
        }
        if let Some(path) = self.cursor.glob().and_then(|glob| self.tree.find(glob)) {
            return Some(format!("file {path}"));
        }
        self.cursor.has_children().then(|| "a child".to_owned())
    }

    /// Does it. False when there is nobody, or nothing, to do it to.
    fn inject(&mut self, fault: &Fault, held: Option<Tid>) -> Result<bool, RunError> {
        match *fault {
            Fault::Signal { signal, to } => self.send(Signal::new(signal), to, held),
            Fault::HangUp => {
                self.read_all()?;
                Ok(self.streams.hang_up(self.poller)?)
            }
            Fault::CloseReader { stream } => {
                self.read_all()?;
                Ok(self.streams.close_reader(stream, self.poller)?)
            }
            Fault::Freeze { ns, to } => {
                let Some(whom) = self.whom(to, held) else {
                    return Ok(false);
                };
                let stopped = whom.send(Signal::STOP)?;
                self.later_by(ns, Timer::Continue(whom));
                Ok(stopped)
            }
            Fault::Starve { ns } => {
                self.starve()?;
                self.later_by(ns, Timer::Feed);
                Ok(true)
            }
            Fault::Errno { .. } | Fault::Short { .. } | Fault::Delay { .. } => {
                let Some(held) = held else {
                    return Ok(false);
                };
                self.change_call(fault, held)
            }
        }
    }

    fn change_call(&mut self, fault: &Fault, held: Tid) -> Result<bool, RunError> {
        let Some(tracer) = &mut self.tracer else {
            return Ok(false);
        };
        let changed = match *fault {
            Fault::Errno { errno } => tracer.fail_call(held, errno),
            Fault::Short { bytes } => tracer.shorten_call(held, bytes, length_position),
            Fault::Delay { ns } => {
                self.later_by(ns, Timer::Release(held));
                Ok(true)
            }
            _ => Ok(false),
        };
        match changed {
            // It was killed meanwhile.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(false),
            other => Ok(other?),
        }
    }

    /// The target gets so much more time.
    fn later_by(&mut self, ns: u64, what: Timer) {
        let ns = ns.min(u64::MAX / 8);
        self.allow(ns);
        self.later.push(self.now_ns() + ns, what);
    }

    pub(crate) fn allow(&mut self, ns: u64) {
        self.allowance_ns = self.allowance_ns.saturating_add(ns).min(u64::MAX / 8);
    }

    fn send(&mut self, signal: Signal, to: Delivery, held: Option<Tid>) -> Result<bool, RunError> {
        match to {
            Delivery::Terminal => {
                let character = typed(signal.number())
                    .ok_or_else(|| io::Error::other("this signal cannot be typed"))?;
                let foreground = self.streams.type_character(character)?;
                if let (Some(held), Some(group)) = (held, foreground) {
                    self.await_typed(signal, held, group)?;
                }
                Ok(true)
            }
            Delivery::Thread(name) => {
                let Some(tracer) = &self.tracer else {
                    return Ok(false);
                };
                let here = held.map(|held| tracer.processes().process_of(held));
                let places = here.into_iter().chain([self.pid]);
                let found = places
                    .filter_map(|pid| {
                        Some((pid, tracer.processes().thread_named(pid, name.as_str())?))
                    })
                    .next();
                match found {
                    Some((pid, tid)) => Ok(Recipient::Thread(pid, tid).send(signal)?),
                    None => Ok(false),
                }
            }
            _ => match self.whom(to, held) {
                Some(whom) => {
                    // One that is gone has ended by itself: the moment was reached.
                    whom.send(signal)?;
                    Ok(true)
                }
                None => Ok(false),
            },
        }
    }

    fn whom(&self, to: Delivery, held: Option<Tid>) -> Option<Recipient> {
        match to {
            Delivery::Group => Some(Recipient::Group(self.pid)),
            Delivery::Child => {
                let tracer = self.tracer.as_ref()?;
                let here = held.map(|held| tracer.processes().process_of(held));
                here.filter(|pid| *pid != self.pid)
                    .map(Recipient::Process)
                    .or_else(|| tracer.processes().youngest().map(Recipient::Process))
            }
            _ => Some(Recipient::Process(self.pid)),
        }
    }

    /// The terminal turns a character into a signal a moment after it was
    /// typed. A thread that is held at a point must not run on before that, or
    /// the signal would land somewhere else.
    fn await_typed(&self, signal: Signal, held: Tid, group: Pid) -> io::Result<()> {
        const LIMIT: Duration = Duration::from_millis(100);
        let begun = Instant::now();
        let process = self.tracer.as_ref().map_or(held.as_main_of(), |tracer| {
            tracer.processes().process_of(held)
        });
        if proc::stat(process).is_none_or(|stat| stat.group != group) {
            return Ok(());
        }
        if self.streams.typed_has_arrived()? {
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
            self.streams.echo_within_ms(1)?;
        }
        // A program in raw mode takes the character as input: there is no signal.
        Ok(())
    }
}
