//! `reach`: the same schedule does, whomever the signal is sent to.
//!
//! A terminal signals the whole foreground group; `kill`, `timeout` and service
//! managers signal one process. What works one way must work the other way, too.

use crate::oracle::verdict::{Evidence, Judgement, Verdict};
use crate::schedule::Delivery;

/// Judges what the other oracles say of runs that differ in the delivery only.
pub fn judge(runs: &[(Delivery, &[Judgement])]) -> Verdict {
    let wrong = |judgements: &[Judgement]| -> Vec<String> {
        judgements
            .iter()
            .flat_map(|judgement| {
                judgement
                    .verdict
                    .evidence()
                    .iter()
                    .map(|evidence| format!("{}: {}", judgement.oracle, evidence.text))
            })
            .collect()
    };
    let right: Vec<String> = runs
        .iter()
        .filter(|(_, judgements)| wrong(judgements).is_empty())
        .map(|(to, _)| to.whom())
        .collect();
    if right.is_empty() {
        return Verdict::not_applicable("the contract is violated whomever the signal is sent to");
    }
    let evidence = runs
        .iter()
        .filter_map(|(to, judgements)| {
            let first = wrong(judgements).into_iter().next()?;
            Some(Evidence::new(
                to.word(),
                format!(
                    "sent to {} it does; sent to {} it does not: {first}",
                    right.join(" or "),
                    to.whom()
                ),
            ))
        })
        .collect();
    Verdict::of(evidence)
}
