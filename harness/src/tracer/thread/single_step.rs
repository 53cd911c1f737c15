//! Instruction by instruction away from a call: the moments between two calls.
//!
//! From the return of the awaited call on the thread takes single steps, until
//! it has taken so many or stands in front of the instruction that makes its
//! next call: the window between two calls is over, and how long it was is told.
//! Signals that come meanwhile are delivered; their handlers' instructions count.

use crate::sys::ptrace;
use crate::sys::ptrace::Resume;
use crate::tracer::tracer::{HoldReason, TraceEvent, Tracer};
use std::io;

/// Instructions that are stepped through at most; some 20,000 a second can be.
const STEPS_MAX: u32 = 20_000;

/// A thread on its way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SingleStep {
    hold: HoldReason,
    number: u32,
    wanted: u32,
    taken: u32,
}

impl SingleStep {
    pub(crate) fn new(hold: HoldReason, number: u32, wanted: u32) -> SingleStep {
        SingleStep {
            hold,
            number,
            wanted,
            taken: 0,
        }
    }
}

impl Tracer {
    /// How a thread goes on.
    pub(crate) fn going_on(&self, tid: i32) -> Resume {
        match self.family.threads.get(&tid) {
            Some(thread) if thread.steps.is_some() => Resume::Step,
            Some(thread) if thread.inside.is_some() || !thread.windows.is_empty() => {
                Resume::ToCallBoundary
            }
            _ => Resume::Run,
        }
    }

    /// A thread begins to step away from a call that has returned.
    pub(crate) fn step_away(&mut self, tid: i32, steps: SingleStep) {
        if let Some(thread) = self.family.threads.get_mut(&tid) {
            thread.steps = Some(steps);
        }
    }

    /// The stop after one instruction. `None` when nobody asked for it; a thread
    /// that has come to where it was to go is held.
    pub(crate) fn stepped(
        &mut self,
        tid: i32,
        seen: &mut Vec<TraceEvent>,
    ) -> io::Result<Option<Option<(Resume, i32)>>> {
        let thread = self.family.threads.get_mut(&tid);
        let Some(steps) = thread.and_then(|thread| thread.steps.as_mut()) else {
            return Ok(None);
        };
        steps.taken += 1;
        let steps = *steps;
        let arrived = steps.taken == steps.wanted;
        if !arrived && steps.taken < STEPS_MAX && !ptrace::is_at_call(tid)? {
            return Ok(Some(Some((Resume::Step, 0))));
        }
        if let Some(thread) = self.family.threads.get_mut(&tid) {
            thread.steps = None;
        }
        if arrived {
            seen.push(TraceEvent::Reached {
                tid,
                hold: steps.hold,
                call: crate::tracer::syscalls::name(steps.number),
            });
            return Ok(Some(None));
        }
        seen.push(TraceEvent::SteppedThrough {
            instructions: steps.taken,
        });
        Ok(Some(Some((self.going_on(tid), 0))))
    }
}
