//! `escalation`: the second signal stops it sooner, and the third at once.
//!
//! Judged on runs of one schedule with one, two and three signals.

use crate::facts::Run;
use crate::oracle::contract::Escalation;
use crate::oracle::verdict::{Evidence, Verdict};

/// A remainder that is shorter than this cannot be told from noise.
const WORTH_MS: u64 = 300;

/// Judges runs with one, two and (when three signals are told apart) three signals.
pub fn judge(asked: &Escalation, one: &Run, two: &Run, three: Option<&Run>) -> Verdict {
    let mut evidence = Vec::new();
    let Some(first) = sent(one, 0) else {
        return Verdict::not_applicable("the first signal was not sent");
    };
    // How long it goes on when it is left alone from the moment of a second signal on.
    let alone = one
        .status
        .map(|_| one.end_ns.saturating_sub(first) / 1_000_000)
        .map(|ms| ms.saturating_sub(asked.gap_ms));
    if alone.is_some_and(|ms| ms < WORTH_MS) {
        return Verdict::not_applicable(format!(
            "it stops by itself {} ms after the first signal; a second one, {} ms after the first, has nothing to speed \
             up. It would have where the target takes longest to end, which `sweep --escalate` finds out",
            alone.unwrap_or(0) + asked.gap_ms,
            asked.gap_ms
        ));
    }
    match (sent(two, 1), two.status) {
        (None, _) => {
            return Verdict::not_applicable("it stopped before the second signal was sent");
        }
        (Some(_), None) => evidence.push(Evidence::new(
            "signal 2",
            "the second signal does not stop it: it ran on until it was killed",
        )),
        (Some(second), Some(_)) => {
            let took = two.end_ns.saturating_sub(second) / 1_000_000;
            // Sooner by a fifth at least, so that noise does not count.
            if let Some(alone) = alone.filter(|alone| took * 5 > alone * 4) {
                evidence.push(Evidence::new(
                    "signal 2",
                    format!(
                        "the second signal does not stop it sooner: it ends {took} ms after it, and {alone} ms after the same moment without it"
                    ),
                ));
            }
        }
    }
    if let Some(three) = three {
        match (sent(three, 2), three.status) {
            // Gone before: nothing is left for the third to end.
            (None, _) => {}
            (Some(_), None) => evidence.push(Evidence::new(
                "signal 3",
                "the third signal does not end it: it ran on until it was killed",
            )),
            (Some(third), Some(_)) => {
                let took = three.end_ns.saturating_sub(third) / 1_000_000;
                if took > asked.third_ms {
                    evidence.push(Evidence::new(
                        "signal 3",
                        format!(
                            "the third signal does not end it at once: it ends {took} ms after it, {} ms are allowed",
                            asked.third_ms
                        ),
                    ));
                }
            }
        }
    }
    Verdict::of(evidence)
}

fn sent(run: &Run, step: usize) -> Option<u64> {
    run.fired_ns.get(step).copied().flatten()
}
