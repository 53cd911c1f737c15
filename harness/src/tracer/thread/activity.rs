//! What a thread is doing now, as far as the tracer has to know.
//!
//! Every stop of a thread is a transition of this state. The handlers that a thread is in are no part of it: a
//! thread in a handler makes calls, is stepped and held like any other.

use super::pending_syscall::PendingSyscall;
use super::single_step::SingleStep;
use crate::facts::Signal;
use crate::sys::ptrace::Resume;

/// One thread's activity.
#[derive(Debug, Default)]
pub(crate) enum Activity {
    /// It runs, or is in a call whose return nobody needs to see.
    #[default]
    Running,
    /// It is in a call whose return is to be seen.
    InSyscall(PendingSyscall),
    /// It goes instruction by instruction.
    Stepping(SingleStep),
    /// A signal was delivered; its next stop is in front of the handler's first instruction.
    EnteringHandler {
        entry: HandlerEntry,
        /// What it goes on with in the handler.
        then: Box<Activity>,
    },
    /// It stands still at a point, until it is released: at the beginning of this call, or at the end of one.
    Held(Option<PendingSyscall>),
}

/// The delivery that takes a thread into a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HandlerEntry {
    pub(crate) signal: Signal,
    /// The call that the signal interrupts or follows; empty when the thread is in none.
    pub(crate) interrupted: String,
}

impl Activity {
    /// Returns how the thread goes on. In a handler it stops at every call.
    pub(crate) fn resume(&self, in_handler: bool) -> Resume {
        match self {
            Activity::Stepping(_) | Activity::EnteringHandler { .. } => Resume::Step,
            Activity::InSyscall(_) => Resume::ToCallBoundary,
            Activity::Running | Activity::Held(_) if in_handler => Resume::ToCallBoundary,
            Activity::Running | Activity::Held(_) => Resume::Run,
        }
    }

    /// A call begins. Returns the steps that the thread was taking, which end here.
    pub(crate) fn begin_syscall(&mut self, pending: PendingSyscall) -> Option<SingleStep> {
        let next = if pending.is_needed() {
            Activity::InSyscall(pending)
        } else {
            Activity::Running
        };
        match std::mem::replace(self, next) {
            Activity::Stepping(steps) => Some(steps),
            _ => None,
        }
    }

    /// The call has returned. Returns what is to be done, if its return was to be seen.
    pub(crate) fn end_syscall(&mut self) -> Option<PendingSyscall> {
        match std::mem::take(self) {
            Activity::InSyscall(pending) => Some(pending),
            other => {
                *self = other;
                None
            }
        }
    }

    /// The thread is held where it stands, in front of this call or after one.
    pub(crate) fn hold(&mut self, pending: Option<PendingSyscall>) {
        *self = Activity::Held(pending);
    }

    /// The thread may go on. False when it was not held.
    pub(crate) fn release(&mut self) -> bool {
        let Activity::Held(pending) = self else {
            return false;
        };
        *self = match pending.take() {
            Some(pending) if pending.is_needed() => Activity::InSyscall(pending),
            _ => Activity::Running,
        };
        true
    }

    /// The call in front of which a thread is held changes: its return is to be seen.
    pub(crate) fn held_call(&mut self) -> Option<&mut PendingSyscall> {
        match self {
            Activity::Held(pending) => Some(pending.get_or_insert_default()),
            _ => None,
        }
    }

    /// A signal with a handler is delivered.
    pub(crate) fn enter_handler(&mut self, entry: HandlerEntry) {
        let then = match std::mem::take(self) {
            // The handler of the signal before was not reached: this one comes first.
            Activity::EnteringHandler { then, .. } => then,
            other => Box::new(other),
        };
        *self = Activity::EnteringHandler { entry, then };
    }

    /// The handler's first instruction is reached. `None` when the thread was not on its way to one.
    pub(crate) fn handler_entered(&mut self) -> Option<HandlerEntry> {
        match std::mem::take(self) {
            Activity::EnteringHandler { entry, then } => {
                *self = *then;
                Some(entry)
            }
            other => {
                *self = other;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracer::changed_argument::ChangedArgument;
    use crate::tracer::trace_event::HoldReason;

    fn entry(signal: Signal) -> HandlerEntry {
        HandlerEntry {
            signal,
            interrupted: String::new(),
        }
    }

    fn recorded() -> PendingSyscall {
        PendingSyscall {
            point: Some(7),
            ..PendingSyscall::default()
        }
    }

    #[test]
    fn a_call_whose_return_nobody_needs_is_left_alone() {
        let mut activity = Activity::default();
        assert!(activity.begin_syscall(PendingSyscall::default()).is_none());
        assert_eq!(activity.resume(false), Resume::Run);
        assert_eq!(activity.resume(true), Resume::ToCallBoundary);
        assert!(activity.end_syscall().is_none());
    }

    #[test]
    fn a_call_is_seen_to_its_return() {
        let mut activity = Activity::default();
        activity.begin_syscall(recorded());
        assert_eq!(activity.resume(false), Resume::ToCallBoundary);
        assert_eq!(activity.end_syscall().and_then(|call| call.point), Some(7));
        assert_eq!(activity.resume(false), Resume::Run);
    }

    #[test]
    fn who_is_released_goes_on_with_its_call() {
        let mut activity = Activity::default();
        activity.hold(Some(recorded()));
        assert!(activity.release());
        assert!(!activity.release(), "it is held no longer");
        assert_eq!(activity.end_syscall().and_then(|call| call.point), Some(7));
        activity.hold(None);
        activity.held_call().expect("it is held").restore = Some(ChangedArgument {
            position: 2,
            was: 4096,
        });
        activity.release();
        assert_eq!(activity.resume(false), Resume::ToCallBoundary);
    }

    #[test]
    fn steps_go_on_in_a_handler_and_end_at_the_next_call() {
        let mut activity = Activity::Stepping(SingleStep::new(HoldReason::Output, 1, 100));
        activity.enter_handler(entry(Signal::INT));
        activity.enter_handler(entry(Signal::CONT));
        assert_eq!(activity.resume(false), Resume::Step);
        assert_eq!(activity.handler_entered(), Some(entry(Signal::CONT)));
        assert_eq!(activity.handler_entered(), None);
        assert_eq!(activity.resume(true), Resume::Step);
        assert!(activity.begin_syscall(PendingSyscall::default()).is_some());
        assert_eq!(activity.resume(false), Resume::Run);
    }
}
