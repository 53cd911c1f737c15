//! The controller.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::time::Duration;

use super::report::{PhaseReport, RunReport};
use crate::feedback::Timeline;
use crate::machine::Stage;
use crate::pool::{Cancelled, Outcome, TaskError};
use crate::token::StopToken;

type Work<'work> = Box<dyn FnOnce(&StopToken) -> Result<(), TaskError> + 'work>;

struct Step<'work> {
    name: String,
    work: Work<'work>,
}

/// Runs named phases one after the other on the calling thread, then the
/// teardowns.
///
/// | event | phases | teardowns |
/// | --- | --- | --- |
/// | stage 1 | the active one completes, the rest is skipped | run |
/// | stage 2 | the active one sees it through its token, the rest is skipped | run, shielded |
/// | a phase fails or panics | the rest is skipped | run |
///
/// A phase hands its token on, for instance to a `CommandRunner`, which then
/// ends its program.
///
/// ```
/// use sigproof_core::{Controller, StopSource};
/// let report = Controller::new(&StopSource::new().token())
///     .phase("prepare", |_| Ok(()))
///     .phase("workload", |token| Ok(token.checkpoint()?))
///     .plugin_teardown("plugin", |_| Ok(()))
///     .global_teardown("global", |_| Ok(()))
///     .run();
/// assert!(report.is_complete());
/// ```
#[must_use = "nothing happens until it is run"]
pub struct Controller<'work> {
    token: StopToken,
    phases: Vec<Step<'work>>,
    plugins: Vec<Step<'work>>,
    global: Vec<Step<'work>>,
    limit: Duration,
    timeline: Option<Timeline>,
}

impl fmt::Debug for Controller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |steps: &[Step]| -> Vec<String> {
            steps.iter().map(|step| step.name.clone()).collect()
        };
        f.debug_struct("Controller")
            .field("phases", &names(&self.phases))
            .field("plugin_teardowns", &names(&self.plugins))
            .field("global_teardowns", &names(&self.global))
            .finish_non_exhaustive()
    }
}

impl<'work> Controller<'work> {
    /// The limit of each teardown's shield unless set otherwise: 60 s.
    pub const TEARDOWN_LIMIT: Duration = Duration::from_secs(60);

    /// A controller that obeys `token`, without phases.
    pub fn new(token: &StopToken) -> Controller<'work> {
        Controller {
            token: token.clone(),
            phases: Vec::new(),
            plugins: Vec::new(),
            global: Vec::new(),
            limit: Self::TEARDOWN_LIMIT,
            timeline: None,
        }
    }

    /// Adds a phase.
    pub fn phase(
        mut self,
        name: impl Into<String>,
        work: impl FnOnce(&StopToken) -> Result<(), TaskError> + 'work,
    ) -> Controller<'work> {
        self.phases.push(step(name, work));
        self
    }

    /// Adds a teardown of a part; parts are torn down in reverse order.
    pub fn plugin_teardown(
        mut self,
        name: impl Into<String>,
        work: impl FnOnce(&StopToken) -> Result<(), TaskError> + 'work,
    ) -> Controller<'work> {
        self.plugins.push(step(name, work));
        self
    }

    /// Adds a teardown of the whole, which runs after those of the parts.
    pub fn global_teardown(
        mut self,
        name: impl Into<String>,
        work: impl FnOnce(&StopToken) -> Result<(), TaskError> + 'work,
    ) -> Controller<'work> {
        self.global.push(step(name, work));
        self
    }

    /// Sets how long the shield of each teardown holds. Afterwards its token
    /// shows the stage, and the teardown may cut itself short.
    pub fn teardown_limit(mut self, limit: Duration) -> Controller<'work> {
        self.limit = limit;
        self
    }

    /// Records the begin and end of every phase and teardown.
    pub fn timeline(mut self, timeline: &Timeline) -> Controller<'work> {
        self.timeline = Some(timeline.clone());
        self
    }

    /// Runs the phases, then the teardowns. Teardowns always run, all of them,
    /// also when phases or other teardowns fail.
    pub fn run(mut self) -> RunReport {
        let mut phases = Vec::new();
        let mut goes_on = true;
        for phase in std::mem::take(&mut self.phases) {
            let outcome = if goes_on && !self.token.is_interrupted() {
                self.carry_out("phase", &phase.name, phase.work, &self.token)
            } else {
                Outcome::Cancelled(Cancelled::Queued)
            };
            goes_on = goes_on && outcome.is_completed();
            phases.push(PhaseReport {
                name: phase.name,
                outcome,
            });
        }
        let mut teardowns = Vec::new();
        let plugins = std::mem::take(&mut self.plugins).into_iter().rev();
        let global = std::mem::take(&mut self.global);
        for teardown in plugins.chain(global) {
            let shield = self.token.shield(self.limit);
            let outcome = self.carry_out("teardown", &teardown.name, teardown.work, shield.token());
            teardowns.push(PhaseReport {
                name: teardown.name,
                outcome,
            });
        }
        RunReport {
            phases,
            teardowns,
            interrupted: self.token.checkpoint_at(Stage::CancelQueued).err(),
        }
    }

    fn carry_out(
        &self,
        kind: &str,
        name: &str,
        work: Work<'work>,
        token: &StopToken,
    ) -> Outcome<()> {
        let record = |what: &str| {
            if let Some(timeline) = &self.timeline {
                timeline.record(&format!("{kind}-{what}"), name);
            }
        };
        record("begins");
        // It notes whether a checkpoint fails.
        let token = &token.with_shield_counter();
        let outcome = match panic::catch_unwind(AssertUnwindSafe(|| work(token))) {
            Ok(result) => Outcome::of_result(result, token),
            Err(payload) => Outcome::of_panic(payload),
        };
        record(match outcome {
            Outcome::Completed(()) => "completed",
            Outcome::Cancelled(_) => "interrupted",
            Outcome::Failed(_) | Outcome::Abandoned | Outcome::TimedOut(_) | Outcome::Lost(_) => {
                "failed"
            }
        });
        outcome
    }
}

fn step<'work>(
    name: impl Into<String>,
    work: impl FnOnce(&StopToken) -> Result<(), TaskError> + 'work,
) -> Step<'work> {
    Step {
        name: name.into(),
        work: Box::new(work),
    }
}
