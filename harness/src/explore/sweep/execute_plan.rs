//! Running a plan, and what the runs add up to.

use super::plan::{Plan, PlannedRun};
use super::point_outcome::PointOutcome;
use crate::execute::{Trial, Trials};
use crate::explore::oracle_summary::OracleSummary;
use crate::explore::sweep::Progress;
use crate::schedule::PointName;
use sigproof_core::{Outcome, StopToken, ThreadPool};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the runs add up to.
#[derive(Default)]
pub(crate) struct PlanResults {
    /// Runs with violations, by their place in the plan.
    pub(crate) kept: Vec<(usize, Arc<Trial>)>,
    pub(crate) tried: usize,
    pub(crate) runs: usize,
    /// Processor time of the runs' targets.
    pub(crate) target_us: u64,
    pub(crate) violated: usize,
    pub(crate) not_reached: Vec<PointName>,
    pub(crate) unfit: usize,
    pub(crate) answers: OracleSummary,
    pub(crate) cut_short: usize,
    pub(crate) failed_runs: Vec<String>,
    /// By place in the plan.
    pub(crate) outcomes: BTreeMap<usize, PointOutcome>,
}

/// Runs every planned point on the pool, as many at a time as there are supervisors.
pub(crate) fn run_all(
    trials: &Arc<Trials>,
    plan: &Plan,
    token: &StopToken,
    progress: &mut impl FnMut(Progress<'_>),
) -> PlanResults {
    let total = plan.planned.len();
    let mut tally = PlanResults::default();
    let mut done = 0;
    let shared = Arc::clone(trials);
    let jobs: Vec<PlannedRun> = plan.planned.clone();
    // One more than can be asked for at once: it asks for the next run while the last one is judged.
    let workers = ThreadPool::new(token).workers(trials.pool.supervisors() + 1);
    let _results = workers.map_streaming(
        jobs.into_iter().map(|planned| planned.schedule),
        move |schedule, _token| {
            let trial = shared.run(schedule.clone(), false)?;
            if trial.struck() || !trial.run.inapplicable.is_empty() {
                return Ok(Arc::new(trial));
            }
            // A count can be off once (a machine under load wakes a waiting call early); not twice.
            Ok(Arc::new(shared.run(schedule, false)?))
        },
        |index, outcome: &Outcome<Arc<Trial>>| {
            done += 1;
            tally.take(index, &plan.planned[index], outcome);
            progress(Progress::Ran {
                done,
                total,
                violated: tally.violated,
            });
        },
    );
    tally
}

impl PlanResults {
    fn take(&mut self, order: usize, planned: &PlannedRun, outcome: &Outcome<Arc<Trial>>) {
        let trial = match outcome {
            Outcome::Completed(trial) => trial,
            Outcome::Failed(failure) => {
                self.failed_runs
                    .push(format!("{}: {failure}", planned.point));
                self.outcomes
                    .insert(order, PointOutcome::Failed(failure.to_string()));
                return;
            }
            Outcome::Cancelled(_) | Outcome::Abandoned | Outcome::Lost(_) => {
                self.cut_short += planned.stands_for;
                return;
            }
        };
        self.runs += 1;
        self.target_us += trial.run.usage.user_us + trial.run.usage.system_us;
        self.answers.take_limits(trial);
        if !trial.struck() {
            let outcome = if trial.run.inapplicable.is_empty() {
                self.not_reached.push(planned.point.clone());
                PointOutcome::NotReached
            } else {
                self.unfit += planned.stands_for;
                PointOutcome::Unfit
            };
            self.outcomes.insert(order, outcome);
            return;
        }
        self.tried += planned.stands_for;
        self.outcomes.insert(order, PointOutcome::tried(&trial.run));
        self.answers.take(trial);
        if trial.violated() {
            self.violated += 1;
            self.kept.push((order, Arc::clone(trial)));
        }
    }
}
