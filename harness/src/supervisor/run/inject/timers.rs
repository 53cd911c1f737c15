//! What is to be done to the target at a later time: the ends of faults that
//! take a while, and their repetitions.

use crate::sys::ids::Tid;
use crate::sys::signals::Recipient;

/// One thing to do later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// Let this thread go on with its call.
    Release(Tid),
    /// SIGCONT to these.
    Continue(Recipient),
    /// Processor time for all again.
    Feed,
    /// Whoever waits at a failpoint may go on.
    Answer,
    /// The signal of this step, again.
    Repeat(usize),
}

/// The things to do later, of one run.
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

    /// Whoever waits at a failpoint may go on before its time.
    pub(crate) fn drop_answer(&mut self) {
        self.items.retain(|(_, what)| *what != Timer::Answer);
    }

    /// What was to end does not end.
    pub(crate) fn drop_ends(&mut self) {
        self.items
            .retain(|(_, what)| !matches!(what, Timer::Continue(_) | Timer::Feed));
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
