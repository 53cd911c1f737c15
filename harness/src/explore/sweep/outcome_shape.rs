//! What a run shows, without what only counts: two tries of a class that agree in it show the same.

use crate::execute::Trial;
use crate::facts::{path_shape, text_shape};
use crate::oracle::{EndState, OracleId, StateShape};
use std::collections::BTreeSet;

/// What a run violates, how it ended, and the shape of what it left.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct OutcomeShape {
    violations: BTreeSet<(OracleId, String, String)>,
    ended: bool,
    state: StateShape,
}

impl OutcomeShape {
    /// Of a judged run.
    pub(crate) fn of(trial: &Trial, finished: &EndState) -> OutcomeShape {
        let violations = trial.judgements.iter().flat_map(|judgement| {
            let evidence = judgement.verdict.evidence().iter();
            evidence.map(|evidence| {
                (
                    judgement.oracle,
                    path_shape(&evidence.subject),
                    text_shape(&path_shape(&evidence.text)),
                )
            })
        });
        OutcomeShape {
            violations: violations.collect(),
            ended: trial.run.status.is_some(),
            state: StateShape::of(&trial.run.tree, finished),
        }
    }
}
