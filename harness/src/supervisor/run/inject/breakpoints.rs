//! Which calls a step is about: the one that it waits for, and those that its fault happens to.

use crate::facts::Phase;
use crate::schedule::{CallSelector, DATA_WRITES, Fault, Step, Trigger, arg_matcher};
use crate::tracer::{ArgumentMatcher, Breakpoint, Scope, SyscallMatcher, class_of};
use globset::Glob;

/// The call that a step waits for.
pub(crate) fn breakpoint(step: &Step) -> Option<Breakpoint> {
    match &step.trigger {
        Trigger::Point { name, key } => Some(Breakpoint::Site {
            arg: ArgumentMatcher::new(&key.arg),
            key: key.clone(),
            phase: name.phase,
        }),
        Trigger::Call(selector) => Some(Breakpoint::Nth {
            calls: matcher(selector),
            nth: selector.nth,
            phase: selector.phase,
        }),
        _ => None,
    }
}

/// The calls that a step's fault happens to besides the one that is its trigger.
pub(crate) fn scope(step: &Step) -> Option<Scope> {
    if let (Fault::Full { .. }, false, true) =
        (&step.fault, step.lasting, breakpoint(step).is_some())
    {
        // What was written in part is written on, by this call or by another one.
        let calls = DATA_WRITES.iter().map(|name| (*name).to_owned());
        return Some(Scope {
            calls: SyscallMatcher {
                process: None,
                calls: calls.collect(),
                arg: None,
                every: false,
                fitting: Some(step.fault.clone()),
            },
            phase: Phase::Entry,
        });
    }
    if !step.lasting && (!step.fault.is_of_call() || breakpoint(step).is_some()) {
        return None;
    }
    if matches!(step.fault, Fault::Freeze { .. } | Fault::Starve { .. }) {
        // They last by not ending.
        return None;
    }
    Some(match &step.trigger {
        Trigger::Call(selector) => Scope {
            calls: matcher(selector),
            phase: selector.phase,
        },
        Trigger::Point { name, .. } if !step.fault.is_of_call() => Scope {
            calls: SyscallMatcher {
                process: None,
                calls: vec![name.call.clone()],
                arg: None,
                every: false,
                fitting: None,
            },
            phase: name.phase,
        },
        // A signal without a call comes again by the clock.
        _ if !step.fault.is_of_call() => return None,
        _ => Scope {
            calls: applicable(&step.fault),
            phase: Phase::Entry,
        },
    })
}

fn matcher(selector: &CallSelector) -> SyscallMatcher {
    let glob = |text: &str| {
        // What a person writes may be a glob; what does not parse as one is literal.
        Glob::new(text).map_or_else(|_| arg_matcher(text), |glob| glob.compile_matcher())
    };
    SyscallMatcher {
        process: selector.process.as_deref().map(glob),
        calls: selector.names(),
        arg: selector.arg.as_deref().map(glob),
        every: selector.every,
        fitting: None,
    }
}

/// All calls that a fault can happen to.
fn applicable(fault: &Fault) -> SyscallMatcher {
    let known = syscalls::Sysno::iter().map(|call| call.name());
    // Most happen only to calls that change something: no disk is too full to open a file for reading.
    let every = fault.needs_every_call() || matches!(fault, Fault::Short { .. });
    let calls = known.filter(|name| fault.fits(name) && (every || class_of(name).is_some()));
    SyscallMatcher {
        process: None,
        calls: calls.map(str::to_owned).collect(),
        arg: None,
        every,
        fitting: Some(fault.clone()),
    }
}
