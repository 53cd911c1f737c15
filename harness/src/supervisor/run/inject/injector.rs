//! Applying the steps of a schedule as they come due.

use super::faults::FaultApplier;
use super::schedule_cursor::ScheduleCursor;
use super::timers::Timer;
use crate::facts::{EventKind, Signal};
use crate::schedule::{Fault, Step};
use crate::supervisor::run::clock::Progress;
use crate::supervisor::run::live_target::LiveTarget;
use crate::supervisor::run::run_error::RunError;
use crate::sys::ids::Tid;
use crate::sys::proc;
use crate::sys::proc::SignalSets;
use std::io;

/// How soon a lasting signal is sent again.
const REPEAT_NS: u64 = 100_000_000;
/// Applications of one lasting fault that become events.
const REPORTED_MAX: u32 = 20;

/// The thread that stands still while a step is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    Nobody,
    /// It is at the step's point.
    AtPoint(Tid),
    /// It has written the output that the step waits for.
    AfterOutput(Tid),
}

impl Held {
    fn thread(self) -> Option<Tid> {
        match self {
            Held::Nobody => None,
            Held::AtPoint(tid) | Held::AfterOutput(tid) => Some(tid),
        }
    }
}

/// Applies one schedule to one run.
pub(crate) struct Injector {
    cursor: ScheduleCursor,
    faults: FaultApplier,
    /// Steps that came due when there was nothing to apply them to.
    inapplicable: Vec<usize>,
}

impl Injector {
    pub(crate) fn new(cursor: ScheduleCursor) -> Injector {
        Injector {
            cursor,
            faults: FaultApplier::default(),
            inapplicable: Vec::new(),
        }
    }

    /// How far the schedule has come.
    pub(crate) fn progress(&self) -> Progress {
        Progress {
            last_ns: self.cursor.last_ns(),
            due_ns: self.cursor.due_ns(),
            unfinished: self.cursor.current().is_some(),
        }
    }

    /// Whether everything has been done that the schedule wants.
    pub(crate) fn is_finished(&self) -> bool {
        self.cursor.last_ns().is_some()
            && self.cursor.current().is_none()
            && self.faults.next_ns().is_none()
    }

    /// When a fault that takes a while goes on.
    pub(crate) fn next_timer_ns(&self) -> Option<u64> {
        self.faults.next_ns()
    }

    /// When each step was applied, and which could not be.
    pub(crate) fn finish(self) -> (Vec<Option<u64>>, Vec<usize>) {
        (self.cursor.into_fired_ns(), self.inapplicable)
    }

    /// How often the call that each step waits for has begun, from the count of each breakpoint.
    pub(crate) fn met_by_step(&self, met: &[u32]) -> Vec<u32> {
        self.cursor.met_by_step(met)
    }

    /// The step that comes next.
    pub(crate) fn current(&self) -> Option<&Step> {
        self.cursor.current().map(|(_, step)| step)
    }

    /// Applies the current step, and those after it that are already due by
    /// what is known without waiting. `met` is what the step's trigger met.
    pub(crate) fn inject_due(
        &mut self,
        target: &mut LiveTarget<'_>,
        met: String,
        held: Held,
    ) -> Result<(), RunError> {
        let mut at_point = matches!(held, Held::AtPoint(_));
        let mut met = Some(met);
        while let Some(reason) = met.take() {
            let Some((index, step)) = self.cursor.current() else {
                return Ok(());
            };
            if target.clock.ended_ns().is_some() {
                return Ok(());
            }
            let step = step.clone();
            if step.fault.is_of_call() && !std::mem::take(&mut at_point) {
                self.cursor.arm();
                self.arm(target, index, step.times());
                return Ok(());
            }
            if !self.faults.apply(target, &step.fault, held.thread())? {
                self.inapplicable.push(index);
                return Ok(());
            }
            report(target, index, &step, reason);
            self.keep_on(target, index, &step);
            self.fail_next(target, index, &step);
            self.cursor.fired(target.clock.now_ns());
            met = self.already_met(target);
        }
        Ok(())
    }

    /// Bytes of output were read.
    pub(crate) fn output(
        &mut self,
        target: &mut LiveTarget<'_>,
        bytes: &[u8],
        held: Held,
    ) -> Result<(), RunError> {
        match self.cursor.output(bytes) {
            Some(met) => self.inject_due(target, met, held),
            None => Ok(()),
        }
    }

    /// Time has passed.
    pub(crate) fn time_passed(&mut self, target: &mut LiveTarget<'_>) -> Result<(), RunError> {
        let now = target.clock.now_ns();
        if target.clock.has_started() && self.cursor.due_ns().is_some_and(|due| due <= now) {
            return self.inject_due(target, "its time".to_owned(), Held::Nobody);
        }
        Ok(())
    }

    /// The program runs. A file can be there from the start.
    pub(crate) fn started(&mut self, target: &mut LiveTarget<'_>) -> Result<(), RunError> {
        self.inject_if_met(target)
    }

    /// The steps that were applied.
    pub(crate) fn applied_steps(&self) -> impl Iterator<Item = &Step> {
        self.cursor.applied_steps()
    }

    /// The service can be used.
    pub(crate) fn ready(&mut self, target: &mut LiveTarget<'_>) -> Result<(), RunError> {
        self.cursor.ready();
        if self.cursor.is_ready() {
            return self.inject_due(target, "readiness".to_owned(), Held::Nobody);
        }
        Ok(())
    }

    /// Whether the current step waits for so many requests.
    pub(crate) fn awaits_request(&self, sent: u32) -> bool {
        self.cursor.awaits_request(sent)
    }

    /// So many requests were sent, and everybody waits.
    pub(crate) fn requests(
        &mut self,
        target: &mut LiveTarget<'_>,
        sent: u32,
    ) -> Result<(), RunError> {
        self.cursor.requests(sent);
        if self.cursor.awaits_request(sent) {
            return self.inject_due(target, format!("request {sent}"), Held::Nobody);
        }
        Ok(())
    }

    /// A process was created.
    pub(crate) fn child(
        &mut self,
        target: &mut LiveTarget<'_>,
        number: i32,
    ) -> Result<(), RunError> {
        self.cursor.child();
        if self.cursor.has_children() {
            return self.inject_due(target, format!("child {number}"), Held::Nobody);
        }
        Ok(())
    }

    /// A handler for a signal was installed.
    pub(crate) fn handler(
        &mut self,
        target: &mut LiveTarget<'_>,
        signal: Signal,
    ) -> Result<(), RunError> {
        if self.cursor.handler() == Some(signal) {
            return self.inject_due(target, format!("handler for {signal}"), Held::Nobody);
        }
        Ok(())
    }

    /// A call with an effect returned: a file may be there now.
    pub(crate) fn effect(&mut self, target: &mut LiveTarget<'_>) -> Result<(), RunError> {
        match self.file_met(target) {
            Some(met) => self.inject_due(target, met, Held::Nobody),
            None => Ok(()),
        }
    }

    /// A thread is held at a breakpoint.
    pub(crate) fn breakpoint(
        &mut self,
        target: &mut LiveTarget<'_>,
        breakpoint: usize,
        tid: Tid,
    ) -> Result<(), RunError> {
        if self.cursor.is_at(breakpoint) {
            return self.inject_due(target, "its point".to_owned(), Held::AtPoint(tid));
        }
        Ok(())
    }

    /// A thread is held at a call of a scope: the fault of its step happens to it.
    pub(crate) fn scope(
        &mut self,
        target: &mut LiveTarget<'_>,
        scope: usize,
        tid: Tid,
        call: String,
    ) -> Result<(), RunError> {
        let Some((index, step)) = self.cursor.of_scope(scope) else {
            return Ok(());
        };
        let step = step.clone();
        if target.clock.ended_ns().is_some() {
            return Ok(());
        }
        let first = self.cursor.current().is_some_and(|(next, _)| next == index);
        let fault = match first {
            true => step.fault.clone(),
            false => step.fault.again(),
        };
        if !self.faults.apply(target, &fault, Some(tid))? {
            // Not this call: the next one.
            if first {
                self.arm(target, index, step.times());
            }
            return Ok(());
        }
        if first {
            self.fail_next(target, index, &step);
            report(target, index, &step, call);
            self.cursor.fired(target.clock.now_ns());
            return self.inject_if_met(target);
        }
        if self.cursor.repeated(index) <= REPORTED_MAX {
            report(target, index, &Step { fault, ..step }, call);
        }
        Ok(())
    }

    /// The current step, which delays whoever is at a failpoint, is applied there.
    pub(crate) fn delayed(
        &mut self,
        target: &mut LiveTarget<'_>,
        met: String,
    ) -> Result<(), RunError> {
        if let Some((index, step)) = self.cursor.current() {
            report(target, index, step, met);
            self.cursor.fired(target.clock.now_ns());
        }
        self.inject_if_met(target)
    }

    /// At a later time something is to be done.
    pub(crate) fn set_timer(&mut self, at_ns: u64, timer: Timer) {
        self.faults.set_timer(at_ns, timer);
    }

    /// Whoever waits at a failpoint need not wait for its time.
    pub(crate) fn drop_answer(&mut self) {
        self.faults.drop_answer();
    }

    /// Takes out a timer that is due.
    pub(crate) fn due_timer(&mut self, now_ns: u64) -> Option<Timer> {
        self.faults.due_timer(now_ns)
    }

    /// Does what a timer was set for, but for the answers at failpoints.
    pub(crate) fn on_timer(
        &mut self,
        target: &mut LiveTarget<'_>,
        timer: Timer,
    ) -> Result<(), RunError> {
        match timer {
            Timer::Release(tid) => self.release(target, tid)?,
            Timer::Continue(whom) => {
                whom.send(Signal::CONT)?;
            }
            Timer::Feed => self.faults.feed(target),
            Timer::Answer => {}
            Timer::Repeat(step) => self.repeat(target, step)?,
        }
        Ok(())
    }

    /// Lets a thread that was held at a point go on, unless it is delayed.
    pub(crate) fn release(&self, target: &mut LiveTarget<'_>, tid: Tid) -> io::Result<()> {
        if self.faults.delays(tid) {
            return Ok(());
        }
        target.processes.release(tid)
    }

    /// A lasting signal is sent by the clock once more.
    fn repeat(&mut self, target: &mut LiveTarget<'_>, index: usize) -> Result<(), RunError> {
        let Some(step) = self.cursor.step(index).cloned() else {
            return Ok(());
        };
        if target.clock.ended_ns().is_some() || self.cursor.applied(index) >= step.times() {
            return Ok(());
        }
        let applied = self.faults.apply(target, &step.fault, None)?;
        if applied && self.cursor.repeated(index) <= REPORTED_MAX {
            report(target, index, &step, "its time, again".to_owned());
        }
        self.set_repeat(target, index);
        Ok(())
    }

    fn set_repeat(&mut self, target: &LiveTarget<'_>, index: usize) {
        let at_ns = target.clock.now_ns() + REPEAT_NS;
        self.set_timer(at_ns, Timer::Repeat(index));
    }

    /// A lasting fault was applied for the first time.
    fn keep_on(&mut self, target: &mut LiveTarget<'_>, index: usize, step: &Step) {
        if !step.lasting {
            return;
        }
        if self.cursor.scope_of(index).is_some() {
            self.arm(target, index, step.times() - 1);
        } else if let Fault::Signal { .. } = step.fault {
            self.set_repeat(target, index);
        } else {
            self.faults.never_end(target, &step.fault);
        }
    }

    /// A write has taken what fits: the next one fails.
    fn fail_next(&mut self, target: &mut LiveTarget<'_>, index: usize, step: &Step) {
        if self.faults.take_part() && !step.lasting {
            self.arm(target, index, 1);
        }
    }

    fn arm(&self, target: &mut LiveTarget<'_>, step: usize, times: u32) {
        let scope = self.cursor.scope_of(step);
        if let (Some(scope), Some(tracer)) = (scope, target.processes.tracer_mut()) {
            tracer.arm(scope, times);
        }
    }

    fn inject_if_met(&mut self, target: &mut LiveTarget<'_>) -> Result<(), RunError> {
        match self.already_met(target) {
            Some(met) => self.inject_due(target, met, Held::Nobody),
            None => Ok(()),
        }
    }

    /// A state that the current step waits for and that is there already.
    fn already_met(&self, target: &LiveTarget<'_>) -> Option<String> {
        if let Some(signal) = self.cursor.handler() {
            let sets = proc::signal_sets(target.processes.pid())?;
            return SignalSets::has(sets.caught, signal).then(|| format!("handler for {signal}"));
        }
        self.file_met(target)
            .or_else(|| self.cursor.has_children().then(|| "a child".to_owned()))
            .or_else(|| self.cursor.is_ready().then(|| "readiness".to_owned()))
            .or_else(|| self.cursor.has_requests().then(|| "a request".to_owned()))
    }

    /// The file that the current step waits for, if it is there.
    fn file_met(&self, target: &LiveTarget<'_>) -> Option<String> {
        let path = target.tree.find(self.cursor.glob()?)?;
        Some(format!("file {path}"))
    }
}

fn report(target: &mut LiveTarget<'_>, index: usize, step: &Step, met: String) {
    target.push(EventKind::Fault {
        step: index,
        fault: step.fault.words(step.lasting),
        met,
        signal: step.fault.signal(),
    });
}
