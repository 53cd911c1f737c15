//! What a traced run looks out for.

use super::syscalls::syscall_matcher::{ArgumentMatcher, SyscallMatcher};
use crate::facts::{Phase, PointKey, Signal};
use crate::sys::seccomp::{Besides, Chosen, SyscallInstruction};
use crate::tracer::syscalls;

/// Which calls stop, and what is done with them.
#[derive(Debug, Clone)]
pub(crate) struct TraceConfig {
    /// The calls that stop.
    pub(crate) chosen: Chosen,
    /// Every effect call (or every call) that stops becomes a point.
    pub(crate) record: Option<Record>,
    /// Each point has the stack of the thread that makes the call.
    pub(crate) stacks: bool,
    /// Effect calls are reported as they return.
    pub(crate) report_effects: bool,
    /// Where a thread is held for a fault.
    pub(crate) breakpoints: Vec<Breakpoint>,
    /// Calls at which a thread is held as well, once [`crate::tracer::Tracer::arm`] says so.
    pub(crate) scopes: Vec<Scope>,
    /// Whoever has written to a pipe or a terminal is held until that has been read: what is waited for in the output
    /// is then found before its writer goes on.
    pub(crate) hold_output: bool,
    /// Signals whose handlers are traced.
    pub(crate) handlers: Vec<Signal>,
    /// Asking for io_uring is answered with ENOSYS.
    pub(crate) refuse_io_uring: bool,
    /// What is not followed is counted.
    pub(crate) watch_unfollowed: bool,
}

/// How much is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Record {
    /// Calls with an effect.
    Effects,
    /// Every call.
    All,
    /// Calls without an effect that the C library makes in the middle of its own work, the first of each kind that is
    /// made while this signal is handled.
    Quiet(Signal),
}

/// A call at which a fault is to be placed, once.
#[derive(Debug, Clone)]
pub(crate) enum Breakpoint {
    /// A call of a recorded run, counted over everybody who comes by: a fault is never placed elsewhere.
    Site {
        key: PointKey,
        /// What its argument must look like.
        arg: ArgumentMatcher,
        phase: Phase,
    },
    /// The n-th of these calls, by whatever thread, counted from the start.
    Nth {
        calls: SyscallMatcher,
        nth: u32,
        phase: Phase,
    },
}

/// Calls to which a fault happens from some moment on.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) calls: SyscallMatcher,
    pub(crate) phase: Phase,
}

impl Breakpoint {
    pub(crate) fn phase(&self) -> Phase {
        match self {
            Breakpoint::Site { phase, .. } | Breakpoint::Nth { phase, .. } => *phase,
        }
    }

    /// The only instruction that can lead to it, where that is known. Without an address all calls of a number have
    /// to be counted.
    fn instruction(&self) -> Option<SyscallInstruction> {
        match self {
            Breakpoint::Site { key, .. } => (key.ip != 0).then_some(SyscallInstruction {
                number: key.number,
                ip: key.ip,
            }),
            Breakpoint::Nth { .. } => None,
        }
    }

    /// The numbers of the calls that can lead to it.
    fn numbers(&self) -> Vec<u32> {
        match self {
            Breakpoint::Site { key, .. } => vec![key.number],
            Breakpoint::Nth { calls, .. } => calls.numbers(),
        }
    }
}

impl TraceConfig {
    /// Only births, deaths, executions and signals: no call stops.
    pub(crate) fn lifecycle() -> TraceConfig {
        TraceConfig {
            chosen: Chosen::none(),
            record: None,
            stacks: false,
            report_effects: false,
            breakpoints: Vec::new(),
            scopes: Vec::new(),
            hold_output: false,
            handlers: Vec::new(),
            refuse_io_uring: false,
            watch_unfollowed: false,
        }
    }

    /// Everything that becomes a point, and what the breakpoints and the scopes need.
    pub(crate) fn recording(
        record: Record,
        breakpoints: Vec<Breakpoint>,
        scopes: Vec<Scope>,
    ) -> TraceConfig {
        let chosen = match record {
            Record::All => Chosen::All,
            Record::Effects => Chosen::none()
                .and_numbers(syscalls::numbers_with_effect())
                .and_numbers(named(&breakpoints, &scopes)),
            Record::Quiet(_) => Chosen::none().and_numbers(syscalls::numbers_of_library()),
        };
        TraceConfig {
            chosen,
            record: Some(record),
            watch_unfollowed: !matches!(record, Record::Quiet(_)),
            breakpoints,
            scopes,
            ..TraceConfig::lifecycle()
        }
    }

    /// Only what the breakpoints and the scopes need: exact instructions where
    /// all of them are known from a recording, else all calls of their numbers.
    pub(crate) fn awaiting(breakpoints: Vec<Breakpoint>, scopes: Vec<Scope>) -> TraceConfig {
        let instructions = breakpoints.iter().map(Breakpoint::instruction);
        let chosen = match instructions.collect() {
            Some(instructions) if scopes.is_empty() => Chosen::Instructions(instructions),
            _ => Chosen::none().and_numbers(named(&breakpoints, &scopes)),
        };
        TraceConfig {
            chosen,
            breakpoints,
            scopes,
            ..TraceConfig::lifecycle()
        }
    }

    /// Also stops at the calls whose names are accepted, and reports those with an effect.
    pub(crate) fn and_report(mut self, accept: impl Fn(&str) -> bool) -> TraceConfig {
        self.chosen = self.chosen.and_numbers(syscalls::numbers(|name| {
            syscalls::class_of(name).is_some() && accept(name)
        }));
        self.report_effects = true;
        self
    }

    /// Whether asking for io_uring is answered with ENOSYS.
    pub(crate) fn and_refuse_io_uring(mut self, refuse: bool) -> TraceConfig {
        self.refuse_io_uring = refuse;
        self
    }

    /// Also counts what is not followed.
    pub(crate) fn and_watch_unfollowed(mut self) -> TraceConfig {
        self.chosen = self.chosen.and_numbers(syscalls::numbers_unfollowed());
        self.watch_unfollowed = true;
        self
    }

    /// What stops besides the chosen calls.
    pub(crate) fn besides(&self) -> Besides {
        Besides {
            io_uring_setup: self.refuse_io_uring,
            unfollowed: self.watch_unfollowed,
        }
    }

    /// Also holds whoever has written output.
    pub(crate) fn and_hold_output(mut self) -> TraceConfig {
        let output = syscalls::numbers(|name| syscalls::output(name).is_some());
        self.chosen = self.chosen.and_numbers(output);
        self.hold_output = true;
        self
    }
}

/// The numbers of the calls that the breakpoints and the scopes are about.
fn named(breakpoints: &[Breakpoint], scopes: &[Scope]) -> Vec<u32> {
    let at = breakpoints.iter().flat_map(Breakpoint::numbers);
    at.chain(scopes.iter().flat_map(|scope| scope.calls.numbers()))
        .collect()
}
