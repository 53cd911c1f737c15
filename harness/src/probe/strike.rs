//! Applying the steps of a schedule.

use super::live::{Live, Trouble};
use crate::facts::What;
use crate::inject::{Delivery, Fault, typed};
use crate::sys::proc::{self, SignalSets};
use crate::sys::spawn;
use std::io;
use std::time::{Duration, Instant};

impl Live<'_> {
    /// Applies the current step, and those after it that are already due by
    /// what is known without waiting.
    pub(super) fn apply(&mut self, met: String, held: Option<i32>) -> Result<(), Trouble> {
        let mut met = Some(met);
        while let Some(reason) = met.take() {
            let Some((index, step)) = self.stepper.current() else {
                return Ok(());
            };
            if self.ended_ns.is_some() {
                return Ok(());
            }
            let fault = step.fault.clone();
            let text = fault.to_string();
            self.push(What::Fault {
                step: index,
                fault: text,
                met: reason,
            });
            self.strike(&fault, held)?;
            self.stepper.fired(self.now_ns());
            met = self.already_met();
        }
        Ok(())
    }

    /// A state that the next step waits for and that is there already.
    pub(super) fn already_met(&self) -> Option<String> {
        if let Some(signal) = self.stepper.handler() {
            let sets = proc::signal_sets(self.pid)?;
            return SignalSets::has(sets.caught, signal)
                .then(|| format!("handler for {}", crate::facts::signals::name(signal)));
        }
        if let Some(path) = self.stepper.glob().and_then(|glob| self.tree.find(glob)) {
            return Some(format!("file {path}"));
        }
        self.stepper.has_children().then(|| "a child".to_owned())
    }

    pub(super) fn strike(&mut self, fault: &Fault, held: Option<i32>) -> Result<(), Trouble> {
        let Fault::Signal { signal, to } = *fault;
        match to {
            Delivery::Process => {
                spawn::kill(self.pid, signal)?;
            }
            Delivery::Group => {
                spawn::kill(-self.pid, signal)?;
            }
            Delivery::Terminal => {
                let character =
                    typed(signal).ok_or_else(|| io::Error::other("this signal cannot be typed"))?;
                let foreground = self.streams.type_character(character)?;
                if let (Some(held), Some(group)) = (held, foreground) {
                    self.await_typed(signal, held, group)?;
                }
            }
        }
        Ok(())
    }

    /// The terminal turns a character into a signal a moment after it was
    /// typed. A thread that is held at a point must not run on before that, or
    /// the signal would land somewhere else.
    pub(super) fn await_typed(&self, signal: i32, held: i32, group: i32) -> io::Result<()> {
        const LIMIT: Duration = Duration::from_millis(100);
        let begun = Instant::now();
        let process = self
            .tracer
            .as_ref()
            .map_or(held, |tracer| tracer.process_of(held));
        if proc::stat(process).is_none_or(|stat| stat.group != group) {
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
