//! A thread that sends itself the same signal from its handler, for ever.
//!
//! The handler returns with the signal pending again, and the kernel delivers it
//! before the program makes another step. bash and git do so when they are
//! interrupted before they have noted which handler to go back to.

use crate::facts::Signal;
use crate::sys::ids::Tid;
use crate::sys::{arch, proc};

/// After so many handlers in a row the next one shows nothing new.
const TRACED_MAX: u32 = 16;
/// So many in a row are taken for ever, and again each time that so many more came.
const FOR_EVER: u32 = 1000;
/// A handler that makes more calls than this before it returns is not waited for.
const CALLS_MAX: u32 = 64;
/// Where only its calls tell whether the thread has made a step, they are looked at after the first signals in a row,
/// and then after each of so many: a program that makes steps makes them each time.
const LOOKED_AT: u32 = 32;

/// Signals that a thread sent itself without making a step between two of them.
#[derive(Debug, Default)]
pub(crate) struct Livelock {
    /// The last one, and where the program stands that never goes on: instruction, stack and frame pointer.
    last: Option<(Signal, [u64; 3])>,
    times: u32,
    /// What the thread does after a signal that it sent itself. Not needed where a delivery tells of the call that it
    /// is in.
    calls: CallsAfter,
}

/// The calls of a thread since it took a signal that it sent itself.
#[derive(Debug, Default)]
struct CallsAfter {
    /// They are looked at.
    wanted: bool,
    /// So many more of them: the handler's, and the next one.
    left: u32,
    /// The last one was the return from a handler.
    has_returned: bool,
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

    /// Returns where the thread stands at the delivery of a signal, which it sent itself if `is_own`; `None` when it
    /// did not, or has made a step.
    ///
    /// In a loop of `raise` outside a handler the delivery is at the return of a call. At that of `rt_sigreturn` the
    /// kernel says that there was none, or the thread's last call was that: all of them are looked at then.
    pub(crate) fn place(&mut self, tid: Tid, is_own: bool) -> Option<[u64; 3]> {
        let calls = std::mem::take(&mut self.calls);
        if !is_own {
            return None;
        }
        let is_at_no_call = if arch::DELIVERY_TELLS_CALL {
            matches!(arch::interrupted_call(tid), Ok(None))
        } else {
            self.has_only_returned(&calls)
        };
        is_at_no_call.then(|| arch::place(tid).ok()).flatten()
    }

    /// Whether the calls since the last signal show that the thread has come back from its handler, and no farther;
    /// or, where they were not looked at, nothing speaks against that.
    fn has_only_returned(&mut self, calls: &CallsAfter) -> bool {
        let is_so = match calls.wanted {
            true => calls.has_returned,
            false => self.times > 0,
        };
        let next = if is_so { self.times + 1 } else { 0 };
        if next <= TRACED_MAX || next.is_multiple_of(LOOKED_AT) {
            self.calls.wanted = true;
            self.calls.left = CALLS_MAX;
        }
        is_so
    }

    /// Returns whether the thread has to stop at its calls, so that they can be told of.
    pub(crate) fn needs_calls(&self) -> bool {
        self.calls.left > 0
    }

    /// The thread makes a call.
    pub(crate) fn call_begins(&mut self, is_return: bool) {
        self.calls.left = self.calls.left.saturating_sub(1);
        self.calls.has_returned = is_return && self.calls.left > 0;
    }

    /// Returns whether so many of its handlers were traced in a row that the next one shows nothing new.
    pub(crate) fn is_known(&self) -> bool {
        self.times > TRACED_MAX
    }
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

    #[test]
    fn a_thread_has_made_no_step_when_its_last_call_was_a_return() {
        let mut livelock = Livelock::default();
        livelock.call_begins(true);
        assert!(
            !livelock.calls.has_returned,
            "it may have made more calls since"
        );
        livelock.calls.left = CALLS_MAX;
        for (is_return, has_returned) in [(false, false), (true, true), (false, false)] {
            livelock.call_begins(is_return);
            assert_eq!(livelock.calls.has_returned, has_returned);
        }
        livelock.calls.left = 2;
        livelock.call_begins(true);
        assert!(livelock.needs_calls());
        livelock.call_begins(true);
        assert!(!livelock.needs_calls() && !livelock.calls.has_returned);
    }

    /// How many of these signals are in a row, and how many calls are looked at; after each of them the thread makes a
    /// call in its handler, comes back, and makes another call if it `steps`.
    fn in_a_row(times: u32, steps: impl Fn(u32) -> bool) -> (u32, u32) {
        let (mut livelock, mut looked_at) = (Livelock::default(), 0);
        for time in 0..times {
            let calls = std::mem::take(&mut livelock.calls);
            let place = livelock.has_only_returned(&calls).then_some([1, 2, 3]);
            livelock.count(Signal::INT, place);
            for is_return in [false, true]
                .into_iter()
                .chain(steps(time).then_some(false))
            {
                if livelock.needs_calls() {
                    livelock.call_begins(is_return);
                    looked_at += 1;
                }
            }
        }
        (livelock.times, looked_at)
    }

    #[test]
    fn not_every_call_has_to_be_looked_at() {
        let (times, looked_at) = in_a_row(FOR_EVER + 1, |_| false);
        assert_eq!(times, FOR_EVER, "the first is none in a row");
        assert!(looked_at < 120, "{looked_at} calls");
        let (times, _) = in_a_row(5000, |_| true);
        assert_eq!(times, 0);
        let (times, _) = in_a_row(500, |time| time < 300);
        assert!(
            (100..200).contains(&times),
            "{times} since it has made a step"
        );
    }
}
