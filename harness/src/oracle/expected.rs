//! What may be asked of a program, by what was done to it.
//!
//! A signal asks it to stop. An error in place of a call may make it fail, but
//! not in silence. A delay asks nothing: it has to finish as ever. And nobody
//! cleans up after SIGKILL.

use crate::facts::Run;
use crate::schedule::{Fault, Schedule, Step, Trigger};

/// What follows from the steps that were applied.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// Signals that may end it.
    pub(crate) sent: Vec<i32>,
    /// Something failed that it may give up at: any status but that of success is right.
    pub(crate) may_fail: bool,
    /// Its output has no reader any more.
    pub(crate) output_lost: bool,
    /// Its terminal is gone.
    pub(crate) terminal_gone: bool,
    /// It was killed by SIGKILL, or one of its children was.
    pub(crate) killed: bool,
    /// The same, and it was the target itself.
    pub(crate) killed_itself: bool,
    /// A file that it wanted to remove could not be.
    pub(crate) cannot_remove: bool,
    /// What was done, for "after …".
    pub(crate) words: String,
}

impl Expected {
    pub(crate) fn of(schedule: &Schedule, run: &Run) -> Expected {
        let mut expect = Expected::default();
        let mut words: Vec<String> = Vec::new();
        for (index, step) in schedule.steps.iter().enumerate() {
            if run.fired_ns.get(index).is_none_or(Option::is_none) {
                continue;
            }
            expect.take(step);
            let word = step.fault.short_words();
            if !words.contains(&word) {
                words.push(word);
            }
        }
        expect.words = words.join(" and ");
        expect
    }

    fn take(&mut self, step: &Step) {
        match &step.fault {
            Fault::Signal { signal, to } => {
                self.sent.push(*signal);
                let child = to.is_below();
                // What happens to a child may be the end of the parent's work.
                self.may_fail |= child;
                self.killed |= *signal == libc::SIGKILL;
                self.killed_itself |= *signal == libc::SIGKILL && !child;
            }
            Fault::HangUp => {
                self.sent.push(libc::SIGHUP);
                self.may_fail = true;
                self.output_lost = true;
                self.terminal_gone = true;
            }
            Fault::CloseReader { .. } => {
                self.sent.push(libc::SIGPIPE);
                self.may_fail = true;
                self.output_lost = true;
            }
            Fault::Errno { errno } | Fault::Full { errno } => {
                // An interrupted call is no failure: it is to be made again.
                self.may_fail |= *errno != libc::EINTR;
                self.cannot_remove |= *errno != libc::EINTR && hits_a_removal(step);
            }
            Fault::Short { .. } => self.may_fail = true,
            Fault::Delay { .. } | Fault::Freeze { .. } | Fault::Starve { .. } => {}
        }
    }
}

fn hits_a_removal(step: &Step) -> bool {
    const REMOVALS: [&str; 3] = ["unlink", "unlinkat", "rmdir"];
    match &step.trigger {
        Trigger::Call(selector) => REMOVALS.iter().any(|name| selector.means(name)),
        Trigger::Point { name, .. } if !step.lasting => REMOVALS.contains(&name.call.as_str()),
        _ => REMOVALS.iter().any(|name| step.fault.fits(name)),
    }
}
