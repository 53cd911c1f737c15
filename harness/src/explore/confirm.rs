//! Running findings again: does it show every time?

use super::finding::Finding;
use crate::execute::{Trial, Trials};
use crate::schedule::Schedule;
use sigproof_core::{Outcome, Stage, StopToken, ThreadPool};
use std::sync::Arc;

/// One run of a plan.
pub(crate) struct Candidate {
    pub(crate) schedule: Schedule,
    /// The lower, the more changes by the call at its point.
    pub(crate) rank: u8,
}

/// The first point, the first at which most changes, and some spread over the rest: what is a race at the first can be
/// certain at the others. Threads of a runtime come by their own calls in any order, but a file that was just made is
/// there.
fn spread<'a>(
    plan: &'a [Candidate],
    orders: &[usize],
) -> impl Iterator<Item = &'a Candidate> + use<'a> {
    let last = orders.len().saturating_sub(1);
    let most = (0..orders.len()).min_by_key(|place| plan.get(orders[*place]).map(|run| run.rank));
    let wanted = [0, most.unwrap_or(0), last / 2, last, last / 4];
    let mut chosen: Vec<usize> = Vec::new();
    for place in wanted {
        let order = orders.get(place).copied();
        chosen.extend(order.filter(|order| !chosen.contains(order)));
    }
    chosen.into_iter().filter_map(|order| plan.get(order))
}

/// Runs each finding again; `plan` has each run of the plan. One that does not show each time at its first point
/// is tried at others; the point where it shows best represents it.
pub(crate) fn confirm(
    trials: &Arc<Trials>,
    findings: Vec<Finding>,
    plan: Vec<Candidate>,
    times: u32,
    token: &StopToken,
) -> Vec<Finding> {
    let shared = Arc::clone(trials);
    let results = ThreadPool::new(token).workers(trials.pool.jobs()).map(
        findings.clone(),
        move |mut finding, token| {
            let mut best: Option<(u32, Schedule, Option<Arc<Trial>>)> = None;
            for Candidate { schedule, .. } in spread(&plan, &finding.places) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Delivery, Step};

    #[test]
    fn the_first_comes_first_then_what_changes_most_and_nothing_comes_twice() {
        let ranks = [4, 4, 0, 4, 0, 4, 3];
        let plan: Vec<Candidate> = ranks
            .iter()
            .enumerate()
            .map(|(number, rank)| {
                let step = Step::parse(&format!("INT@{number}ms"), |_| Delivery::Group);
                let steps = vec![step.expect("a step")];
                Candidate {
                    schedule: Schedule { steps },
                    rank: *rank,
                }
            })
            .collect();
        let tried = |orders: &[usize]| -> Vec<usize> {
            let runs = spread(&plan, orders);
            let same = |run: &Candidate| plan.iter().position(|one| one.schedule == run.schedule);
            runs.filter_map(same).collect()
        };
        assert_eq!(tried(&[0, 1, 2, 3, 4, 5, 6]), [0, 2, 3, 6, 1]);
        assert_eq!(tried(&[5]), [5]);
        assert_eq!(tried(&[2, 6]), [2, 6]);
        assert!(tried(&[]).is_empty());
    }
}
