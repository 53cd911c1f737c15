//! What a traced run looks out for.

use crate::facts::{Phase, PointKey};
use crate::sys::seccomp::Chosen;
use crate::tracer::syscalls;
use globset::GlobMatcher;

/// Which calls stop, and what is done with them.
#[derive(Debug, Clone)]
pub(crate) struct TraceConfig {
    pub(crate) chosen: Chosen,
    /// Keep every effect call (or every call) that stops, as a point.
    pub(crate) record: Option<Record>,
    /// With each point the stack of the thread that makes the call.
    pub(crate) stacks: bool,
    /// Tell of effect calls as they return.
    pub(crate) tell_effects: bool,
    /// Points at which the tracee is held for a fault.
    pub(crate) awaited: Vec<Breakpoint>,
    /// Calls at which it is held as well, once [`crate::tracer::tracer::Tracer::arm`] says so.
    pub(crate) scopes: Vec<Scope>,
    /// Whoever has written to a pipe or a terminal is held until that has been read: what is waited for in the output
    /// is then found before its writer goes on.
    pub(crate) outputs: bool,
    /// Signals whose handlers are looked into.
    pub(crate) handlers: Vec<i32>,
}

/// What a call looks like.
#[derive(Debug, Clone)]
pub(crate) struct SyscallMatcher {
    /// Glob on the process path, with or without the thread's; or any process.
    pub(crate) process: Option<GlobMatcher>,
    /// Its names.
    pub(crate) calls: Vec<String>,
    /// Glob on its argument.
    pub(crate) arg: Option<GlobMatcher>,
    /// Calls without an effect count, too.
    pub(crate) every: bool,
}

/// Calls to which a fault happens from some moment on.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) look: SyscallMatcher,
    pub(crate) phase: Phase,
}

/// How much is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Record {
    Effects,
    All,
}

/// A point at which a fault is to be placed.
#[derive(Debug, Clone)]
pub(crate) enum Breakpoint {
    /// A call of a recorded run, counted over everybody who comes by: never inject elsewhere.
    Site {
        key: PointKey,
        /// What its argument must look like.
        arg: ArgumentMatcher,
        phase: Phase,
    },
    /// The n-th call that looks like this, counted from the start.
    Live {
        look: SyscallMatcher,
        nth: u32,
        phase: Phase,
    },
}

/// Compares arguments with the one of a recorded call.
#[derive(Debug, Clone)]
pub(crate) enum ArgumentMatcher {
    /// It is always the same.
    Literal(String),
    /// Some of it varies.
    Pattern(Box<GlobMatcher>),
}

impl ArgumentMatcher {
    /// For the argument of a point's key.
    pub(crate) fn new(arg: &str) -> ArgumentMatcher {
        if arg.contains('*') {
            ArgumentMatcher::Pattern(Box::new(crate::schedule::arg_matcher(arg)))
        } else {
            ArgumentMatcher::Literal(arg.to_owned())
        }
    }

    fn matches(&self, counted: &str) -> bool {
        match self {
            ArgumentMatcher::Literal(arg) => arg == counted,
            ArgumentMatcher::Pattern(glob) => glob.is_match(counted),
        }
    }

    /// Whether a call's argument is the one that is meant; hashes in it may differ.
    pub(crate) fn accepts(&self, arg: &str) -> bool {
        self.matches(&crate::facts::counted_argument(arg))
    }
}

impl TraceConfig {
    /// Only births, deaths, executions and signals: no call stops.
    pub(crate) fn lifecycle() -> TraceConfig {
        TraceConfig {
            chosen: Chosen::Numbers(Vec::new()),
            record: None,
            stacks: false,
            tell_effects: false,
            awaited: Vec::new(),
            scopes: Vec::new(),
            outputs: false,
            handlers: Vec::new(),
        }
    }

    /// Everything that becomes a point, and what is awaited besides.
    pub(crate) fn recording(
        record: Record,
        awaited: Vec<Breakpoint>,
        scopes: Vec<Scope>,
    ) -> TraceConfig {
        let mut watch = TraceConfig {
            record: Some(record),
            awaited,
            scopes,
            ..TraceConfig::lifecycle()
        };
        watch.chosen = match record {
            Record::All => Chosen::All,
            Record::Effects => {
                let recorded = syscalls::numbers_with_effect();
                let named = syscalls::numbers(|name| watch.names(name));
                let mut numbers = [recorded, named].concat();
                numbers.sort_unstable();
                numbers.dedup();
                Chosen::Numbers(numbers)
            }
        };
        watch
    }

    /// Only what the awaited points and the scopes need: exact instructions where
    /// all of them are known from a recording, else all calls of their names.
    pub(crate) fn awaiting(awaited: Vec<Breakpoint>, scopes: Vec<Scope>) -> TraceConfig {
        let mut watch = TraceConfig {
            awaited,
            scopes,
            ..TraceConfig::lifecycle()
        };
        let exact: Option<Vec<(u32, u64)>> = watch
            .awaited
            .iter()
            .map(|awaited| match awaited {
                // Address 0 is none: all calls of its number have to be counted.
                Breakpoint::Site { key, .. } => (key.ip != 0).then_some((key.number, key.ip)),
                Breakpoint::Live { .. } => None,
            })
            .collect();
        watch.chosen = match exact {
            Some(instructions) if watch.scopes.is_empty() => Chosen::Instructions(instructions),
            _ => Chosen::Numbers(syscalls::numbers(|name| watch.names(name))),
        };
        watch
    }

    /// Whether an awaited point or a scope is about calls of this name.
    fn names(&self, name: &str) -> bool {
        let looks = |look: &SyscallMatcher| look.calls.iter().any(|call| call == name);
        self.awaited.iter().any(|awaited| match awaited {
            Breakpoint::Site { key, .. } => syscalls::name(key.number) == name,
            Breakpoint::Live { look, .. } => looks(look),
        }) || self.scopes.iter().any(|scope| looks(&scope.look))
    }

    /// Also stops at the calls whose names are accepted, and tells of those with an effect.
    pub(crate) fn and_tell(mut self, accept: impl Fn(&str) -> bool) -> TraceConfig {
        self.choose(syscalls::numbers(|name| {
            syscalls::class_of(name).is_some() && accept(name)
        }));
        self.tell_effects = true;
        self
    }

    /// Also holds whoever has written output.
    pub(crate) fn and_hold_output(mut self) -> TraceConfig {
        self.choose(syscalls::numbers(|name| syscalls::output(name).is_some()));
        self.outputs = true;
        self
    }

    /// These calls stop, too.
    fn choose(&mut self, mut wanted: Vec<u32>) {
        let chosen = std::mem::replace(&mut self.chosen, Chosen::All);
        self.chosen = match chosen {
            Chosen::All => Chosen::All,
            Chosen::Numbers(numbers) => {
                wanted.extend(numbers);
                wanted.sort_unstable();
                wanted.dedup();
                Chosen::Numbers(wanted)
            }
            Chosen::Instructions(instructions) => {
                wanted.extend(instructions.iter().map(|(number, _)| *number));
                wanted.sort_unstable();
                wanted.dedup();
                Chosen::Numbers(wanted)
            }
        };
    }

    /// No call needs to stop.
    pub(crate) fn needs_no_filter(&self) -> bool {
        match &self.chosen {
            Chosen::All => false,
            Chosen::Numbers(numbers) => numbers.is_empty(),
            Chosen::Instructions(instructions) => instructions.is_empty(),
        }
    }
}
