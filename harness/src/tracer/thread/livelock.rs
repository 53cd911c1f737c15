//! A thread that sends itself the same signal from its handler, for ever.
//!
//! The handler returns with the signal pending again, and the kernel delivers it
//! before the program makes another step. bash and git do so when they are
//! interrupted before they have noted which handler to go back to.

use crate::facts::Signal;
use crate::sys::ids::{Pid, Tid};
use crate::sys::{proc, ptrace};

/// After so many handlers in a row the next one shows nothing new.
const TRACED_MAX: u32 = 16;
/// So many in a row are taken for ever, and again each time that so many more came.
const FOR_EVER: u32 = 1000;

/// Signals that a thread sent itself without making a step between two of them.
#[derive(Debug, Default)]
pub(crate) struct Livelock {
    /// The last one, and where the program stands that never goes on: instruction, stack and frame pointer.
    last: Option<(Signal, [u64; 3])>,
    times: u32,
}

impl Livelock {
    /// Counts a signal that the thread sent itself, or starts anew when there is no `place`. Returns how many it
    /// were in a row, at each number that is taken for ever.
    pub(crate) fn count(&mut self, signal: Signal, place: Option<[u64; 3]>) -> Option<u32> {
        let now = place.map(|place| (signal, place));
        if now.is_none() || self.last != now {
            self.times = 0;
        }
        self.last = now;
        now?;
        self.times = self.times.saturating_add(1);
        self.times.is_multiple_of(FOR_EVER).then_some(self.times)
    }

    /// Returns whether so many of its handlers were traced in a row that the next one shows nothing new.
    pub(crate) fn is_known(&self) -> bool {
        self.times > TRACED_MAX
    }
}

/// Returns where a thread stands at the delivery of a signal that it sent itself; `None` when it did not, or has made a
/// step.
///
/// In a loop of `raise` outside a handler the delivery is at the return of a call. At that of `rt_sigreturn` the
/// kernel says that there was none.
pub(crate) fn place_of_own_signal(tid: Tid, pid: Pid, sender: Option<Pid>) -> Option<[u64; 3]> {
    let is_own = sender == Some(pid) && matches!(ptrace::interrupted_call(tid), Ok(None));
    is_own.then(|| ptrace::stack_registers(tid).ok()).flatten()
}

/// Returns whether these threads all wait for each other, and for no time: otherwise one of them may put an end to it.
pub(crate) fn all_wait(mut threads: impl Iterator<Item = Tid>) -> bool {
    threads.all(|tid| match proc::waits(tid) {
        Some(("wait4" | "waitid", _)) => true,
        // The end of a pipe whose other ends are theirs, too.
        Some(("read", number)) => {
            proc::descriptor(tid, number).is_some_and(|descriptor| descriptor.starts_with("pipe:"))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_signal_at_the_same_place_is_for_ever() {
        let mut livelock = Livelock::default();
        for _ in 1..FOR_EVER {
            assert_eq!(livelock.count(Signal::INT, Some([1, 2, 3])), None);
        }
        assert!(livelock.is_known());
        let times = livelock.count(Signal::INT, Some([1, 2, 3]));
        assert_eq!(times, Some(FOR_EVER));
        for (signal, place) in [
            (Signal::INT, Some([1, 2, 4])),
            (Signal::CONT, Some([1, 2, 4])),
            (Signal::CONT, None),
        ] {
            assert_eq!(livelock.count(signal, place), None);
            assert!(!livelock.is_known(), "{signal} at {place:?} starts anew");
        }
    }
}
