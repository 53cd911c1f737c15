//! Running a plan, and what the runs add up to.

use super::outcome_shape::OutcomeShape;
use super::plan::{Plan, PlannedRun};
use super::plan_origin::QuietTries;
use super::point_outcome::PointOutcome;
use super::quiet_points::HandlersSeen;
use super::representatives::Representatives;
use crate::error::Error;
use crate::execute::{Trial, Trials};
use crate::explore::oracle_summary::OracleSummary;
use crate::explore::sweep::Progress;
use crate::oracle::killed_unasked;
use crate::schedule::{PointName, Schedule, Trigger};
use sigproof_core::{Outcome, StopToken, ThreadPool};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

/// How often a point that a run did not come by is tried: how often somebody comes by differs from run to run where
/// threads or processes run side by side.
const TRIES_MAX: u32 = 3;

/// Which points of a plan are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Every one.
    Exhaustive,
    /// Some of each class, and those between which something changes.
    Representatives,
}

/// How a plan is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Execution {
    pub(crate) method: Method,
    pub(crate) seed: u64,
    /// No run begins after this moment.
    pub(crate) deadline: Option<Instant>,
    /// Runs at most.
    pub(crate) most: Option<usize>,
}

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
    /// Places in the plan of points that no run came by.
    missed: Vec<usize>,
    /// Points of those whose classes were not tried at all.
    pub(crate) not_reached: Vec<PointName>,
    /// The others of them: of classes that were tried, or of one recording alone.
    pub(crate) not_met_again: usize,
    pub(crate) unfit: usize,
    pub(crate) answers: OracleSummary,
    pub(crate) cut_short: usize,
    pub(crate) failed_runs: Vec<String>,
    /// By place in the plan.
    pub(crate) outcomes: BTreeMap<usize, PointOutcome>,
    /// Points that lie between two tries that show the same, with the place of the one before.
    pub(crate) represented: BTreeMap<usize, usize>,
    /// Points for which there was no time.
    pub(crate) untried: usize,
    /// Classes that were tried.
    pub(crate) classes: BTreeSet<usize>,
    /// Calls without an effect at which the fault was placed.
    pub(crate) quiet: QuietTries,
    /// What the handlers did at the other points.
    handlers: HandlersSeen,
    /// Commands of children that were ended by SIGKILL unasked: in how many runs, and at which point first.
    pub(crate) unasked: BTreeMap<String, (usize, usize)>,
}

/// Runs a plan on the pool, as many at a time as there are supervisors.
pub(crate) fn run_all(
    trials: &Arc<Trials>,
    plan: &Plan,
    execution: Execution,
    token: &StopToken,
    progress: &mut impl FnMut(Progress<'_>),
) -> PlanResults {
    let mut executing = PlanExecution {
        trials,
        plan,
        execution,
        token,
        results: PlanResults::default(),
        done: 0,
    };
    let classes: Vec<usize> = plan.loud().iter().map(|planned| planned.class).collect();
    let chosen = Representatives::new(&classes, &plan.classes, execution.seed);
    let in_flight = trials.baseline.in_flight_ns();
    let is_used = |order: usize| {
        let point = trials.baseline.points.points.get(plan.planned[order].place);
        point
            .zip(in_flight.clone())
            .is_some_and(|(point, span)| span.contains(&point.at_ns))
    };
    let mut chosen = chosen.prefer(is_used);
    if execution.method == Method::Exhaustive {
        let all = (0..plan.loud().len()).collect();
        executing.batch(all, &mut chosen, progress);
    } else {
        let firsts = chosen.firsts();
        executing.batch(firsts, &mut chosen, progress);
        let further = chosen.further();
        executing.batch(further, &mut chosen, progress);
        while !executing.is_over() {
            let between = chosen.between();
            if between.is_empty() {
                break;
            }
            executing.batch(between, &mut chosen, progress);
        }
        executing.results.represented = chosen.represented();
    }
    let most = executing.results.handlers.worth();
    let quiet = plan.planned.iter().enumerate().skip(plan.loud().len());
    let quiet: Vec<usize> = quiet
        .filter(|(_, planned)| planned.place < most)
        .map(|(order, _)| order)
        .collect();
    executing.results.quiet.planned = quiet.len();
    executing.results.quiet.left_out = plan.quiet_kinds.saturating_sub(most);
    executing.batch(quiet, &mut chosen, progress);
    executing.finish()
}

struct PlanExecution<'a> {
    trials: &'a Arc<Trials>,
    plan: &'a Plan,
    execution: Execution,
    token: &'a StopToken,
    results: PlanResults,
    done: usize,
}

impl PlanExecution<'_> {
    fn is_over(&self) -> bool {
        let no_room = self.room() == 0;
        no_room || self.token.is_interrupted() || is_past(self.execution.deadline)
    }

    /// How many more runs there may be.
    fn room(&self) -> usize {
        let most = self.execution.most.unwrap_or(usize::MAX);
        most.saturating_sub(self.done)
    }

    fn batch(
        &mut self,
        mut orders: Vec<usize>,
        chosen: &mut Representatives<OutcomeShape>,
        progress: &mut impl FnMut(Progress<'_>),
    ) {
        orders.truncate(self.room());
        if orders.is_empty() {
            return;
        }
        let total = self.done + orders.len();
        let shared = Arc::clone(self.trials);
        let deadline = self.execution.deadline;
        let jobs: Vec<Schedule> = orders
            .iter()
            .map(|order| self.plan.planned[*order].schedule.clone())
            .collect();
        // One more than can be asked for at once: it asks for the next run while the last one is judged.
        let workers = ThreadPool::new(self.token).workers(self.trials.pool.supervisors() + 1);
        let _results = workers.map_streaming(
            jobs,
            move |schedule, _token| {
                if is_past(deadline) {
                    return Ok(None);
                }
                Ok(Some(Arc::new(tried(&shared, schedule)?)))
            },
            |index, outcome: &Outcome<Option<Arc<Trial>>>| {
                let order = orders[index];
                let planned = &self.plan.planned[order];
                if let Outcome::Completed(Some(trial)) = outcome {
                    let undisturbed = &self.trials.baseline.runs;
                    for (_, command) in killed_unasked(&trial.schedule, undisturbed, &trial.run) {
                        let seen = self.results.unasked.entry(command).or_insert((0, order));
                        *seen = (seen.0 + 1, seen.1.min(order));
                    }
                }
                let shown = self.results.take(order, planned, outcome);
                let shape =
                    shown.map(|trial| OutcomeShape::of(trial, &self.trials.baseline.learned));
                chosen.take(order, shape);
                self.done += 1;
                let (classes, classes_tried) = chosen.classes();
                progress(Progress::Ran {
                    done: self.done,
                    total,
                    violated: self.results.violated,
                    classes,
                    classes_tried,
                });
            },
        );
    }

    fn finish(mut self) -> PlanResults {
        let sequential = self.trials.baseline.is_sequential();
        let results = &mut self.results;
        for order in std::mem::take(&mut results.missed) {
            let planned = &self.plan.planned[order];
            // That one recording of several had it and no run did is nobody's fault, nor that somebody comes by less
            // often in one run than in another (the class was tried all the same), nor that somebody need not wait
            // where threads or processes run side by side, nor that a runtime starts a thread less.
            let may_start_a_thread = matches!(planned.point.call.as_str(), "clone" | "clone3");
            let is_certain =
                planned.steady && (planned.changes && !may_start_a_thread || sequential);
            if is_certain && !results.classes.contains(&planned.class) {
                results.not_reached.push(planned.point.clone());
                results.outcomes.insert(order, PointOutcome::NotReached);
            } else {
                results.not_met_again += planned.stands_for;
                results.outcomes.insert(order, PointOutcome::NotMetAgain);
            }
        }
        for (order, planned) in self.plan.loud().iter().enumerate() {
            if results.outcomes.contains_key(&order) {
                continue;
            }
            if results.represented.contains_key(&order) {
                results.outcomes.insert(order, PointOutcome::Represented);
            } else if self.token.is_interrupted() {
                results.cut_short += planned.stands_for;
            } else {
                results.untried += planned.stands_for;
                results.outcomes.insert(order, PointOutcome::Untried);
            }
        }
        self.results
    }
}

fn is_past(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}

/// Runs a schedule until its points are met, at most three times. Where a run had fewer calls that look like the one
/// that is meant, its last one is taken the next time. The last run stops at as many calls as a recording: who waits
/// for others only when those are slow waits there again.
fn tried(trials: &Trials, mut schedule: Schedule) -> Result<Trial, Error> {
    let mut tries = 1;
    loop {
        let trial = match tries {
            TRIES_MAX => trials.run_recorded(schedule.clone())?,
            _ => trials.run(schedule.clone(), false)?,
        };
        if trial.struck() || !trial.run.inapplicable.is_empty() || tries == TRIES_MAX {
            return Ok(trial);
        }
        tries += 1;
        let steps = schedule
            .steps
            .iter_mut()
            .zip(&trial.run.fired_ns)
            .zip(&trial.run.met);
        let missed = steps.filter(|((_, fired), met)| fired.is_none() && **met > 0);
        for ((step, _), met) in missed {
            if let Trigger::Point { key, .. } = &mut step.trigger {
                key.nth = key.nth.min(*met);
            }
        }
    }
}

impl PlanResults {
    /// Takes the outcome of a run, and returns the run when the fault was placed in it.
    fn take<'a>(
        &mut self,
        order: usize,
        planned: &PlannedRun,
        outcome: &'a Outcome<Option<Arc<Trial>>>,
    ) -> Option<&'a Arc<Trial>> {
        let trial = match outcome {
            Outcome::Completed(trial) => trial.as_ref()?,
            Outcome::Failed(failure) => {
                self.failed_runs
                    .push(format!("{}: {failure}", planned.point));
                self.outcomes
                    .insert(order, PointOutcome::Failed(failure.to_string()));
                return None;
            }
            Outcome::Cancelled(_) | Outcome::Abandoned | Outcome::Lost(_) => return None,
        };
        self.runs += 1;
        self.target_us += trial.run.usage.user_us + trial.run.usage.system_us;
        self.answers.take_limits(trial);
        if !trial.struck() {
            self.take_missed(order, planned, trial);
            return None;
        }
        self.tried += planned.stands_for;
        if planned.quiet {
            self.quiet.tried += 1;
        } else {
            self.classes.insert(planned.class);
        }
        self.outcomes.insert(order, PointOutcome::tried(&trial.run));
        self.answers.take(trial);
        self.handlers.take(&trial.run);
        if trial.violated() {
            self.violated += 1;
            self.kept.push((order, Arc::clone(trial)));
        }
        Some(trial)
    }

    fn take_missed(&mut self, order: usize, planned: &PlannedRun, trial: &Trial) {
        if trial.run.inapplicable.is_empty() {
            self.missed.push(order);
            return;
        }
        self.unfit += planned.stands_for;
        self.outcomes.insert(order, PointOutcome::Unfit);
    }
}
