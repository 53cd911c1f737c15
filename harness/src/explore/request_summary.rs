//! What clients of a service saw, over many runs.

use crate::facts::{AtFault, Reply, Run};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Requests of many runs, by what came of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestSummary {
    /// Runs with a fault.
    pub runs: usize,
    /// Runs in which a request was in flight when the fault was placed.
    pub in_flight_runs: usize,
    /// What came of the requests that were in flight.
    pub in_flight: BTreeMap<String, usize>,
    /// What came of those that were sent afterwards, or could not be sent.
    pub later: BTreeMap<String, usize>,
}

impl RequestSummary {
    /// Takes a run.
    pub(crate) fn take(&mut self, run: &Run) {
        let (Some(service), Some(_)) = (&run.service, run.last_fault_ns()) else {
            return;
        };
        self.runs += 1;
        let mut in_flight = false;
        for fact in &service.requests {
            let word = word(&fact.answer).to_owned();
            match fact.at_fault {
                AtFault::Over => {}
                AtFault::Unsent => *self.later.entry(word).or_default() += 1,
                AtFault::Queued | AtFault::Accepted | AtFault::Read => {
                    in_flight = true;
                    *self.in_flight.entry(word).or_default() += 1;
                }
            }
        }
        self.in_flight_runs += usize::from(in_flight);
    }

    /// What they add up to, in words.
    pub fn words(&self) -> String {
        let list = |counts: &BTreeMap<String, usize>| {
            let words = counts.iter().map(|(word, count)| format!("{count} {word}"));
            words.collect::<Vec<_>>().join(", ")
        };
        let mut words = format!(
            "a request was in flight in {} of {} runs",
            self.in_flight_runs, self.runs
        );
        if !self.in_flight.is_empty() {
            words.push_str(&format!(": {}", list(&self.in_flight)));
        }
        if !self.later.is_empty() {
            words.push_str(&format!("; of those sent later {}", list(&self.later)));
        }
        words
    }
}

fn word(answer: &Reply) -> &'static str {
    match answer {
        Reply::Unsent => "not sent",
        Reply::None { .. } => "never answered",
        Reply::Whole { status: 503, .. } => "turned away (503)",
        Reply::Whole { status, .. } if *status >= 500 => "answered with an error",
        Reply::Whole { .. } => "answered",
        Reply::Cut { .. } => "cut",
        Reply::Reset { .. } => "reset",
        Reply::Refused => "refused",
    }
}
