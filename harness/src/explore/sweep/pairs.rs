//! A second fault in the handler or the clean-up of the first: a sweep of pairs.
//!
//! What the target does after the first fault is in no undisturbed recording, so
//! for each first point it is recorded with that fault in place. Most first
//! points are followed by the same calls; of those the first, the middle and the
//! last are tried. What is left is bounded, and both are said.

use super::plan::{Plan, PlannedRun};
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
    pub const PAIRS_MAX: usize = 300;

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

/// The first of a class, its middle and its last: equal calls can be made in
/// another state (a handler that is not installed yet), and states change with time.
fn representatives(class: &[usize]) -> BTreeSet<usize> {
    let last = class.len().saturating_sub(1);
    [0, last / 2, last]
        .into_iter()
        .filter_map(|index| class.get(index).copied())
        .collect()
}

/// The plan of pairs that follows from a plan of first faults.
pub(crate) fn pairs(
    trials: &Arc<Trials>,
    firsts: &Plan,
    second: &SecondFault,
    token: &StopToken,
) -> Result<Plan, Error> {
    let recorded = record_all(trials, &firsts.planned, token)?;
    let mut classes: BTreeMap<Vec<PointSignature>, Vec<usize>> = BTreeMap::new();
    let mut pairs = Pairs {
        firsts: firsts.planned.len(),
        ..Pairs::default()
    };
    for (order, run) in recorded.iter().enumerate() {
        let struck = |run: &&Run| run.fired_ns.first().copied().flatten().is_some();
        let Some(run) = run.as_ref().filter(struck) else {
            pairs.unrecorded += 1;
            continue;
        };
        let calls = second.after(run);
        if calls.is_empty() {
            pairs.ended += 1;
        } else {
            classes.entry(signature(&calls)).or_default().push(order);
        }
    }
    let chosen: BTreeSet<usize> = classes
        .values()
        .flat_map(|class| representatives(class))
        .collect();
    pairs.alike = firsts.planned.len() - pairs.unrecorded - pairs.ended - chosen.len();
    let representatives: Vec<(&PlannedRun, Run)> = firsts
        .planned
        .iter()
        .zip(recorded)
        .enumerate()
        .filter(|(order, _)| chosen.contains(order))
        .filter_map(|(_, (planned, run))| Some((planned, run?)))
        .collect();
    let again: Vec<PlannedRun> = representatives
        .iter()
        .map(|(planned, _)| (*planned).clone())
        .collect();
    let again = record_all(trials, &again, token)?;
    let lists: Vec<Vec<PlannedRun>> = representatives
        .into_iter()
        .zip(again)
        .map(|((first, run), again)| of_first(first, &run, &again.unwrap_or_default(), second))
        .collect();
    let found: usize = lists.iter().map(Vec::len).sum();
    pairs.cut = found.saturating_sub(second.most);
    Ok(Plan {
        planned: in_turn(lists, second.most),
        pairs: Some(pairs),
        ..Plan::default()
    })
}

/// The pairs of one first point.
fn of_first(first: &PlannedRun, run: &Run, again: &Run, second: &SecondFault) -> Vec<PlannedRun> {
    let wanted: BTreeSet<usize> = second
        .after(run)
        .into_iter()
        .map(|(place, _)| place)
        .collect();
    let map = PointMap::new(&[run, again], 0, PhaseSelection::DEFAULT);
    let points = map
        .points
        .iter()
        .filter(|point| point.recording == 0 && wanted.contains(&point.order));
    points
        .map(|point| {
            let mut schedule = first.schedule.clone();
            schedule.steps.push(Step::once(
                Trigger::Point {
                    name: point.name.clone(),
                    key: point.key.clone(),
                },
                second.fault.clone(),
            ));
            PlannedRun {
                schedule,
                stands_for: 1,
                steady: first.steady && point.steady,
                ..first.clone()
            }
        })
        .collect()
}

/// One of each list in turn, so that a bound cuts all of them alike.
fn in_turn(lists: Vec<Vec<PlannedRun>>, most: usize) -> Vec<PlannedRun> {
    let mut taken: BTreeMap<(usize, usize), PlannedRun> = BTreeMap::new();
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    for round in 0..longest {
        for (list, planned) in lists.iter().enumerate() {
            if let Some(planned) = planned.get(round)
                && taken.len() < most
            {
                taken.insert((list, round), planned.clone());
            }
        }
    }
    taken.into_values().collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_stand_for_a_class() {
        assert_eq!(representatives(&[4]), BTreeSet::from([4]));
        assert_eq!(representatives(&[4, 5]), BTreeSet::from([4, 5]));
        assert_eq!(
            representatives(&[1, 2, 3, 5, 8, 13]),
            BTreeSet::from([1, 3, 13])
        );
    }

    #[test]
    fn a_bound_cuts_all_lists_alike() {
        let planned = |count| -> Vec<PlannedRun> {
            let one = PlannedRun {
                point: crate::schedule::PointName {
                    process: "x".into(),
                    thread: String::new(),
                    call: "write".into(),
                    arg: String::new(),
                    ordinal: 1,
                    phase: crate::facts::Phase::Exit,
                },
                schedule: Schedule::undisturbed(),
                stands_for: 1,
                before_ready: false,
                at_start: false,
                steady: true,
                place: count,
                class: 0,
            };
            vec![one; count]
        };
        let lists = vec![planned(5), planned(1), planned(3)];
        let places = |most| -> Vec<usize> {
            let taken = in_turn(lists.clone(), most);
            taken.iter().map(|planned| planned.place).collect()
        };
        assert_eq!(places(4), [5, 5, 1, 3]);
        assert_eq!(places(100), [5, 5, 5, 5, 5, 1, 3, 3, 3]);
        assert!(places(0).is_empty());
    }
}
