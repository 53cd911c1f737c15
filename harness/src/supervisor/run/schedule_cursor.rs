//! Which step of a schedule is next, and whether it is due.

use crate::facts::Phase;
use crate::schedule::{CallSelector, Fault, Step, Trigger, arg_matcher};
use crate::tracer::{ArgumentMatcher, Breakpoint, Scope, SyscallMatcher, class_of};
use globset::{Glob, GlobMatcher};
use regex::bytes::Regex;

/// Output that is kept to match patterns against.
const WINDOW_BYTES: usize = 256 * 1024;

/// Follows a schedule through a run.
pub(crate) struct ScheduleCursor {
    steps: Vec<Step>,
    next: usize,
    pub(crate) fired_ns: Vec<Option<u64>>,
    /// Output since the last step.
    window: Vec<u8>,
    patterns: Vec<Option<Regex>>,
    globs: Vec<Option<GlobMatcher>>,
    children: u32,
    /// For each awaited point, its step.
    awaited_steps: Vec<usize>,
    /// For each scope, its step.
    scope_steps: Vec<usize>,
    /// The current step's trigger was met, and its fault waits for a call to happen to.
    armed: bool,
    /// How often each step's fault was applied.
    pub(crate) applied: Vec<u32>,
}

impl ScheduleCursor {
    /// Answers an error for a pattern that cannot be compiled.
    pub(crate) fn new(steps: &[Step]) -> Result<ScheduleCursor, String> {
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
            awaited_steps: indices(|step| awaited(step).is_some()),
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
                Some(self.last_ns().saturating_add(*ns).min(u64::MAX / 4))
            }
            _ => None,
        }
    }

    fn last_ns(&self) -> u64 {
        self.fired_ns.iter().flatten().max().copied().unwrap_or(0)
    }

    /// Whether a step was applied already.
    pub(crate) fn any_fired(&self) -> bool {
        self.next > 0
    }

    /// The current step is done.
    pub(crate) fn fired(&mut self, at_ns: u64) {
        self.fired_ns[self.next] = Some(at_ns);
        self.applied[self.next] += 1;
        self.next += 1;
        self.armed = false;
        self.window.clear();
    }

    /// Takes output. Answers what matched when the current step waits for it.
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

    /// The glob that the current step waits for.
    pub(crate) fn glob(&self) -> Option<&GlobMatcher> {
        self.waiting()?;
        self.globs.get(self.next)?.as_ref()
    }

    /// The signal whose handler the current step waits for.
    pub(crate) fn handler(&self) -> Option<i32> {
        let step = self.waiting()?;
        (step.trigger == Trigger::Handler)
            .then(|| step.fault.signal())
            .flatten()
    }

    /// True when this awaited point is what the current step waits for.
    pub(crate) fn is_at(&self, awaited: usize) -> bool {
        self.awaited_steps.get(awaited) == Some(&self.next)
    }

    /// How often the call that each step waits for was met, from the count of each awaited point.
    pub(crate) fn met_by_step(&self, met: &[u32]) -> Vec<u32> {
        let mut by_step = vec![0; self.steps.len()];
        for (step, met) in self.awaited_steps.iter().zip(met) {
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

/// The point that a step waits for.
pub(crate) fn awaited(step: &Step) -> Option<Breakpoint> {
    match &step.trigger {
        Trigger::Point { name, key } => Some(Breakpoint::Site {
            arg: ArgumentMatcher::new(&key.arg),
            key: key.clone(),
            phase: name.phase,
        }),
        Trigger::Call(selector) => Some(Breakpoint::Live {
            look: look(selector),
            nth: selector.nth,
            phase: selector.phase,
        }),
        _ => None,
    }
}

/// The calls that a step's fault happens to besides the one that is its trigger.
pub(crate) fn scope(step: &Step) -> Option<Scope> {
    if !step.lasting && (!step.fault.is_of_call() || awaited(step).is_some()) {
        return None;
    }
    if matches!(step.fault, Fault::Freeze { .. } | Fault::Starve { .. }) {
        // They last by not ending.
        return None;
    }
    Some(match &step.trigger {
        Trigger::Call(selector) => Scope {
            look: look(selector),
            phase: selector.phase,
        },
        Trigger::Point { name, .. } if !step.fault.is_of_call() => Scope {
            look: SyscallMatcher {
                process: None,
                calls: vec![name.call.clone()],
                arg: None,
                every: false,
            },
            phase: name.phase,
        },
        // A signal without a call comes again by the clock.
        _ if !step.fault.is_of_call() => return None,
        _ => Scope {
            look: fitting(&step.fault),
            phase: Phase::Entry,
        },
    })
}

fn look(selector: &CallSelector) -> SyscallMatcher {
    let glob = |text: &str| {
        // What a person writes may be a glob; what does not parse as one is literal.
        Glob::new(text).map_or_else(|_| arg_matcher(text), |glob| glob.compile_matcher())
    };
    SyscallMatcher {
        process: selector.process.as_deref().map(glob),
        calls: selector.names(),
        arg: selector.arg.as_deref().map(glob),
        every: selector.every,
    }
}

/// All calls that a fault can happen to.
fn fitting(fault: &Fault) -> SyscallMatcher {
    let known = syscalls::Sysno::iter().map(|call| call.name());
    // Most happen only to calls that change something: no disk is too full to open a file for reading.
    let every = fault.needs_every_call() || matches!(fault, Fault::Short { .. });
    let calls = known.filter(|name| fault.fits(name) && (every || class_of(name).is_some()));
    SyscallMatcher {
        process: None,
        calls: calls.map(str::to_owned).collect(),
        arg: None,
        every,
    }
}
