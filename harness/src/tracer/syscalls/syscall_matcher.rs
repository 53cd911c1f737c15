//! What a call looks like that a schedule means.

use super::observed_syscall::ObservedSyscall;
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
    }
}

/// As the name of a point begins: with the thread, when it is not the main one.
fn is_process(glob: &GlobMatcher, call: &ObservedSyscall<'_>) -> bool {
    let (process, thread) = (call.process_name(), call.thread_name());
    glob.is_match(&process) || !thread.is_empty() && glob.is_match(format!("{process}+{thread}"))
}
