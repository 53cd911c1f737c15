//! What the tracer reports of a run.

use crate::facts::{CallLabel, ExitStatus, HandlerFact, Signal, Usage};
use crate::sys::ids::{Pid, Tid};

/// What a wait status meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TraceEvent {
    /// The target's program is executed.
    Started,
    /// A process was created.
    Child { pid: Pid, parent: Pid },
    /// A process executed a program.
    Exec { pid: Pid },
    /// A signal is delivered to a thread.
    Delivered {
        pid: Pid,
        tid: Tid,
        /// The thread's name; empty for the main thread.
        thread: String,
        signal: Signal,
        /// The kernel raised it for a fault of the program itself.
        own_fault: bool,
    },
    /// A thread only sends itself this signal, and all others wait.
    Livelock {
        pid: Pid,
        signal: Signal,
        times: u32,
    },
    /// A handler is installed.
    Handler { pid: Pid, signal: Signal },
    /// A traced handler has returned, or was left.
    HandlerReturned(HandlerFact),
    /// A call with an effect returned without an error.
    Effect { pid: Pid, call: CallLabel },
    /// A breakpoint, or a call of an armed scope, is reached. The thread is held
    /// until [`crate::tracer::Tracer::release`].
    Reached {
        tid: Tid,
        hold: HoldReason,
        /// The call; with its argument where that is known.
        call: String,
    },
    /// A thread that was to be stepped farther came to its next call.
    SteppedThrough { instructions: u32 },
    /// A process ended.
    Ended {
        pid: Pid,
        status: ExitStatus,
        usage: Usage,
    },
}

/// Why a thread is held at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HoldReason {
    /// It is at this breakpoint.
    Awaited(usize),
    /// Its call belongs to this scope.
    Scope(usize),
    /// It has written output, which is to be read first.
    Output,
}
