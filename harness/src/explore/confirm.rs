//! Running findings again: does it show every time?

use super::finding::Finding;
use crate::execute::{Trial, Trials};
use crate::schedule::Schedule;
use sigproof_core::{Outcome, Stage, StopToken, ThreadPool};
use std::sync::Arc;

/// The first point, and some spread over the rest: what is a race at the first
/// can be certain at the others.
fn spread(orders: &[usize]) -> impl Iterator<Item = usize> {
    let last = orders.len().saturating_sub(1);
    // Sorted as they should be tried; short lists give the same place twice.
    let mut places = vec![0, last / 2, last, last / 4];
    places.dedup();
    places
        .into_iter()
        .filter_map(|place| orders.get(place).copied())
}

/// Runs each finding again; `schedules` are those of the plan. One that does not show each time at its first point
/// is tried at others; the point where it shows best represents it.
pub(crate) fn confirm(
    trials: &Arc<Trials>,
    findings: Vec<Finding>,
    schedules: Vec<Schedule>,
    times: u32,
    token: &StopToken,
) -> Vec<Finding> {
    let shared = Arc::clone(trials);
    let results = ThreadPool::new(token).workers(trials.pool.jobs()).map(
        findings.clone(),
        move |mut finding, token| {
            let mut best: Option<(u32, Schedule, Option<Arc<Trial>>)> = None;
            for order in spread(&finding.places) {
                let Some(schedule) = schedules.get(order) else {
                    continue;
                };
                let mut seen = 1;
                let mut shows = None;
                for _ in 0..times {
                    token.checkpoint_at(Stage::CancelQueued)?;
                    let trial = shared.run(schedule.clone(), false)?;
                    if trial.has(finding.oracle, &finding.subject) {
                        seen += 1;
                        shows = Some(Arc::new(trial));
                    }
                }
                if best.as_ref().is_none_or(|(most, ..)| seen > *most) {
                    best = Some((seen, schedule.clone(), shows));
                }
                if seen == times + 1 {
                    break;
                }
            }
            if let Some((seen, schedule, shows)) = best {
                // The run that is shown is one of the schedule that is stored.
                if schedule != finding.schedule && shows.is_some() {
                    finding.trial = shows;
                }
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
