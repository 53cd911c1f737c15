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
    let groups = by_first_place(findings);
    let results = ThreadPool::new(token).workers(trials.pool.jobs()).map(
        groups.clone(),
        move |mut group, token| {
            let asking = shared.asking_only(group.iter().map(|finding| finding.oracle));
            let mut repeats = Repeats::new();
            for finding in &mut group {
                // What is looked at closely is shown with all that can be said of it.
                let again = |schedule: &Schedule, closely: bool| {
                    token.checkpoint_at(Stage::CancelQueued).ok()?;
                    let trials = if closely { &*shared } else { &asking };
                    trials.run(schedule.clone(), closely).ok().map(Arc::new)
                };
                // A finding whose confirmation was interrupted, or failed, stands as it was.
                confirm_one(finding, &plan, times, &mut repeats, again);
            }
            Ok(group)
        },
    );
    let outcomes = results.into_outcomes().into_iter().zip(groups);
    outcomes
        .flat_map(|(outcome, group)| match outcome {
            Outcome::Completed(confirmed) => confirmed,
            _ => group,
        })
        .collect()
}

/// Findings that show first at the same place, in the order of the first of each: what is run again for one of them
/// tells of the others as well.
fn by_first_place(findings: Vec<Finding>) -> Vec<Vec<Finding>> {
    let mut groups: Vec<Vec<Finding>> = Vec::new();
    for finding in findings {
        let place = finding.places.first();
        match groups
            .iter_mut()
            .find(|group| group[0].places.first() == place)
        {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

/// What was run again, so that findings of the same run ask for it once.
struct Repeats<T> {
    runs: Vec<(Schedule, bool, Vec<Arc<T>>)>,
}

impl<T> Repeats<T> {
    fn new() -> Repeats<T> {
        Repeats { runs: Vec::new() }
    }

    /// The run of a schedule that is that many times repeated.
    fn run(
        &mut self,
        schedule: &Schedule,
        closely: bool,
        number: usize,
        again: impl FnOnce(&Schedule, bool) -> Option<Arc<T>>,
    ) -> Option<Arc<T>> {
        let is = |(one, close, _): &(Schedule, bool, Vec<_>)| one == schedule && *close == closely;
        let place = self.runs.iter().position(is).unwrap_or_else(|| {
            self.runs.push((schedule.clone(), closely, Vec::new()));
            self.runs.len() - 1
        });
        let runs = &mut self.runs[place].2;
        if runs.len() <= number {
            runs.push(again(schedule, closely)?);
        }
        Some(Arc::clone(&runs[number]))
    }
}

/// Runs one finding again; `None`, and the finding as it was, if a run of it could not be made.
fn confirm_one(
    finding: &mut Finding,
    plan: &[Candidate],
    times: u32,
    repeats: &mut Repeats<Trial>,
    again: impl Fn(&Schedule, bool) -> Option<Arc<Trial>>,
) -> Option<()> {
    let shows = |trial: &Trial| trial.has(finding.oracle, &finding.subject);
    let mut best: Option<(u32, &Schedule, Option<Arc<Trial>>)> = None;
    for Candidate { schedule, .. } in spread(plan, &finding.places) {
        let most = best.as_ref().map_or(0, |(most, ..)| *most);
        let (mut seen, mut shown) = (1, None);
        for number in 0..times {
            // It cannot show more often than at the best place.
            if seen + (times - number) <= most {
                break;
            }
            let trial = repeats.run(schedule, false, number as usize, &again)?;
            if shows(&trial) {
                seen += 1;
                shown = Some(trial);
            }
        }
        if seen > most {
            best = Some((seen, schedule, shown));
        }
        if seen == times + 1 {
            break;
        }
    }
    let (seen, schedule, shown) = best?;
    // One more is looked at closely, for the reports. What that takes can lose a race, so it counts for nothing else.
    let close = repeats.run(schedule, true, 0, &again);
    let close = close.filter(|trial| shows(trial));
    finding.seen = (seen, times + 1);
    // The run that is shown is one of the schedule that is stored.
    let moved = shown.filter(|_| *schedule != finding.schedule);
    if let Some(trial) = close.or(moved) {
        finding.trial = Some(trial);
    }
    finding.schedule = schedule.clone();
    Some(())
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

    #[test]
    fn findings_of_one_run_ask_for_it_once() {
        let schedule = |text: &str| {
            let step = Step::parse(text, |_| Delivery::Group).expect("a step");
            Schedule { steps: vec![step] }
        };
        let made = std::cell::Cell::new(0);
        let mut repeats = Repeats::new();
        let mut ask = |text: &str, closely, number| {
            let again = |_: &Schedule, _| {
                made.set(made.get() + 1);
                Some(Arc::new(made.get()))
            };
            repeats
                .run(&schedule(text), closely, number, again)
                .map(|run| *run)
        };
        // One finding, and another one that shows in the same runs.
        assert_eq!(
            (ask("INT@1ms", false, 0), ask("INT@1ms", false, 1)),
            (Some(1), Some(2))
        );
        assert_eq!(
            (ask("INT@1ms", false, 0), ask("INT@1ms", false, 1)),
            (Some(1), Some(2))
        );
        // What is looked at closely, and another schedule, are other runs.
        assert_eq!(
            (ask("INT@1ms", true, 0), ask("INT@2ms", false, 0)),
            (Some(3), Some(4))
        );
        assert_eq!(ask("INT@1ms", true, 0), Some(3));
    }
}
