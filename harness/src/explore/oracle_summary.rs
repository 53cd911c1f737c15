//! What the oracles say over many runs.

use crate::execute::Trial;
use crate::explore::request_summary::RequestSummary;
use crate::oracle::Verdict;
use std::collections::{BTreeMap, BTreeSet};

/// Oracles that could not judge, and limits that runs met.
#[derive(Debug, Default)]
pub(crate) struct OracleSummary {
    unjudged: BTreeMap<&'static str, String>,
    judged: BTreeSet<&'static str>,
    /// Limits that runs met, with how many did.
    pub(crate) limits: BTreeMap<String, usize>,
    /// What clients saw.
    pub(crate) requests: RequestSummary,
}

impl OracleSummary {
    /// Takes the limits of a run.
    pub(crate) fn take_limits(&mut self, trial: &Trial) {
        for limit in &trial.run.limits {
            *self.limits.entry(limit.clone()).or_default() += 1;
        }
    }

    /// Takes what the oracles say of a run that came as far as it should.
    pub(crate) fn take(&mut self, trial: &Trial) {
        self.requests.take(&trial.run);
        for judgement in &trial.judgements {
            match &judgement.verdict {
                Verdict::NotApplicable { reason } => {
                    self.unjudged
                        .entry(judgement.oracle.name())
                        .or_insert_with(|| reason.clone());
                }
                _ => {
                    self.judged.insert(judgement.oracle.name());
                }
            }
        }
    }

    /// Oracles that no run could be judged by, with the reason.
    pub(crate) fn unjudged(&self) -> BTreeMap<&'static str, String> {
        let unjudged = self.unjudged.iter();
        unjudged
            .filter(|(oracle, _)| !self.judged.contains(*oracle))
            .map(|(oracle, reason)| (*oracle, reason.clone()))
            .collect()
    }
}
