//! Which schedule comes next: of several that were drawn, the one with most moments, and pairs of them, that no
//! schedule before it had.
//!
//! What counts is what was planned, not what was reached: so the same seed gives the same schedules, however many
//! runs go on side by side.

use super::corpus::Corpus;
use super::strategy::schedules;
use crate::schedule::{Schedule, Step, Trigger};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::HashSet;
use xxhash_rust::xxh3::xxh3_64;

/// Schedules drawn for each that is run.
const DRAWN: usize = 8;

/// A schedule that is going to be run.
#[derive(Debug, Clone)]
pub(crate) struct Next {
    pub(crate) schedule: Schedule,
    /// It begins where none began before: what the target does then is to be recorded.
    pub(crate) new_first: bool,
}

/// Draws and chooses.
pub(crate) struct Chooser {
    runner: TestRunner,
    most: usize,
    moments: HashSet<u64>,
    pairs: HashSet<(u64, u64)>,
    firsts: HashSet<u64>,
}

impl Chooser {
    pub(crate) fn new(seed: u64, most: usize) -> Chooser {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let config = Config {
            failure_persistence: None,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Chooser {
            runner: TestRunner::new_with_rng(config, rng),
            most,
            moments: HashSet::new(),
            pairs: HashSet::new(),
            firsts: HashSet::new(),
        }
    }

    /// How many pairs of moments were chosen so far.
    pub(crate) fn pairs(&self) -> usize {
        self.pairs.len()
    }

    /// So many schedules; none when the target offers no moment for a fault.
    pub(crate) fn batch(&mut self, corpus: &Corpus, count: usize) -> Vec<Next> {
        let Some(strategy) = schedules(corpus, self.most) else {
            return Vec::new();
        };
        let mut batch = Vec::with_capacity(count);
        for _ in 0..count {
            let drawn: Vec<Schedule> = (0..DRAWN)
                .filter_map(|_| Some(strategy.new_tree(&mut self.runner).ok()?.current()))
                .collect();
            let mut best: Option<(f64, Schedule)> = None;
            for schedule in drawn {
                let score = self.score(&schedule);
                if best.as_ref().is_none_or(|(most, _)| score > *most) {
                    best = Some((score, schedule));
                }
            }
            if let Some((_, schedule)) = best {
                batch.push(self.take(schedule));
            }
        }
        batch
    }

    /// How much of a schedule is new: a long one is not better than a short one.
    fn score(&self, schedule: &Schedule) -> f64 {
        let marks = marks(schedule);
        let new = marks.iter().filter(|mark| !self.moments.contains(mark));
        let pairs = marks.windows(2).map(|pair| (pair[0], pair[1]));
        let new_pairs = pairs.filter(|pair| !self.pairs.contains(pair)).count();
        // A moment of its own is worth more than another neighbour for it.
        (2 * new.count() + new_pairs) as f64 / marks.len().max(1) as f64
    }

    fn take(&mut self, schedule: Schedule) -> Next {
        let marks = marks(&schedule);
        self.moments.extend(&marks);
        self.pairs
            .extend(marks.windows(2).map(|pair| (pair[0], pair[1])));
        let new_first = marks.first().is_some_and(|mark| self.firsts.insert(*mark));
        Next {
            schedule,
            new_first,
        }
    }
}

/// What tells the steps of a schedule apart. Times are alike when they are of the same size.
fn marks(schedule: &Schedule) -> Vec<u64> {
    let mark = |step: &Step| {
        let trigger = match &step.trigger {
            Trigger::After { ns } => format!("start {}", size(*ns)),
            Trigger::AfterPrevious { ns } => format!("+ {}", size(*ns)),
            other => other.to_string(),
        };
        xxh3_64(format!("{} {} {trigger}", step.fault, step.lasting).as_bytes())
    };
    schedule.steps.iter().map(mark).collect()
}

/// Half decades.
fn size(ns: u64) -> u32 {
    ((ns.max(1) as f64).log10() * 2.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Delivery, Fault};
    use std::sync::Arc;

    fn corpus(points: usize) -> Corpus {
        let point = |nth: usize| Trigger::parse(&format!("a:write#{nth}")).unwrap();
        let points: Arc<Vec<Trigger>> = Arc::new((1..=points).map(point).collect());
        let fault = Fault::Signal {
            signal: libc::SIGINT,
            to: Delivery::Group,
        };
        Corpus {
            choices: vec![crate::explore::fuzz::corpus::FaultChoice {
                fault,
                lasting: false,
                points: Arc::clone(&points),
                first_points: points,
            }],
            ..Corpus::empty(0)
        }
    }

    fn texts(batch: &[Next]) -> Vec<String> {
        let text = |next: &Next| {
            let steps = next.schedule.steps.iter().map(ToString::to_string);
            steps.collect::<Vec<_>>().join(", ")
        };
        batch.iter().map(text).collect()
    }

    #[test]
    fn what_was_not_tried_is_preferred() {
        // Left to chance, 60 draws of 30 points miss some four of them.
        let mut chooser = Chooser::new(1, 1);
        let batch = chooser.batch(&corpus(30), 45);
        let tried: HashSet<String> = texts(&batch).into_iter().collect();
        assert!(tried.len() >= 29, "{}", tried.len());
        let firsts = batch.iter().filter(|next| next.new_first).count();
        assert_eq!(firsts, tried.len());
    }

    #[test]
    fn pairs_count_as_well() {
        let mut chooser = Chooser::new(2, 2);
        let batch = chooser.batch(&corpus(4), 100);
        let pairs: HashSet<String> = texts(&batch)
            .into_iter()
            .filter(|text| text.contains("write") && text.matches("write").count() == 2)
            .collect();
        assert_eq!(pairs.len(), 16, "{pairs:?}");
    }

    #[test]
    fn a_seed_gives_the_same_choice_again() {
        let chosen = |seed| texts(&Chooser::new(seed, 5).batch(&corpus(9), 50));
        assert_eq!(chosen(11), chosen(11));
        assert_ne!(chosen(11), chosen(12));
    }
}
