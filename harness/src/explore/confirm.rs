//! Running findings again: does it show every time?

use super::finding::Finding;
use super::plan::Plan;
use super::trial::Trials;
use crate::inject::{PointName, Schedule};
use sigproof_core::{Outcome, Stage, StopToken, ThreadPool};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The first point, and some spread over the rest: what is a race at the first
/// can be certain at the others.
fn spread(points: &[PointName]) -> impl Iterator<Item = &PointName> {
    let last = points.len().saturating_sub(1);
    // Sorted as they should be tried; short lists give the same place twice.
    let mut places = vec![0, last / 2, last, last / 4];
    places.dedup();
    places.into_iter().filter_map(|place| points.get(place))
}

/// Runs each finding again. One that does not show each time at its first point
/// is tried at others; the point where it shows best represents it.
pub(super) fn confirm(
    trials: &Arc<Trials>,
    findings: Vec<Finding>,
    plan: &Plan,
    times: u32,
    token: &StopToken,
) -> Vec<Finding> {
    let shared = Arc::clone(trials);
    let schedules: BTreeMap<PointName, Schedule> = plan
        .planned
        .iter()
        .map(|planned| (planned.point.clone(), planned.schedule.clone()))
        .collect();
    let results = ThreadPool::new(token).workers(trials.lab.jobs()).map(
        findings.clone(),
        move |mut finding, token| {
            let mut best = None;
            for name in spread(&finding.points) {
                let Some(schedule) = schedules.get(name) else {
                    continue;
                };
                let mut seen = 1;
                for _ in 0..times {
                    token.checkpoint_at(Stage::CancelQueued)?;
                    let trial = shared.run(schedule.clone(), false)?;
                    seen += u32::from(trial.has(finding.oracle, &finding.subject));
                }
                if best.as_ref().is_none_or(|(most, _)| seen > *most) {
                    best = Some((seen, schedule.clone()));
                }
                if seen == times + 1 {
                    break;
                }
            }
            if let Some((seen, schedule)) = best {
                finding.seen = (seen, times + 1);
                finding.schedule = schedule;
            }
            Ok(finding)
        },
    );
    // A finding whose confirmation was interrupted stands as it was.
    results
        .into_outcomes()
        .into_iter()
        .zip(findings)
        .map(|(outcome, finding)| match outcome {
            Outcome::Completed(confirmed) => confirmed,
            _ => finding,
        })
        .collect()
}
