//! What is to be done to the target at a later time: the ends of faults that
//! take a while.

use super::run_loop::{Live, Trouble};
use crate::sys::spawn;
use crate::sys::starve::Hog;

/// A target that is starved for good gets so much more time to end, as it has
/// about a hundredth of a processor.
pub(crate) const STARVED_NS: u64 = 60_000_000_000;

/// One thing to do later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Later {
    /// Let this thread go on with its call.
    Release(i32),
    /// SIGCONT to this process or (negative) group.
    Continue(i32),
    /// Processor time for all again.
    Feed,
    /// The one who waits at a failpoint may go on.
    Answer,
    /// The signal of this step, again.
    Again(usize),
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    items: Vec<(u64, Later)>,
}

impl Agenda {
    pub(crate) fn push(&mut self, at_ns: u64, what: Later) {
        self.items.push((at_ns, what));
    }

    pub(crate) fn next_ns(&self) -> Option<u64> {
        self.items.iter().map(|(at_ns, _)| *at_ns).min()
    }

    /// Takes out what is due.
    pub(crate) fn due(&mut self, now_ns: u64) -> Option<Later> {
        let index = self.items.iter().position(|(at_ns, _)| *at_ns <= now_ns)?;
        Some(self.items.swap_remove(index).1)
    }

    /// Whether this thread is held back.
    pub(crate) fn delays(&self, tid: i32) -> bool {
        self.items
            .iter()
            .any(|(_, what)| *what == Later::Release(tid))
    }

    /// The answer was given.
    pub(crate) fn drop_answer(&mut self) {
        self.items.retain(|(_, what)| *what != Later::Answer);
    }

    /// What was to end does not.
    pub(crate) fn drop_ends(&mut self) {
        self.items
            .retain(|(_, what)| !matches!(what, Later::Continue(_) | Later::Feed));
    }
}

impl Live<'_> {
    /// Does what has come due.
    pub(crate) fn do_later(&mut self) -> Result<(), Trouble> {
        while let Some(what) = self.later.due(self.now_ns()) {
            match what {
                Later::Release(tid) => self.release(tid)?,
                Later::Continue(whom) => {
                    spawn::kill(whom, libc::SIGCONT)?;
                }
                Later::Feed => {
                    if let Some(hog) = self.hog.take() {
                        hog.relieve(&self.everybody());
                    }
                }
                Later::Answer => self.answer_late()?,
                Later::Again(step) => self.again_in_time(step)?,
            }
        }
        Ok(())
    }

    /// Takes the processor away from the target and its descendants.
    pub(crate) fn starve(&mut self) -> Result<(), Trouble> {
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

    fn everybody(&self) -> Vec<i32> {
        self.tracer
            .as_ref()
            .map_or_else(|| vec![self.pid], |tracer| tracer.thread_ids())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_and_the_rest_waits() {
        let mut agenda = Agenda::default();
        agenda.push(30, Later::Feed);
        agenda.push(10, Later::Release(7));
        agenda.push(20, Later::Continue(-7));
        assert_eq!(agenda.next_ns(), Some(10));
        assert!(agenda.delays(7) && !agenda.delays(8));
        assert_eq!(agenda.due(5), None);
        assert_eq!(agenda.due(15), Some(Later::Release(7)));
        assert_eq!(agenda.due(15), None);
        assert!(!agenda.delays(7));
        agenda.drop_ends();
        assert_eq!(agenda.next_ns(), None);
    }
}
