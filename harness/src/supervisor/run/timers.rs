//! What is to be done to the target at a later time: the ends of faults that
//! take a while.

use super::run_loop::{ActiveRun, RunError};
use crate::facts::Signal;
use crate::sys::ids::Tid;
use crate::sys::signals::Recipient;
use crate::sys::starve::Hog;

/// A target that is starved for good gets so much more time to end, as it has
/// about a hundredth of a processor.
pub(crate) const STARVED_NS: u64 = 60_000_000_000;

/// One thing to do later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// Let this thread go on with its call.
    Release(Tid),
    /// SIGCONT to these.
    Continue(Recipient),
    /// Processor time for all again.
    Feed,
    /// The one who waits at a failpoint may go on.
    Answer,
    /// The signal of this step, again.
    Again(usize),
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct TimerQueue {
    items: Vec<(u64, Timer)>,
}

impl TimerQueue {
    pub(crate) fn push(&mut self, at_ns: u64, what: Timer) {
        self.items.push((at_ns, what));
    }

    pub(crate) fn next_ns(&self) -> Option<u64> {
        self.items.iter().map(|(at_ns, _)| *at_ns).min()
    }

    /// Takes out what is due.
    pub(crate) fn due(&mut self, now_ns: u64) -> Option<Timer> {
        let index = self.items.iter().position(|(at_ns, _)| *at_ns <= now_ns)?;
        Some(self.items.swap_remove(index).1)
    }

    /// Whether this thread is held back.
    pub(crate) fn delays(&self, tid: Tid) -> bool {
        self.items
            .iter()
            .any(|(_, what)| *what == Timer::Release(tid))
    }

    /// The answer was given.
    pub(crate) fn drop_answer(&mut self) {
        self.items.retain(|(_, what)| *what != Timer::Answer);
    }

    /// What was to end does not.
    pub(crate) fn drop_ends(&mut self) {
        self.items
            .retain(|(_, what)| !matches!(what, Timer::Continue(_) | Timer::Feed));
    }
}

impl ActiveRun<'_> {
    /// Does what has come due.
    pub(crate) fn do_later(&mut self) -> Result<(), RunError> {
        while let Some(what) = self.later.due(self.now_ns()) {
            match what {
                Timer::Release(tid) => self.release(tid)?,
                Timer::Continue(whom) => {
                    whom.send(Signal::CONT)?;
                }
                Timer::Feed => {
                    if let Some(hog) = self.hog.take() {
                        hog.relieve(&self.everybody());
                    }
                }
                Timer::Answer => self.answer_late()?,
                Timer::Again(step) => self.again_in_time(step)?,
            }
        }
        Ok(())
    }

    /// Takes the processor away from the target and its descendants.
    pub(crate) fn starve(&mut self) -> Result<(), RunError> {
        if self.hog.is_none() {
            self.hog = Some(Hog::start()?);
        }
        if let Some(hog) = &self.hog {
            // Twice: a thread can be born while the others are told, by one that was not.
            for _ in 0..2 {
                hog.press(&self.everybody());
            }
        }
        Ok(())
    }

    fn everybody(&self) -> Vec<Tid> {
        self.tracer.as_ref().map_or_else(
            || vec![self.pid.main_thread()],
            |tracer| tracer.processes().thread_ids().collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::ids::Pid;

    #[test]
    fn what_is_due_comes_and_the_rest_waits() {
        let mut timers = TimerQueue::default();
        timers.push(30, Timer::Feed);
        timers.push(10, Timer::Release(Tid::new(7)));
        timers.push(20, Timer::Continue(Recipient::Group(Pid::new(7))));
        assert_eq!(timers.next_ns(), Some(10));
        assert!(timers.delays(Tid::new(7)) && !timers.delays(Tid::new(8)));
        assert_eq!(timers.due(5), None);
        assert_eq!(timers.due(15), Some(Timer::Release(Tid::new(7))));
        assert_eq!(timers.due(15), None);
        assert!(!timers.delays(Tid::new(7)));
        timers.drop_ends();
        assert_eq!(timers.next_ns(), None);
    }
}
