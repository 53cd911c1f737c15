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
    let first = finding.points.first()?;
    sites.moment(map, first).or_else(|| {
        // A call without an effect is no point of the map.
        let (name, key) = struck(finding.schedule_shown()).next()?;
        Some(CodeLocation {
            after: Some(sites.site(name, key)),
            before: None,
            entering: false,
            then: None,
        })
    })
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
    let quiet = findings.iter().filter(|finding| finding.quiet > 0);
    let signal = quiet
        .filter_map(|finding| finding.schedule_shown().first_signal())
        .next();
    if let Some(signal) = signal {
        // The names of functions take long: they are looked up for what is found.
        sites.take_quiet(&trials.name_quiet(signal)?);
    }
    let map = &trials.baseline.points;
    for finding in findings {
        finding.moment = of_finding(&sites, map, finding);
    }
    Ok(sites)
}
