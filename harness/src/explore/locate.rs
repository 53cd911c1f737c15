//! Where in the code findings show.

use super::call_sites::{CallSites, CodeLocation};
use super::finding::Finding;
use crate::error::Error;
use crate::execute::Trials;
use crate::facts::PointKey;
use crate::oracle::PointMap;
use crate::schedule::{PointName, Schedule, Trigger};

/// Where a finding shows first.
fn of_finding(sites: &CallSites, map: &PointMap, finding: &Finding) -> Option<CodeLocation> {
    let mut points = struck(finding.schedule_shown());
    if let (Some((first, _)), Some((second, key))) = (points.next(), points.next()) {
        return Some(CodeLocation {
            then: Some(sites.site(second, key)),
            ..sites.moment(map, first)?
        });
    }
    sites.moment(map, finding.points.first()?)
}

/// The points at which a schedule strikes.
fn struck(schedule: &Schedule) -> impl Iterator<Item = (&PointName, &PointKey)> {
    schedule
        .steps
        .iter()
        .filter_map(|step| match &step.trigger {
            Trigger::Point { name, key } => Some((name, key)),
            _ => None,
        })
}

/// Findings of pairs whose second point is looked up, by one run each.
const SECONDS_MAX: usize = 20;

/// Tells for each finding which code it is about, and answers the stacks that it learned.
///
/// # Errors
/// A run that the harness could not do.
pub(crate) fn place(trials: &Trials, findings: &mut [Finding]) -> Result<CallSites, Error> {
    let mut sites = CallSites::of(&trials.baseline);
    let pairs = findings
        .iter()
        .map(Finding::schedule_shown)
        .filter(|schedule| struck(schedule).nth(1).is_some());
    for schedule in pairs.take(SECONDS_MAX) {
        // What follows the first fault is in no undisturbed run.
        sites.take(&trials.record_stacks(schedule)?);
    }
    let map = &trials.baseline.points;
    for finding in findings {
        finding.moment = of_finding(&sites, map, finding);
    }
    Ok(sites)
}
