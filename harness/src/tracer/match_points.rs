//! For which calls a thread is held: breakpoints, scopes, output.

use super::stack_reader::StackReader;
use super::syscalls::observed_syscall::ObservedSyscall;
use super::trace_config::{Breakpoint, Scope};
use super::trace_event::HoldReason;
use crate::facts::Phase;
use crate::sys::ids::Pid;

/// The breakpoints and scopes of one run, and how far each of them has come.
#[derive(Default)]
pub(crate) struct PointMatcher {
    breakpoints: Vec<BreakpointState>,
    scopes: Vec<ScopeState>,
    hold_output: bool,
    /// Where in the code a call is made, for the points that are told apart by that.
    stacks: StackReader,
}

#[derive(Debug)]
struct BreakpointState {
    breakpoint: Breakpoint,
    /// How many of its calls have begun.
    met: u32,
    /// It is reached once.
    reached: bool,
}

#[derive(Debug)]
struct ScopeState {
    scope: Scope,
    /// How many of its calls are still to be held.
    armed: u32,
}

impl PointMatcher {
    pub(crate) fn new(
        breakpoints: Vec<Breakpoint>,
        scopes: Vec<Scope>,
        hold_output: bool,
    ) -> PointMatcher {
        let breakpoints = breakpoints.into_iter().map(|breakpoint| BreakpointState {
            breakpoint,
            met: 0,
            reached: false,
        });
        let scopes = scopes
            .into_iter()
            .map(|scope| ScopeState { scope, armed: 0 });
        PointMatcher {
            breakpoints: breakpoints.collect(),
            scopes: scopes.collect(),
            hold_output,
            stacks: StackReader::default(),
        }
    }

    /// A process executes another program, or has ended.
    pub(crate) fn forget(&mut self, pid: Pid) {
        self.stacks.forget(pid);
    }

    /// How often a call of each breakpoint has begun.
    pub(crate) fn met(&self) -> Vec<u32> {
        self.breakpoints.iter().map(|state| state.met).collect()
    }

    /// From now on the next `times` calls of a scope are held.
    pub(crate) fn arm(&mut self, scope: usize, times: u32) {
        self.scopes[scope].armed = times;
    }

    /// Returns why and on which side of this call its thread is to be held, if it is. Every call that begins comes
    /// through here once, in order.
    pub(crate) fn hold_at(&mut self, call: &ObservedSyscall<'_>) -> Option<(HoldReason, Phase)> {
        self.breakpoint_at(call)
            .or_else(|| self.scope_at(call))
            .or_else(|| {
                (self.hold_output && call.call.is_output())
                    .then_some((HoldReason::Output, Phase::Exit))
            })
    }

    fn breakpoint_at(&mut self, call: &ObservedSyscall<'_>) -> Option<(HoldReason, Phase)> {
        let mut found = None;
        for (index, state) in self.breakpoints.iter_mut().enumerate() {
            // Each counts its calls, whichever of them this call is held for.
            if state.is_at(call, &mut self.stacks) && !state.reached && found.is_none() {
                state.reached = true;
                found = Some((HoldReason::Awaited(index), state.breakpoint.phase()));
            }
        }
        found
    }

    fn scope_at(&mut self, call: &ObservedSyscall<'_>) -> Option<(HoldReason, Phase)> {
        let mut scopes = self.scopes.iter_mut().enumerate();
        let (index, state) =
            scopes.find(|(_, state)| state.armed > 0 && state.scope.calls.matches(call))?;
        state.armed -= 1;
        Some((HoldReason::Scope(index), state.scope.phase))
    }
}

impl BreakpointState {
    /// Counts the call, if it is one of the breakpoint's, and returns whether it is the one that is meant.
    fn is_at(&mut self, call: &ObservedSyscall<'_>, stacks: &mut StackReader) -> bool {
        let (is_one, nth) = match &self.breakpoint {
            // What costs least is compared first: most calls are others.
            Breakpoint::Site { key, arg, .. } => {
                let is_one = (key.number, key.ip) == (call.at.number, call.at.ip)
                    && key.role == call.role()
                    && arg.accepts(&call.argument().to_string())
                    && key.effect == call.is_effect().unwrap_or(false)
                    && key
                        .code
                        .is_none_or(|code| stacks.code(call.pid(), call.call.tid) == Some(code));
                (is_one, key.nth)
            }
            Breakpoint::Nth { calls, nth, .. } => (calls.matches(call), *nth),
        };
        self.met += u32::from(is_one);
        is_one && self.met == nth
    }
}
