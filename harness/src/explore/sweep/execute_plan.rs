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

/// How many more times that is done, where threads or processes run side by side, for a class that must be there: a
/// call that a recording has by a chance of one in two is missed by the first three runs of one sweep in eight.
const ROUNDS_OF_MISSED: usize = 3;

/// Where threads or processes run side by side and there are few points, so many runs are made in all: what others do
/// meanwhile differs, and one try of the only write of a program is soon green by luck.
const RUNS_OF_FEW: usize = 20;

/// A point is not tried more often than this.
const TRIES_OF_FEW: usize = 5;

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
    executing.try_missed_again(&mut chosen, progress);
    executing.try_few_again();
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
        self.run(&orders, |executing, order, outcome| {
            let planned = &executing.plan.planned[order];
            let baseline = &executing.trials.baseline;
            if let Outcome::Completed(Some(trial)) = outcome {
                for (_, command) in killed_unasked(&trial.schedule, &baseline.runs, &trial.run) {
                    let unasked = &mut executing.results.unasked;
                    let seen = unasked.entry(command).or_insert((0, order));
                    *seen = (seen.0 + 1, seen.1.min(order));
                }
            }
            let shown = executing.results.take(order, planned, outcome);
            let shape = shown.map(|trial| OutcomeShape::of(trial, &baseline.learned));
            chosen.take(order, shape);
            let (classes, classes_tried) = chosen.classes();
            progress(Progress::Ran {
                done: executing.done,
                total,
                violated: executing.results.violated,
                classes,
                classes_tried,
            });
        });
    }

    /// Runs these places of the plan, as many at a time as there are supervisors, and hands over what came of each.
    fn run(
        &mut self,
        orders: &[usize],
        mut take: impl FnMut(&mut Self, usize, &Outcome<Option<Arc<Trial>>>),
    ) {
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
            |index, outcome| {
                self.done += 1;
                take(self, orders[index], outcome);
            },
        );
    }

    /// Whether it is told as not reached when no run came by. That one recording of several had it and no run did is
    /// nobody's fault, nor that somebody comes by less often in one run than in another (the class was tried all the
    /// same), nor that somebody need not wait where threads or processes run side by side, nor that a runtime starts a
    /// thread less.
    fn is_owed(&self, order: usize) -> bool {
        let planned = &self.plan.planned[order];
        let may_start_a_thread = matches!(planned.point.call.as_str(), "clone" | "clone3");
        let is_certain = planned.steady
            && (planned.changes && !may_start_a_thread || self.trials.baseline.is_sequential());
        is_certain && !self.results.classes.contains(&planned.class)
    }

    /// Tries a point of each class that was not met again.
    fn try_missed_again(
        &mut self,
        chosen: &mut Representatives<OutcomeShape>,
        progress: &mut impl FnMut(Progress<'_>),
    ) {
        if self.trials.baseline.is_sequential() {
            return;
        }
        for _ in 0..ROUNDS_OF_MISSED {
            let missed = self.results.missed.iter().copied();
            let owed = missed.filter(|order| self.is_owed(*order));
            let by_class: BTreeMap<usize, usize> = owed
                .map(|order| (self.plan.planned[order].class, order))
                .collect();
            let again: Vec<usize> = by_class.into_values().collect();
            if again.is_empty() || self.is_over() {
                return;
            }
            self.results.missed.retain(|order| !again.contains(order));
            self.batch(again, chosen, progress);
        }
    }

    /// Tries the points that change something again, where there are few of them and another run can go another way.
    fn try_few_again(&mut self) {
        if self.trials.baseline.is_sequential() {
            return;
        }
        let violated: BTreeSet<usize> = self.results.kept.iter().map(|(order, _)| *order).collect();
        let tried = self.results.outcomes.iter().filter_map(|(order, outcome)| {
            matches!(outcome, PointOutcome::Tried { .. }).then_some(*order)
        });
        let again: Vec<usize> = tried
            .filter(|order| self.plan.planned[*order].changes && !violated.contains(order))
            .collect();
        let left = RUNS_OF_FEW.saturating_sub(self.done).min(self.room());
        let times = (left / again.len().max(1)).min(TRIES_OF_FEW - 1);
        self.run(&again.repeat(times), |executing, order, outcome| {
            if let Outcome::Completed(Some(trial)) = outcome {
                executing.results.take_again(order, trial);
            }
        });
    }

    fn finish(mut self) -> PlanResults {
        for order in std::mem::take(&mut self.results.missed) {
            let is_owed = self.is_owed(order);
            let planned = &self.plan.planned[order];
            let results = &mut self.results;
            if is_owed {
                results.not_reached.push(planned.point.clone());
                results.outcomes.insert(order, PointOutcome::NotReached);
            } else {
                results.not_met_again += planned.stands_for;
                results.outcomes.insert(order, PointOutcome::NotMetAgain);
            }
        }
        let results = &mut self.results;
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
            Outcome::Cancelled(_)
            | Outcome::Abandoned
            | Outcome::TimedOut(_)
            | Outcome::Lost(_) => return None,
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

    /// Takes another run of a point that was tried: it counts where it shows what the others did not.
    fn take_again(&mut self, order: usize, trial: &Arc<Trial>) {
        self.runs += 1;
        self.target_us += trial.run.usage.user_us + trial.run.usage.system_us;
        let known = self.kept.iter().any(|(other, _)| *other == order);
        if trial.struck() && trial.violated() && !known {
            self.violated += 1;
            self.outcomes.insert(order, PointOutcome::tried(&trial.run));
            self.answers.take(trial);
            self.kept.push((order, Arc::clone(trial)));
        }
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
