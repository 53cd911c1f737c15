//! What a call looks like that a schedule means.

use super::observed_syscall::ObservedSyscall;
use crate::facts::counted_argument;
use crate::schedule::{Fault, length_position};
use crate::tracer::syscalls;
use globset::GlobMatcher;

/// Calls, by what is known of them when they begin.
#[derive(Debug, Clone)]
pub(crate) struct SyscallMatcher {
    /// Glob on the process path, with or without the thread's; any process without it.
    pub(crate) process: Option<GlobMatcher>,
    /// Their names.
    pub(crate) calls: Vec<String>,
    /// Glob on their argument.
    pub(crate) arg: Option<GlobMatcher>,
    /// Calls without an effect count, too.
    pub(crate) every: bool,
    /// Only calls on descriptors that this fault can happen to: nobody has named the call.
    pub(crate) fitting: Option<Fault>,
}

impl SyscallMatcher {
    /// The numbers of the calls that have one of its names.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        syscalls::numbers(|name| self.calls.iter().any(|call| call == name))
    }

    /// Returns whether a call looks like this. What costs least is compared first.
    pub(crate) fn matches(&self, call: &ObservedSyscall<'_>) -> bool {
        self.calls.iter().any(|name| *name == call.name())
            && self
                .process
                .as_ref()
                .is_none_or(|glob| is_process(glob, call))
            && (self.every || call.is_effect().unwrap_or(true))
            && self
                .arg
                .as_ref()
                .is_none_or(|glob| glob.is_match(call.argument().to_string()))
            && self
                .fitting
                .as_ref()
                .is_none_or(|fault| can_happen(fault, call))
    }
}

fn can_happen(fault: &Fault, call: &ObservedSyscall<'_>) -> bool {
    let name = call.name();
    let bytes = length_position(&name).map(|position| call.call.args[position]);
    fault.fits_on(&name, call.descriptor_kind(), bytes)
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

    /// Returns whether a call's argument is the one that is meant; hashes in it may differ.
    pub(crate) fn accepts(&self, arg: &str) -> bool {
        let counted = counted_argument(arg);
        match self {
            ArgumentMatcher::Literal(arg) => *arg == counted,
            ArgumentMatcher::Pattern(glob) => glob.is_match(counted),
        }
    }
}

/// As the name of a point begins, or with the ordinals of process and thread.
fn is_process(glob: &GlobMatcher, call: &ObservedSyscall<'_>) -> bool {
    let (process, thread) = (call.process_name(), call.thread_name());
    glob.is_match(call.role())
        || glob.is_match(&process)
        || !thread.is_empty() && glob.is_match(format!("{process}+{thread}"))
}
