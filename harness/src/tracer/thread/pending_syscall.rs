//! A call that a thread is in: what is done when it returns.

use crate::facts::{CallLabel, Signal, Unfollowed};
use crate::sys::seccomp::SyscallInstruction;
use crate::tracer::changed_argument::ChangedArgument;
use crate::tracer::trace_event::HoldReason;

/// What the return of a call brings.
#[derive(Debug, Default)]
pub(crate) struct PendingSyscall {
    pub(crate) at: SyscallInstruction,
    /// Index of the recorded point.
    pub(crate) point: Option<usize>,
    /// The thread is held.
    pub(crate) hold: Option<HoldReason>,
    /// It is held so many instructions after the return.
    pub(crate) instructions: u32,
    /// The call was skipped: the thread is put back in front of it.
    pub(crate) rewind: bool,
    /// A call with an effect, which is reported when it succeeds.
    pub(crate) effect: Option<CallLabel>,
    /// Something that is not followed comes of it, when it succeeds.
    pub(crate) unfollowed: Option<Unfollowed>,
    /// It installs a handler for this signal.
    pub(crate) installs: Option<Signal>,
    /// An argument that was changed for this call and is to be put back:
    /// a program counts on its registers being left alone.
    pub(crate) restore: Option<ChangedArgument>,
}

impl PendingSyscall {
    /// Returns whether the return has to be seen.
    pub(crate) fn is_needed(&self) -> bool {
        self.hold.is_some()
            || self.point.is_some()
            || self.effect.is_some()
            || self.unfollowed.is_some()
            || self.installs.is_some()
            || self.restore.is_some()
    }
}
