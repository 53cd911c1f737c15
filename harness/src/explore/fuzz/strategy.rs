//! Random schedules: proptest's strategies over what a target offers.
//!
//! Only the generators are proptest's. Its value trees shrink a value before anybody has looked what happened in the
//! run; here the best candidates (the call at which a fault really struck) are known from recordings of the target
//! alone, a trial has to be repeated because races are probabilistic, and trials go on side by side. So `shrink.rs`
//! simplifies the schedule itself.

use super::corpus::{Corpus, FaultChoice};
use crate::facts::Phase;
use crate::schedule::{CallSelector, Schedule, Step, Trigger};
use proptest::prelude::*;
use proptest::strategy::Union;
use std::sync::Arc;

/// Schedules of 1 to `most` faults from this material; `None` when there is nothing to make one of.
pub(crate) fn schedules(corpus: &Corpus, most: usize) -> Option<BoxedStrategy<Schedule>> {
    let first = steps(corpus, true)?;
    let more = steps(corpus, false);
    let sizes = (1..=most.max(1)).map(|faults| {
        // Two are what a sweep of single faults cannot see; more are rarely needed.
        let weight = match faults {
            2 => 4,
            3 => 3,
            _ => 2,
        };
        let rest = match &more {
            Some(more) => proptest::collection::vec(more.clone(), faults - 1).boxed(),
            None => Just(Vec::new()).boxed(),
        };
        let schedule = (first.clone(), rest).prop_map(|(first, rest)| {
            let mut steps = vec![first];
            steps.extend(rest);
            Schedule { steps }
        });
        (weight, schedule.boxed())
    });
    Some(Union::new_weighted(sizes.collect()).boxed())
}

/// One step: a fault, then a trigger that suits it.
fn steps(corpus: &Corpus, first: bool) -> Option<BoxedStrategy<Step>> {
    let steps: Vec<_> = corpus
        .choices
        .iter()
        .filter_map(|choice| {
            let (fault, lasting) = (choice.fault.clone(), choice.lasting);
            let step = triggers(corpus, choice, first)?.prop_map(move |trigger| Step {
                trigger,
                fault: fault.clone(),
                lasting,
            });
            Some(step.boxed())
        })
        .collect();
    (!steps.is_empty()).then(|| Union::new(steps).boxed())
}

fn triggers(corpus: &Corpus, choice: &FaultChoice, first: bool) -> Option<BoxedStrategy<Trigger>> {
    let mut kinds: Vec<(u32, BoxedStrategy<Trigger>)> = Vec::new();
    let mut one_of = |weight: u32, triggers: &Arc<Vec<Trigger>>| {
        if !triggers.is_empty() {
            let triggers = Arc::clone(triggers);
            let chosen = (0..triggers.len()).prop_map(move |index| triggers[index].clone());
            kinds.push((weight, chosen.boxed()));
        }
    };
    if first {
        one_of(6, &choice.first_points);
        one_of(1, &corpus.moments);
        if let Some(ready) = &corpus.ready {
            one_of(1, &Arc::new(vec![ready.clone()]));
        }
    } else {
        one_of(2, &choice.points);
        one_of(4, &Arc::new(later(corpus, choice)));
        one_of(1, &corpus.moments);
    }
    if first && corpus.longest_start_ns > 0 {
        let time = offsets(corpus.longest_start_ns).prop_map(|ns| Trigger::After { ns });
        kinds.push((2, time.boxed()));
    }
    if !first {
        let time = offsets(corpus.longest_wait_ns).prop_map(|ns| Trigger::AfterPrevious { ns });
        kinds.push((5, time.boxed()));
    }
    let handled = |signal| corpus.handled.contains(&signal);
    if choice.fault.signal().is_some_and(handled) {
        kinds.push((1, Just(Trigger::Handler).boxed()));
    }
    (!kinds.is_empty()).then(|| Union::new_weighted(kinds).boxed())
}

/// Calls after another fault at which this one can happen.
fn later(corpus: &Corpus, choice: &FaultChoice) -> Vec<Trigger> {
    if !choice.fault.is_of_call() {
        let all = corpus.later.iter().map(|later| later.trigger.clone());
        return all.collect();
    }
    let calls = corpus
        .later
        .iter()
        .filter_map(|later| match &later.trigger {
            Trigger::Call(call) if later.fits(&choice.fault) && call.phase == Phase::Exit => {
                let phase = Phase::Entry;
                Some(Trigger::Call(CallSelector {
                    phase,
                    ..call.clone()
                }))
            }
            _ => None,
        });
    calls.collect()
}

/// Times from 1 µs on, as many of them short as long: each tenfold is as likely as any other. Two digits are enough.
fn offsets(longest_ns: u64) -> impl Strategy<Value = u64> {
    let decades = (longest_ns.max(2_000) as f64 / 1e3).log10();
    (0.0..decades).prop_map(|exponent| {
        let us = 10f64.powf(exponent);
        let digit = 10u64.pow((exponent.floor() as u32).saturating_sub(1));
        (us.round() as u64 / digit * digit).max(1) * 1_000
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::fuzz::corpus::LaterCall;
    use crate::schedule::{Delivery, Fault};
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
    use std::collections::BTreeSet;

    fn runner(seed: u8) -> TestRunner {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
        TestRunner::new_with_rng(Default::default(), rng)
    }

    fn corpus() -> Corpus {
        let call = |text: &str| Trigger::parse(text).unwrap();
        let choice = |fault| FaultChoice {
            fault,
            lasting: false,
            points: Arc::new(vec![call("a:write#1"), call("a:write#2")]),
            first_points: Arc::new(vec![call("a:write#1")]),
        };
        let int = Fault::Signal {
            signal: libc::SIGINT,
            to: Delivery::Group,
        };
        Corpus {
            choices: vec![choice(int), choice(Fault::Errno { errno: libc::EINTR })],
            moments: Arc::new(vec![call("output:ready"), call("child:2")]),
            handled: BTreeSet::from([libc::SIGINT]),
            later: vec![LaterCall::of(call("a:unlink(x)#1"))],
            ..Corpus::empty(3_000_000)
        }
    }

    fn drawn(corpus: &Corpus, most: usize, seed: u8) -> Vec<Schedule> {
        let strategy = schedules(corpus, most).unwrap();
        let mut runner = runner(seed);
        (0..400)
            .map(|_| strategy.new_tree(&mut runner).unwrap().current())
            .collect()
    }

    #[test]
    fn a_seed_gives_the_same_schedules_again() {
        assert_eq!(drawn(&corpus(), 5, 7), drawn(&corpus(), 5, 7));
        assert_ne!(drawn(&corpus(), 5, 7), drawn(&corpus(), 5, 8));
    }

    #[test]
    fn all_numbers_of_faults_and_all_triggers_are_drawn() {
        let drawn = drawn(&corpus(), 5, 1);
        let sizes: BTreeSet<usize> = drawn.iter().map(|schedule| schedule.steps.len()).collect();
        assert_eq!(sizes, BTreeSet::from([1, 2, 3, 4, 5]));
        let kind = |step: &Step| {
            match &step.trigger {
                Trigger::After { .. } => "after the start",
                Trigger::AfterPrevious { .. } => "after the step before",
                Trigger::Handler => "handler",
                other => return other.to_string(),
            }
            .to_owned()
        };
        let firsts: BTreeSet<String> = drawn.iter().map(|one| kind(&one.steps[0])).collect();
        let first = [
            "after the start",
            "call:a:write#1@exit",
            "child:2",
            "handler",
            "output:ready",
        ];
        assert_eq!(firsts, BTreeSet::from(first.map(str::to_owned)));
        let later = drawn.iter().flat_map(|one| &one.steps[1..]).map(kind);
        let others = [
            "after the step before",
            "call:a:unlink(x)#1@exit",
            "call:a:write#1@exit",
            "call:a:write#2@exit",
            "child:2",
            "handler",
            "output:ready",
        ];
        assert_eq!(
            later.collect::<BTreeSet<_>>(),
            BTreeSet::from(others.map(str::to_owned))
        );
        assert!(drawn.iter().flat_map(|one| &one.steps).all(|step| {
            step.trigger != Trigger::Handler || step.fault.signal() == Some(libc::SIGINT)
        }));
    }

    #[test]
    fn offsets_reach_from_microseconds_to_seconds() {
        let strategy = offsets(2_000_000_000);
        let mut runner = runner(3);
        let drawn: Vec<u64> = (0..1000)
            .map(|_| strategy.new_tree(&mut runner).unwrap().current())
            .collect();
        for (from, to) in [(1_000, 10_000), (30_000, 60_000), (500_000_000, u64::MAX)] {
            assert!(drawn.iter().any(|ns| (from..to).contains(ns)), "{from}");
        }
        assert!(drawn.iter().all(|ns| (1_000..=2_000_000_000).contains(ns)));
    }

    #[test]
    fn without_a_moment_there_is_no_schedule() {
        let nothing = Corpus {
            choices: Vec::new(),
            ..corpus()
        };
        assert!(schedules(&nothing, 5).is_none());
    }
}
