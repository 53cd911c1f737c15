//! What was found so far.

use super::report::FuzzFinding;
use crate::execute::trial::Trial;
use crate::explore::finding::Finding;
use crate::oracle::Evidence;
use crate::schedule::{PointName, Schedule, Trigger};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Schedules that are looked at for one finding while it is flaky.
const LOOKS_MAX: usize = 5;

/// Each thing that is wrong once, with the schedule that shows it most surely.
#[derive(Default)]
pub(crate) struct FoundFindings {
    pub(crate) found: Vec<FuzzFinding>,
    /// Schedules that were looked at for each.
    looked: BTreeMap<(&'static str, String), usize>,
}

impl FoundFindings {
    /// Whether something is known that shows each time, or no schedule was found that shows it more surely.
    pub(crate) fn settled(&self) -> bool {
        self.found.iter().any(|found| {
            let finding = &found.finding;
            let key = (finding.oracle, finding.subject.clone());
            let looks = self.looked.get(&key).copied().unwrap_or(0);
            !finding.flaky() || (finding.seen.0 > 1 && looks >= LOOKS_MAX)
        })
    }

    /// Whether this is new, or shows something more surely perhaps that was flaky so far.
    pub(crate) fn wants(&mut self, finding: &Finding) -> bool {
        let key = (finding.oracle, finding.subject.clone());
        let looks = self.looked.entry(key).or_default();
        *looks += 1;
        let times = *looks;
        let known = self
            .found
            .iter_mut()
            .find(|found| same(&found.finding, finding));
        match known {
            Some(known) => {
                known.finding.count += 1;
                known.finding.flaky() && times <= LOOKS_MAX
            }
            None => true,
        }
    }

    /// Keeps a finding. Of two that are the same the one that shows more often.
    pub(crate) fn keep(&mut self, found: FuzzFinding) {
        let share = |(seen, times): (u32, u32)| f64::from(seen) / f64::from(times.max(1));
        let known = self
            .found
            .iter_mut()
            .find(|known| same(&known.finding, &found.finding));
        match known {
            Some(known) => {
                let count = known.finding.count;
                let better = share(found.finding.seen) > share(known.finding.seen);
                // Once is no share.
                if better && found.finding.seen.1 > 1 {
                    *known = found;
                    known.finding.count = count;
                }
            }
            None => self.found.push(found),
        }
    }
}

/// The violations of a run, as findings.
pub(crate) fn violations(run: usize, trial: &Arc<Trial>) -> Vec<FuzzFinding> {
    let mut violations = Vec::new();
    for judgement in &trial.judgements {
        for evidence in judgement.verdict.evidence() {
            violations.push(FuzzFinding {
                finding: finding(judgement.oracle.name(), evidence, trial),
                run,
                original: trial.schedule.clone(),
                shrinking: 0,
                kept: None,
            });
        }
    }
    violations
}

fn same(one: &Finding, other: &Finding) -> bool {
    (one.oracle, &one.subject) == (other.oracle, &other.subject)
}

/// A violation as a finding.
fn finding(oracle: &'static str, evidence: &Evidence, trial: &Arc<Trial>) -> Finding {
    Finding {
        oracle,
        subject: evidence.subject.clone(),
        text: evidence.text.clone(),
        points: points(&trial.schedule),
        count: 1,
        quiet: 0,
        schedule: trial.schedule.clone(),
        last: None,
        seen: (1, 1),
        accept: None,
        unconfirmed: false,
        before_ready: false,
        at_start: false,
        file: None,
        places: Vec::new(),
        moment: None,
        trial: Some(Arc::clone(trial)),
    }
}

/// The points of a schedule, by name.
fn points(schedule: &Schedule) -> Vec<PointName> {
    let name = |trigger: &Trigger| match trigger {
        Trigger::Point { name, .. } => Some(name.clone()),
        _ => None,
    };
    let steps = schedule.steps.iter();
    steps.filter_map(|step| name(&step.trigger)).collect()
}
