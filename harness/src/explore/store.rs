//! Storing the failing run of a finding: the one place that does it.

use super::finding::Finding;
use crate::execute::Trials;
use crate::failure::{ExpectedVerdict, Store, StoredFailure, restore};
use crate::schedule::{Schedule, Trigger};
use crate::target::Isolation;

/// What a stored failure says of the session that found it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin {
    /// How the target was kept apart.
    pub(crate) isolation: Isolation,
    /// Every call was recorded, not only those with an effect.
    pub(crate) all_calls: bool,
    /// The seed of a session of random schedules.
    pub(crate) seed: Option<u64>,
}

fn is_quiet(schedule: &Schedule) -> bool {
    let mut steps = schedule.steps.iter();
    steps.any(|step| matches!(&step.trigger, Trigger::Point { key, .. } if !key.effect))
}

impl Trials {
    /// Stores the schedule of a finding, and enters the file in the finding. A file that cannot be written becomes a
    /// note: the finding is worth more than its file.
    pub(crate) fn store(
        &self,
        finding: &mut Finding,
        origin: Origin,
        store: &Store,
        notes: &mut Vec<String>,
    ) {
        match store.put(&self.failure(finding, origin)) {
            Ok(file) => finding.file = Some(file),
            Err(error) => notes.push(error.to_string()),
        }
    }

    fn failure(&self, finding: &Finding, origin: Origin) -> StoredFailure {
        StoredFailure {
            version: StoredFailure::VERSION,
            target: self.pool.target().clone(),
            inputs: self.pool.inputs().0.clone(),
            isolation: origin.isolation,
            contract: self.contract.clone(),
            schedule: finding.schedule.clone(),
            // Calls without an effect are looked up among all.
            all_calls: origin.all_calls || is_quiet(&finding.schedule),
            expected: ExpectedVerdict {
                oracle: finding.oracle.to_owned(),
                subject: finding.subject.clone(),
                text: finding.text.clone(),
            },
            seed: origin.seed,
            system: restore::system(),
            program: restore::program(self.pool.target()),
            packed: self.pool.inputs().1.clone(),
        }
    }
}
