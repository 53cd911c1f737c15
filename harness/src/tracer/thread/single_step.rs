//! Instruction by instruction away from a call: the moments between two calls.
//!
//! From the return of the awaited call on the thread takes single steps, until
//! it has taken so many or stands in front of the instruction that makes its
//! next call: the window between two calls is over, and its length is reported.
//! Signals that come meanwhile are delivered; their handlers' instructions count.

use crate::sys::arch;
use crate::sys::ids::Tid;
use crate::tracer::trace_event::HoldReason;
use std::io;

/// Instructions that are stepped through at most; some 20,000 a second can be.
const STEPS_MAX: u32 = 20_000;

/// The steps of one thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SingleStep {
    pub(crate) hold: HoldReason,
    /// The call that they lead away from.
    pub(crate) number: u32,
    wanted: u32,
    pub(crate) taken: u32,
    /// It runs through instructions that cannot be interrupted, which count as one: see [`Stride::Over`].
    ///
    /// [`Stride::Over`]: crate::sys::arch::Stride::Over
    pub(crate) is_over: bool,
}

/// What one step led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepResult {
    /// More steps are to be taken.
    GoOn,
    /// The wanted instruction is reached.
    Arrived,
    /// The thread's next call, or the bound, came first.
    NextCall,
}

impl SingleStep {
    pub(crate) fn new(hold: HoldReason, number: u32, wanted: u32) -> SingleStep {
        SingleStep {
            hold,
            number,
            wanted,
            taken: 0,
            is_over: false,
        }
    }

    /// The thread has stopped, behind such instructions or for another reason.
    pub(crate) fn end_stride(&mut self, tid: Tid) -> io::Result<()> {
        match std::mem::take(&mut self.is_over) {
            true => arch::clear_stride(tid),
            false => Ok(()),
        }
    }

    /// Counts a step. `is_at_call` finds out whether the next instruction makes a call.
    pub(crate) fn count(
        &mut self,
        is_at_call: impl FnOnce() -> io::Result<bool>,
    ) -> io::Result<StepResult> {
        self.taken += 1;
        if self.taken == self.wanted {
            return Ok(StepResult::Arrived);
        }
        if self.taken >= STEPS_MAX || is_at_call()? {
            return Ok(StepResult::NextCall);
        }
        Ok(StepResult::GoOn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_where_they_were_to_lead_or_at_the_next_call() {
        let mut steps = SingleStep::new(HoldReason::Output, 0, 2);
        assert_eq!(steps.count(|| Ok(false)).unwrap(), StepResult::GoOn);
        // The wanted place counts, even where it is the last one before a call.
        assert_eq!(steps.count(|| Ok(true)).unwrap(), StepResult::Arrived);
        let mut steps = SingleStep::new(HoldReason::Output, 0, 2);
        assert_eq!(steps.count(|| Ok(true)).unwrap(), StepResult::NextCall);
        assert_eq!(steps.taken, 1);
    }

    #[test]
    fn steps_are_bounded() {
        let mut steps = SingleStep::new(HoldReason::Output, 0, u32::MAX);
        while steps.count(|| Ok(false)).unwrap() == StepResult::GoOn {}
        assert_eq!(steps.taken, STEPS_MAX);
    }
}
