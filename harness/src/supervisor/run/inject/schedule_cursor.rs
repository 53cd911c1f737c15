//! Which step of a schedule is next, and whether it is due.

use super::breakpoints::{breakpoint, scope};
use crate::facts::Signal;
use crate::schedule::{Step, Trigger, output_pattern};
use globset::{Glob, GlobMatcher};
use regex::bytes::Regex;

/// Output that is kept to match patterns against.
const WINDOW_BYTES: usize = 256 * 1024;

/// Follows a schedule through a run.
pub(crate) struct ScheduleCursor {
    steps: Vec<Step>,
    next: usize,
    /// When each step was applied.
    fired_ns: Vec<Option<u64>>,
    /// Output since the last step.
    window: Vec<u8>,
    patterns: Vec<Option<Regex>>,
    globs: Vec<Option<GlobMatcher>>,
    children: u32,
    /// The service of the target can be used.
    ready: bool,
    /// Requests that were sent to it.
    requests: u32,
    /// For each breakpoint, its step.
    breakpoint_steps: Vec<usize>,
    /// For each scope, its step.
    scope_steps: Vec<usize>,
    /// The current step's trigger was met, and its fault waits for a call to happen to.
    armed: bool,
    /// How often each step's fault was applied.
    applied: Vec<u32>,
}

impl ScheduleCursor {
    /// # Errors
    /// A pattern or a glob that cannot be compiled.
    pub(crate) fn new(steps: &[Step]) -> Result<ScheduleCursor, String> {
        let mut patterns = Vec::new();
        let mut globs = Vec::new();
        for step in steps {
            patterns.push(match &step.trigger {
                Trigger::Output { pattern } => {
                    Some(output_pattern(pattern).map_err(|e| e.to_string())?)
                }
                _ => None,
            });
            globs.push(match &step.trigger {
                Trigger::File { glob } => Some(
                    Glob::new(glob)
                        .map_err(|e| e.to_string())?
                        .compile_matcher(),
                ),
                _ => None,
            });
        }
        let indices = |wanted: fn(&Step) -> bool| {
            let chosen = steps.iter().enumerate().filter(|(_, step)| wanted(step));
            chosen.map(|(index, _)| index).collect()
        };
        Ok(ScheduleCursor {
            steps: steps.to_vec(),
            next: 0,
            fired_ns: vec![None; steps.len()],
            window: Vec::new(),
            patterns,
            globs,
            children: 0,
            ready: false,
            requests: 0,
            breakpoint_steps: indices(|step| breakpoint(step).is_some()),
            scope_steps: indices(|step| scope(step).is_some()),
            armed: false,
            applied: vec![0; steps.len()],
        })
    }

    /// The step that is to be applied next.
    pub(crate) fn current(&self) -> Option<(usize, &Step)> {
        self.steps.get(self.next).map(|step| (self.next, step))
    }

    /// The same, while its trigger has not been met.
    fn waiting(&self) -> Option<&Step> {
        self.current().map(|(_, step)| step).filter(|_| !self.armed)
    }

    /// The fault of the current step waits for a call.
    pub(crate) fn arm(&mut self) {
        self.armed = true;
    }

    /// When the current step comes due by time alone.
    pub(crate) fn due_ns(&self) -> Option<u64> {
        match &self.waiting()?.trigger {
            Trigger::After { ns } => Some((*ns).min(u64::MAX / 4)),
            Trigger::AfterPrevious { ns } => {
                let last = self.last_ns().unwrap_or(0);
                Some(last.saturating_add(*ns).min(u64::MAX / 4))
            }
            _ => None,
        }
    }

    /// When the last step was applied, if one was.
    pub(crate) fn last_ns(&self) -> Option<u64> {
        self.fired_ns.iter().flatten().max().copied()
    }

    /// When each step was applied; `None` for those that were not.
    pub(crate) fn into_fired_ns(self) -> Vec<Option<u64>> {
        self.fired_ns
    }

    /// A step, by its place in the schedule.
    pub(crate) fn step(&self, index: usize) -> Option<&Step> {
        self.steps.get(index)
    }

    /// How often a step's fault was applied.
    pub(crate) fn applied(&self, index: usize) -> u32 {
        self.applied[index]
    }

    /// The fault of a step was applied again. Returns how often that makes.
    pub(crate) fn repeated(&mut self, index: usize) -> u32 {
        self.applied[index] = self.applied[index].saturating_add(1);
        self.applied[index]
    }

    /// The current step is done.
    pub(crate) fn fired(&mut self, at_ns: u64) {
        self.fired_ns[self.next] = Some(at_ns);
        self.applied[self.next] += 1;
        self.next += 1;
        self.armed = false;
        self.window.clear();
    }

    /// Takes output. Returns what matched, if the current step waits for it.
    pub(crate) fn output(&mut self, bytes: &[u8]) -> Option<String> {
        self.waiting()?;
        let pattern = self.patterns.get(self.next)?.as_ref()?;
        self.window.extend_from_slice(bytes);
        let excess = self.window.len().saturating_sub(WINDOW_BYTES);
        self.window.drain(..excess);
        let found = pattern.find(&self.window)?;
        Some(format!(
            "output {:?}",
            String::from_utf8_lossy(found.as_bytes())
        ))
    }

    /// Takes a birth.
    pub(crate) fn child(&mut self) {
        self.children += 1;
    }

    /// True when the current step waits for a child and has it.
    pub(crate) fn has_children(&self) -> bool {
        matches!(self.waiting(), Some(Step { trigger: Trigger::Child { nth }, .. }) if self.children >= *nth)
    }

    /// The steps that were applied.
    pub(crate) fn applied_steps(&self) -> impl Iterator<Item = &Step> {
        let fired = self.steps.iter().zip(&self.fired_ns);
        fired.filter(|(_, at)| at.is_some()).map(|(step, _)| step)
    }

    /// The service can be used.
    pub(crate) fn ready(&mut self) {
        self.ready = true;
    }

    /// True when the current step waits for the service and it can be used.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready
            && self
                .waiting()
                .is_some_and(|step| step.trigger == Trigger::Ready)
    }

    /// So many requests were sent.
    pub(crate) fn requests(&mut self, sent: u32) {
        self.requests = sent;
    }

    /// Whether the current step waits for a request, and that is one of so many.
    pub(crate) fn awaits_request(&self, sent: u32) -> bool {
        matches!(self.waiting(), Some(Step { trigger: Trigger::Request { nth }, .. }) if sent >= *nth)
    }

    /// True when the current step waits for a request and has it.
    pub(crate) fn has_requests(&self) -> bool {
        self.awaits_request(self.requests)
    }

    /// The glob that the current step waits for.
    pub(crate) fn glob(&self) -> Option<&GlobMatcher> {
        self.waiting()?;
        self.globs.get(self.next)?.as_ref()
    }

    /// The signal whose handler the current step waits for.
    pub(crate) fn handler(&self) -> Option<Signal> {
        let step = self.waiting()?;
        (step.trigger == Trigger::Handler)
            .then(|| step.fault.signal())
            .flatten()
            .map(Signal::new)
    }

    /// True when this breakpoint is what the current step waits for.
    pub(crate) fn is_at(&self, breakpoint: usize) -> bool {
        self.breakpoint_steps.get(breakpoint) == Some(&self.next)
    }

    /// How often the call that each step waits for has begun, from the count of each breakpoint.
    pub(crate) fn met_by_step(&self, met: &[u32]) -> Vec<u32> {
        let mut by_step = vec![0; self.steps.len()];
        for (step, met) in self.breakpoint_steps.iter().zip(met) {
            by_step[*step] = *met;
        }
        by_step
    }

    /// The step that a scope belongs to.
    pub(crate) fn of_scope(&self, scope: usize) -> Option<(usize, &Step)> {
        let index = *self.scope_steps.get(scope)?;
        self.steps.get(index).map(|step| (index, step))
    }

    /// The scope of a step.
    pub(crate) fn scope_of(&self, step: usize) -> Option<usize> {
        self.scope_steps.iter().position(|index| *index == step)
    }
}
