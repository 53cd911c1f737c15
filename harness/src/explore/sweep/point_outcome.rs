//! What came of each point of a sweep, in a few bytes: a sweep of thousands of runs can be shown whole.

use super::plan::{Plan, PointFilter};
use crate::facts::{ExitStatus, Phase, Run};
use crate::oracle::{Baseline, Point};
use std::collections::BTreeMap;

/// One point found in the recording.
#[derive(Debug, Clone)]
pub struct TriedPoint {
    /// The point.
    pub point: Point,
    /// What came of it.
    pub outcome: PointOutcome,
    /// It comes before the moment from which the promise holds.
    pub before_ready: bool,
    /// It lies in the start of an interpreter, which is no part of the verdict.
    pub at_start: bool,
    /// How many points its run stands for; 0 when it had no run of its own.
    pub stands_for: usize,
    /// Its place in the plan, when it had a run of its own.
    pub order: Option<usize>,
}

/// What came of a point. Whether the run violated anything is said by the findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PointOutcome {
    /// The signal was delivered there.
    Tried {
        /// How the target ended; `None` when it had to be killed.
        status: Option<ExitStatus>,
        /// When the signal was sent, in nanoseconds after the start.
        fired_ns: u64,
        /// When the target ended.
        end_ns: u64,
    },
    /// Another point of the same class was tried in its place.
    ByClass,
    /// It lies between two tries of its class that show the same.
    Represented,
    /// There was no time for it.
    Untried,
    /// The target comes by it in some runs only, and did not when it was to be tried.
    NotMetAgain,
    /// It was not asked for.
    LeftOut,
    /// The fault cannot happen there.
    Unfit,
    /// It is tried by another shard.
    Elsewhere,
    /// The run did not come by it.
    NotReached,
    /// The sweep was interrupted before.
    CutShort,
    /// The harness could not do the run, for this reason.
    Failed(String),
}

impl PointOutcome {
    pub(crate) fn tried(run: &Run) -> PointOutcome {
        PointOutcome::Tried {
            status: run.status,
            fired_ns: run.last_fault_ns().unwrap_or(0),
            end_ns: run.end_ns,
        }
    }
}

/// Every point of the baseline with what came of it. `outcomes` are by place in the plan; what was planned and has none
/// was cut short.
pub(crate) fn tried_points(
    baseline: &Baseline,
    plan: &Plan,
    filter: &PointFilter,
    mut outcomes: BTreeMap<usize, PointOutcome>,
) -> Vec<TriedPoint> {
    let planned: BTreeMap<usize, usize> = plan
        .planned
        .iter()
        .enumerate()
        // A moment between calls is none of the recording's.
        .filter(|(_, planned)| !planned.quiet && !matches!(planned.point.phase, Phase::Later(_)))
        .map(|(order, planned)| (planned.place, order))
        .collect();
    baseline
        .points
        .points
        .iter()
        .enumerate()
        .map(|(place, point)| {
            let order = planned.get(&place).copied();
            let run = order.map(|order| &plan.planned[order]);
            let outcome = match order {
                Some(order) => outcomes.remove(&order).unwrap_or(PointOutcome::CutShort),
                None if plan.unfit.contains(&place) => PointOutcome::Unfit,
                None if plan.elsewhere.contains(&place) => PointOutcome::Elsewhere,
                None if !filter.wants(point) => PointOutcome::LeftOut,
                None if plan.grouped.contains(&place) => PointOutcome::ByClass,
                None => PointOutcome::Elsewhere,
            };
            TriedPoint {
                point: point.clone(),
                outcome,
                before_ready: run.is_some_and(|run| run.before_ready),
                at_start: point.at_start && !filter.strict_start,
                stands_for: run.map_or(0, |run| run.stands_for),
                order,
            }
        })
        .collect()
}
