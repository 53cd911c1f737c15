//! Moments between two calls: a fault after so many instructions.
//!
//! From the return of a call on its thread is stepped to its next call once, which tells how many instructions there
//! are in between; then the fault is tried at some of them, spread evenly, or at each if they are few. That is done for
//! the first, the middle and the last point of each class, which come from the same code.

use super::plan::{Plan, PlannedRun};
use super::plan_class::PlanClass;
use super::plan_origin::InstructionPoints;
use crate::error::Error;
use crate::execute::Trials;
use crate::facts::Phase;
use crate::schedule::{Schedule, Trigger};
use sigproof_core::{Outcome, StopToken, ThreadPool};
use std::sync::Arc;

/// Adds moments between calls to a plan, at most `most` for each window. `exhaustive`: after each point.
pub(crate) fn between(
    trials: &Arc<Trials>,
    plan: &mut Plan,
    most: u32,
    exhaustive: bool,
    token: &StopToken,
) -> Result<(), Error> {
    let can_be_stepped_from =
        |planned: &PlannedRun| planned.stands_for == 1 && planned.point.phase == Phase::Exit;
    let from = plan.some_of_each_class(exhaustive, can_be_stepped_from);
    let measuring = from
        .iter()
        .map(|planned| later(planned, u32::MAX).schedule)
        .collect();
    let lengths = measure(trials, measuring, token)?;
    let calls = plan.planned.iter();
    let calls = calls.filter(|planned| can_be_stepped_from(planned));
    let mut between = InstructionPoints {
        of_class: calls.count() - from.len(),
        ..InstructionPoints::default()
    };
    let mut more = Vec::new();
    for (planned, length) in from.into_iter().zip(lengths) {
        let Some(length) = length else {
            between.unmeasured += 1;
            continue;
        };
        between.windows += 1;
        between.instructions += u64::from(length);
        for instructions in spread(length, most) {
            // Each is tried: between two of them that show the same another one may show something else.
            let class = PlanClass {
                name: format!("{} +{instructions}", plan.classes[planned.class].name),
                ..plan.classes[planned.class].clone()
            };
            plan.classes.push(class);
            more.push(PlannedRun {
                class: plan.classes.len() - 1,
                ..later(&planned, instructions)
            });
        }
    }
    between.chosen = more.len();
    plan.planned.extend(more);
    plan.between = Some(between);
    Ok(())
}

/// The same, so many instructions later.
fn later(planned: &PlannedRun, instructions: u32) -> PlannedRun {
    let mut later = planned.clone();
    later.point.phase = Phase::Later(instructions);
    if let Some(step) = later.schedule.steps.first_mut()
        && let Trigger::Point { name, .. } = &mut step.trigger
    {
        name.phase = Phase::Later(instructions);
    }
    later
}

/// At most `most` of the numbers from 1 to `length`, the last one included.
fn spread(length: u32, most: u32) -> impl Iterator<Item = u32> {
    let count = length.min(most);
    (1..=count).map(move |index| {
        let number = u64::from(length) * u64::from(index) / u64::from(count.max(1));
        u32::try_from(number).unwrap_or(length)
    })
}

/// How many instructions there are after each of these points; `None` where that cannot be told.
fn measure(
    trials: &Arc<Trials>,
    schedules: Vec<Schedule>,
    token: &StopToken,
) -> Result<Vec<Option<u32>>, Error> {
    let shared = Arc::clone(trials);
    let outcomes = ThreadPool::new(token)
        .workers(trials.pool.jobs())
        .map(schedules, move |schedule, _token| {
            Ok(shared.follow(&schedule)?.stepped)
        })
        .into_outcomes();
    if token.is_interrupted() {
        return Err(Error::interrupted());
    }
    let length = |outcome| match outcome {
        Outcome::Completed(length) => length,
        _ => None,
    };
    Ok(outcomes.into_iter().map(length).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_spread_over_the_window() {
        let spread = |length, most| spread(length, most).collect::<Vec<_>>();
        assert_eq!(spread(3, 10), [1, 2, 3]);
        assert_eq!(spread(10, 4), [2, 5, 7, 10]);
        assert!(spread(0, 4).is_empty());
        assert!(spread(4, 0).is_empty());
        assert_eq!(spread(u32::MAX, 1), [u32::MAX]);
    }
}
