//! A second fault in the handler or the clean-up of the first: a sweep of pairs.
//!
//! What the target does after the first fault is in no undisturbed recording, so for some first points of each class
//! it is recorded with that fault in place. Most of them are followed by the same calls, and one stands for those. What
//! follows has classes of its own, and a class of pairs has one of each: pairs are tried as points are.

use super::plan::{Plan, PlannedRun};
use super::plan_class::PlanClass;
use super::plan_origin::Pairs;
use crate::error::Error;
use crate::execute::Trials;
use crate::facts::{RawPoint, Run, path_shape};
use crate::oracle::{PhaseSelection, PointMap};
use crate::schedule::{Fault, Schedule, Step, Trigger};
use sigproof_core::{Outcome, StopToken, ThreadPool};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where the second fault comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Window {
    /// At each call that the handler of the first makes, until it returns.
    InHandler,
    /// At each call with an effect from then on, to the end.
    InCleanup,
}

/// What comes after the first fault, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFault {
    /// Where.
    pub places: Vec<Window>,
    /// What.
    pub fault: Fault,
    /// Pairs that are tried at most.
    pub most: usize,
}

impl SecondFault {
    /// Pairs that are tried unless told otherwise.
    pub const PAIRS_MAX: usize = 1000;

    /// What it is, in words.
    pub(crate) fn words(&self) -> String {
        let places: Vec<&str> = self
            .places
            .iter()
            .map(|place| match place {
                Window::InHandler => "in its handler",
                Window::InCleanup => "in the clean-up",
            })
            .collect();
        format!("then {} {}", self.fault.words(false), places.join(" and "))
    }

    fn wants(&self, raw: &RawPoint) -> bool {
        self.places.iter().any(|place| match place {
            Window::InHandler => raw.in_handler,
            Window::InCleanup => !raw.in_handler && raw.effect,
        })
    }

    /// The calls of a recorded run that come after the first fault, by their
    /// places in the recording.
    fn after<'a>(&self, run: &'a Run) -> Vec<(usize, &'a RawPoint)> {
        let Some(struck_ns) = run.fired_ns.first().copied().flatten() else {
            return Vec::new();
        };
        run.points
            .iter()
            .enumerate()
            .filter(|(_, raw)| raw.at_ns > struck_ns && self.wants(raw))
            .collect()
    }
}

/// Who makes which call on what, whether it succeeds, and whether in the handler.
type PointSignature = (String, String, String, String, bool, bool);

/// What tells two sequences of calls apart. Names that are made up at random
/// are not part of it.
fn signature(calls: &[(usize, &RawPoint)]) -> Vec<PointSignature> {
    let one = |raw: &RawPoint| {
        (
            raw.role.clone(),
            raw.thread.clone(),
            raw.call.clone(),
            path_shape(&raw.arg),
            raw.returned.is_none_or(|result| result >= 0),
            raw.in_handler,
        )
    };
    calls.iter().map(|(_, raw)| one(raw)).collect()
}

/// Recordings of what follows a first point at most: as many as of an undisturbed run.
const RECORDINGS_MAX: usize = 6;

/// The plan of pairs that follows from a plan of first faults. A class of pairs is a class of first points and one of
/// second points: where the first points of a class are followed by the same calls, one of them stands for all.
pub(crate) fn pairs(
    trials: &Arc<Trials>,
    firsts: &Plan,
    second: &SecondFault,
    exhaustive: bool,
    token: &StopToken,
) -> Result<Plan, Error> {
    let chosen = firsts.some_of_each_class(exhaustive, |_| true);
    let recorded = record_all(trials, &chosen, token)?;
    let mut pairs = Pairs {
        firsts: firsts.planned.len(),
        of_class: firsts.planned.len() - chosen.len(),
        ..Pairs::default()
    };
    let mut known: BTreeSet<(usize, Vec<PointSignature>)> = BTreeSet::new();
    let mut representatives: Vec<(PlannedRun, Vec<Run>)> = Vec::new();
    for (first, run) in chosen.into_iter().zip(recorded) {
        let struck = |run: &Run| run.fired_ns.first().copied().flatten().is_some();
        let Some(run) = run.filter(struck) else {
            pairs.unrecorded += 1;
            continue;
        };
        let calls = second.after(&run);
        if calls.is_empty() {
            pairs.ended += 1;
        } else if known.insert((first.class, signature(&calls))) || exhaustive {
            representatives.push((first, vec![run]));
        } else {
            pairs.alike += 1;
        }
    }
    record_further(trials, &mut representatives, second, token)?;
    let mut plan = Plan::default();
    for (first, runs) in representatives {
        let name = &firsts.classes[first.class].name;
        plan.add_pairs(&first, name, &runs, second);
    }
    plan.pairs = Some(pairs);
    Ok(plan)
}

/// Records each again, until a recording brings no call that those before lack.
fn record_further(
    trials: &Arc<Trials>,
    representatives: &mut [(PlannedRun, Vec<Run>)],
    second: &SecondFault,
    token: &StopToken,
) -> Result<(), Error> {
    let mut open: Vec<usize> = (0..representatives.len()).collect();
    while !open.is_empty() {
        let firsts: Vec<PlannedRun> = open
            .iter()
            .map(|place| representatives[*place].0.clone())
            .collect();
        let again = record_all(trials, &firsts, token)?;
        let mut still_open = Vec::new();
        for (place, run) in open.into_iter().zip(again) {
            let runs = &mut representatives[place].1;
            let Some(run) = run else {
                continue;
            };
            runs.push(run);
            // What goes on at the same time takes more than two to be seen in every order.
            let is_open = !trials.baseline.is_sequential() && runs.len() < RECORDINGS_MAX;
            if is_open && has_news(runs, second) {
                still_open.push(place);
            }
        }
        open = still_open;
    }
    Ok(())
}

/// Whether the last recording has calls for the second fault that those before lack.
fn has_news(runs: &[Run], second: &SecondFault) -> bool {
    let last = runs.len() - 1;
    let wanted = second.after(&runs[last]);
    let wanted: BTreeSet<usize> = wanted.into_iter().map(|(place, _)| place).collect();
    let points = map(runs, second).points;
    let mut new = points.iter().filter(|point| point.recording == last);
    new.any(|point| wanted.contains(&point.order))
}

fn map(runs: &[Run], second: &SecondFault) -> PointMap {
    let runs: Vec<&Run> = runs.iter().collect();
    let signal = second.fault.signal().unwrap_or(0);
    PointMap::new(&runs, signal, PhaseSelection::DEFAULT)
}

impl Plan {
    /// Adds the pairs of one first point, whose class has this name.
    fn add_pairs(&mut self, first: &PlannedRun, name: &str, runs: &[Run], second: &SecondFault) {
        let wanted: BTreeSet<(usize, usize)> = runs
            .iter()
            .enumerate()
            .flat_map(|(recording, run)| {
                let calls = second.after(run);
                calls.into_iter().map(move |(place, _)| (recording, place))
            })
            .collect();
        let map = map(runs, second);
        let mut classes: BTreeMap<usize, usize> = BTreeMap::new();
        for point in &map.points {
            if !wanted.contains(&(point.recording, point.order)) {
                continue;
            }
            let class = *classes.entry(point.class).or_insert_with(|| {
                self.classes
                    .push(PlanClass::of(&map.classes[point.class]).after(name));
                self.classes.len() - 1
            });
            let mut schedule = first.schedule.clone();
            schedule.steps.push(Step::once(
                Trigger::Point {
                    name: point.name.clone(),
                    key: point.key.clone(),
                },
                second.fault.clone(),
            ));
            self.planned.push(PlannedRun {
                schedule,
                stands_for: 1,
                steady: first.steady && point.steady,
                changes: point.changes,
                class,
                ..first.clone()
            });
        }
    }
}

/// Records what comes after each of these; `None` where that cannot be done.
fn record_all(
    trials: &Arc<Trials>,
    firsts: &[PlannedRun],
    token: &StopToken,
) -> Result<Vec<Option<Run>>, Error> {
    let shared = Arc::clone(trials);
    let schedules: Vec<Schedule> = firsts.iter().map(|first| first.schedule.clone()).collect();
    let outcomes = ThreadPool::new(token)
        .workers(trials.pool.jobs())
        .map(schedules, move |schedule, _token| {
            Ok(shared.record(&schedule)?)
        })
        .into_outcomes();
    if token.is_interrupted() {
        return Err(Error::interrupted());
    }
    let run = |outcome| match outcome {
        Outcome::Completed(run) => Some(run),
        _ => None,
    };
    Ok(outcomes.into_iter().map(run).collect())
}

/// Where a fault can be placed after these steps have been applied, from two
/// recordings with them in place.
pub(crate) fn map_after(trials: &Trials, steps: &[Step]) -> Result<PointMap, Error> {
    let schedule = Schedule {
        steps: steps.to_vec(),
    };
    let (one, two) = (trials.record(&schedule)?, trials.record(&schedule)?);
    Ok(PointMap::new(&[&one, &two], 0, PhaseSelection::DEFAULT))
}
