//! Which step of a schedule is next, and whether it is due.

use crate::inject::{Step, Trigger};
use crate::tracer::Awaited;
use globset::{Glob, GlobMatcher};
use regex::bytes::Regex;

/// Output that is kept to match patterns against.
const WINDOW_BYTES: usize = 256 * 1024;

/// Follows a schedule through a run.
pub(super) struct Stepper {
    steps: Vec<Step>,
    next: usize,
    pub(super) fired_ns: Vec<Option<u64>>,
    /// Output since the last step.
    window: Vec<u8>,
    patterns: Vec<Option<Regex>>,
    globs: Vec<Option<GlobMatcher>>,
    children: u32,
    /// For each awaited point, its step.
    awaited_steps: Vec<usize>,
}

impl Stepper {
    /// Answers an error for a pattern that cannot be compiled.
    pub(super) fn new(steps: &[Step]) -> Result<Stepper, String> {
        let mut patterns = Vec::new();
        let mut globs = Vec::new();
        for step in steps {
            patterns.push(match &step.trigger {
                Trigger::Output { pattern } => {
                    Some(Regex::new(pattern).map_err(|e| e.to_string())?)
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
        Ok(Stepper {
            steps: steps.to_vec(),
            next: 0,
            fired_ns: vec![None; steps.len()],
            window: Vec::new(),
            patterns,
            globs,
            children: 0,
            awaited_steps: steps
                .iter()
                .enumerate()
                .filter(|(_, step)| awaited(step).is_some())
                .map(|(index, _)| index)
                .collect(),
        })
    }

    /// The step that waits for its trigger.
    pub(super) fn current(&self) -> Option<(usize, &Step)> {
        self.steps.get(self.next).map(|step| (self.next, step))
    }

    /// When the current step comes due by time alone.
    pub(super) fn due_ns(&self) -> Option<u64> {
        match &self.current()?.1.trigger {
            Trigger::After { ns } => Some((*ns).min(u64::MAX / 4)),
            Trigger::AfterPrevious { ns } => {
                Some(self.last_ns().saturating_add(*ns).min(u64::MAX / 4))
            }
            _ => None,
        }
    }

    fn last_ns(&self) -> u64 {
        self.fired_ns.iter().flatten().max().copied().unwrap_or(0)
    }

    /// Whether a step was applied already.
    pub(super) fn any_fired(&self) -> bool {
        self.next > 0
    }

    /// The current step is done.
    pub(super) fn fired(&mut self, at_ns: u64) {
        self.fired_ns[self.next] = Some(at_ns);
        self.next += 1;
        self.window.clear();
    }

    /// Takes output. Answers what matched when the current step waits for it.
    pub(super) fn output(&mut self, bytes: &[u8]) -> Option<String> {
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
    pub(super) fn child(&mut self) {
        self.children += 1;
    }

    /// True when the current step waits for a child and has it.
    pub(super) fn has_children(&self) -> bool {
        matches!(self.current(), Some((_, Step { trigger: Trigger::Child { nth }, .. })) if self.children >= *nth)
    }

    /// The glob that the current step waits for.
    pub(super) fn glob(&self) -> Option<&GlobMatcher> {
        self.globs.get(self.next)?.as_ref()
    }

    /// The signal whose handler the current step waits for.
    pub(super) fn handler(&self) -> Option<i32> {
        let (_, step) = self.current()?;
        (step.trigger == Trigger::Handler).then(|| step.fault.signal())
    }

    /// True when this awaited point is what the current step waits for.
    pub(super) fn is_at(&self, awaited: usize) -> bool {
        self.awaited_steps.get(awaited) == Some(&self.next)
    }
}

/// The point that a step waits for.
pub(super) fn awaited(step: &Step) -> Option<Awaited> {
    use crate::inject::arg_matcher;
    let glob = |text: &str| {
        // What a person writes may be a glob; what does not parse as one is literal.
        Glob::new(text).map_or_else(|_| arg_matcher(text), |glob| glob.compile_matcher())
    };
    match &step.trigger {
        Trigger::Point { name, key } => Some(Awaited::Exact {
            key: key.clone(),
            arg: name.arg.clone(),
            same: crate::inject::same_arg,
            phase: name.phase,
        }),
        Trigger::Call(selector) => Some(Awaited::Live {
            process: selector.process.as_deref().map(glob),
            call: selector.call.clone(),
            arg: selector.arg.as_deref().map(glob),
            nth: selector.nth,
            phase: selector.phase,
        }),
        _ => None,
    }
}
