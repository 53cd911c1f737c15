//! Smaller schedules than a given one.

use crate::schedule::{Delivery, Fault, Schedule, Trigger};

/// The schedule with these steps alone. What was timed by a step that goes is timed as it was: by the moments at which
/// the steps struck in the failing run.
pub(crate) fn kept(
    schedule: &Schedule,
    fired_ns: &[Option<u64>],
    places: &[usize],
) -> Vec<Schedule> {
    let fired = |place: usize| fired_ns.get(place).copied().flatten();
    let mut candidates = vec![Schedule::default()];
    let mut before: Option<usize> = None;
    for &place in places {
        let step = &schedule.steps[place];
        let alone = before.map_or(0, |before| before + 1) == place;
        let mut triggers = vec![step.trigger.clone()];
        if !alone && matches!(step.trigger, Trigger::AfterPrevious { .. }) {
            triggers = match before {
                Some(before) => {
                    let between = fired(place).zip(fired(before));
                    let ns = between.map_or(0, |(late, early)| late.saturating_sub(early));
                    vec![Trigger::AfterPrevious { ns: micros(ns) }]
                }
                None => {
                    // Where the last one began that had a moment of its own, or the time itself.
                    let own = schedule.steps[..place].iter().rev().find_map(|step| {
                        let timed = matches!(step.trigger, Trigger::AfterPrevious { .. });
                        (!timed).then(|| step.trigger.clone())
                    });
                    let ns = micros(fired(place).unwrap_or(0));
                    own.into_iter().chain([Trigger::After { ns }]).collect()
                }
            };
        }
        candidates = candidates
            .iter()
            .flat_map(|candidate| {
                triggers.iter().map(|trigger| {
                    let mut candidate = candidate.clone();
                    let mut step = step.clone();
                    step.trigger = trigger.clone();
                    candidate.steps.push(step);
                    candidate
                })
            })
            .collect();
        before = Some(place);
    }
    candidates
}

/// Whole microseconds, one at least.
fn micros(ns: u64) -> u64 {
    (ns / 1_000).max(1) * 1_000
}

/// The same trigger, sooner: 1, 2, 5, 10 µs and so on.
pub(crate) fn shorter(trigger: &Trigger) -> Vec<Trigger> {
    let (Trigger::After { ns } | Trigger::AfterPrevious { ns }) = trigger else {
        return Vec::new();
    };
    let round = (0..10).flat_map(|power| [1, 2, 5].map(|digit| digit * 1_000 * 10u64.pow(power)));
    round
        .take_while(|shorter| shorter < ns)
        .map(|ns| match trigger {
            Trigger::After { .. } => Trigger::After { ns },
            _ => Trigger::AfterPrevious { ns },
        })
        .collect()
}

/// The same signal to whom it goes usually; `None` when it does already.
pub(crate) fn usual(fault: &Fault, pty: bool) -> Option<Fault> {
    let Fault::Signal { signal, to } = fault else {
        return None;
    };
    let usual = Delivery::usual(*signal, pty);
    (usual != *to).then_some(Fault::Signal {
        signal: *signal,
        to: usual,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Step;

    fn schedule(texts: &[&str]) -> Schedule {
        let step = |text: &&str| Step::parse(text, |_| Delivery::Group).unwrap();
        Schedule {
            steps: texts.iter().map(step).collect(),
        }
    }

    #[test]
    fn what_is_left_comes_when_it_came() {
        let all = schedule(&["INT@write#1", "INT@+5us", "INT@+7us", "INT@output:x"]);
        let fired = [Some(100_000), Some(110_300), Some(120_000), Some(130_000)];
        for (places, wanted) in [
            (vec![0, 1], vec![schedule(&["INT@write#1", "INT@+5us"])]),
            (vec![0, 2], vec![schedule(&["INT@write#1", "INT@+20us"])]),
            (vec![0, 3], vec![schedule(&["INT@write#1", "INT@output:x"])]),
            (
                vec![1, 2],
                vec![
                    schedule(&["INT@write#1", "INT@+7us"]),
                    schedule(&["INT@110us", "INT@+7us"]),
                ],
            ),
            (vec![3], vec![schedule(&["INT@output:x"])]),
        ] {
            assert_eq!(kept(&all, &fired, &places), wanted, "{places:?}");
        }
    }

    #[test]
    fn offsets_become_round() {
        let Step { trigger, .. } = &schedule(&["INT@+37us"]).steps[0];
        let texts: Vec<String> = shorter(trigger).iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["+1us", "+2us", "+5us", "+10us", "+20us"]);
        assert!(shorter(&Trigger::Handler).is_empty());
    }

    #[test]
    fn signals_go_where_they_go_usually() {
        let fault = |text: &str| Fault::parse(text, |_| Delivery::Group).unwrap().0;
        assert_eq!(
            usual(&fault("INT:process"), false),
            Some(fault("INT:group"))
        );
        assert_eq!(usual(&fault("INT:group"), false), None);
        assert_eq!(usual(&fault("ENOSPC"), false), None);
    }
}
