//! What happens when the target reaches a failpoint: the step that is due there, and the answer.

use super::inject::{Held, Timer};
use super::run_error::RunError;
use super::run_loop::ActiveRun;
use crate::facts::{EventKind, Signal};
use crate::schedule::{Fault, Step, Trigger};

/// How long a signal may take to be taken. One that is blocked or ignored never is.
const TAKEN_NS: u64 = 100_000_000;

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
            self.script.failpoint(&name);
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
        let failpoints = self.failpoints.as_ref();
        if failpoints.is_some_and(|failpoints| failpoints.awaits(signal)) {
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
