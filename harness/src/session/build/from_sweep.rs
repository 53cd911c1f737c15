//! A case from a sweep.

use super::common::{
    blame, bounds_of_findings, keep_baseline, keep_failed_runs, limits, tell_not_followed,
};
use super::version_manager;
use crate::explore;
use crate::explore::{CallSite, CodeLocation, Method, Share, SweepReport, TriedPoint};
use crate::oracle;
use crate::schedule::{PointName, Trigger};
use crate::session::bounds;
use crate::session::case::{Case, Coverage, Kind, Times};
use crate::session::finding::{
    CodeWindow, Finding, OracleResult, OracleVerdict, Point, PointOutcome,
};
use crate::session::record::Record;
use crate::session::shortfall::Shortfall;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The case of a sweep. `fault` says what was sent to whom.
pub fn of_sweep(name: &str, command: &[String], fault: String, report: &SweepReport) -> Case {
    let mut case = Case::new(name, Kind::Sweep, command);
    case.fault = fault;
    case.shard = report.shard;
    // By place in the plan: the place among the points.
    let places: BTreeMap<usize, usize> = report
        .tried_points
        .iter()
        .enumerate()
        .filter_map(|(place, tried_point)| Some((tried_point.order?, place)))
        .collect();
    keep_baseline(&mut case, report.baseline.recorded());
    case.findings = findings(&mut case, &places, &report.findings);
    bounds_of_findings(&mut case);
    case.points = points(&mut case, &report.tried_points);
    case.oracles = oracles(report);
    blame(&mut case.oracles, &case.findings);
    case.coverage = Some(Coverage {
        found: report.points_found,
        tried: report.points_tried,
        by_class: report.by_class,
        represented: report.represented,
        untried: report.untried,
        not_met_again: report.not_met_again,
        classes: report.classes,
        classes_tried: report.classes_tried,
        exhaustive: report.method == Method::Exhaustive,
        quiet: report.quiet,
        left_out: report.left_out,
        elsewhere: report.elsewhere,
        classes_elsewhere: report.classes_elsewhere,
        not_reached: report.not_reached.len(),
        cut_short: report.cut_short,
        failed: report.failed_runs.len(),
        by_call: shares(report, |covered| &covered.by_call),
        by_function: shares(report, |covered| &covered.by_function),
        unreached: names(&report.not_reached),
        unfit: report.unfit,
        pairs: report.pairs.clone(),
        between: report.between.clone(),
        unsteady: report.unsteady,
        runs: report.runs,
    });
    let recorded = report.baseline.recorded();
    let service = recorded.and_then(|run| run.service.as_ref());
    let asks = service.is_some_and(|service| !service.requests.is_empty());
    case.requests = (asks && report.requests.runs > 0).then(|| report.requests.clone());
    case.limits = limits(&report.limits);
    keep_failed_runs(&mut case, &report.failed_runs);
    case.notes = report.notes.clone();
    case.notes
        .extend(recorded.and_then(|run| version_manager::note(&case.command, run)));
    case.times = Times {
        baseline_ns: report.baseline_ns,
        sweeping_ns: report.sweeping.as_nanos() as u64,
        elapsed_ns: report.elapsed.as_nanos() as u64,
        target_ns: report.target.as_nanos() as u64,
    };
    let not_followed = tell_not_followed(&mut case, report.baseline.runs.iter());
    case.shortfalls = shortfalls(report);
    case.shortfalls.extend(not_followed);
    case.judged()
}

fn names(points: &[PointName]) -> Vec<String> {
    let kept = points.iter().take(bounds::POINTS);
    kept.map(ToString::to_string).collect()
}

fn shares(report: &SweepReport, of: impl Fn(&explore::Coverage) -> &Vec<Share>) -> Vec<Share> {
    let shares = report.covered.as_ref().map(of).cloned();
    let mut shares = shares.unwrap_or_default();
    shares.truncate(bounds::SHARES);
    for share in &mut shares {
        share.name = bounds::text(&share.name);
    }
    shares
}

/// Where a finding shows, with the stacks when there is room for them.
fn between(moment: &CodeLocation, with_stacks: bool) -> CodeWindow {
    let stack = |site: &Option<CallSite>| {
        let frames = site.iter().flat_map(|site| &site.stack);
        let room = if with_stacks { bounds::FRAMES } else { 0 };
        frames
            .take(room)
            .map(|frame| bounds::text(&frame.to_string()))
            .collect()
    };
    CodeWindow {
        text: bounds::text(&moment.to_string()),
        after: stack(&moment.after),
        before: stack(&moment.before),
    }
}

fn shortfalls(report: &SweepReport) -> Vec<Shortfall> {
    let mut shortfalls = Vec::new();
    // A shard may have nothing to do.
    let has_nothing = report.shard.is_some() && report.classes == 0;
    if report.points_tried == 0 && !has_nothing {
        shortfalls.push(Shortfall::NothingTried);
    }
    if !report.not_reached.is_empty() {
        shortfalls.push(Shortfall::NotReached(report.not_reached.len()));
    }
    if report.cut_short > 0 {
        shortfalls.push(Shortfall::CutShort(report.cut_short));
    }
    shortfalls
}

impl Finding {
    /// What every session says of a finding; it names no points and shows no run yet.
    pub(crate) fn of(found: &explore::Finding) -> Finding {
        let file = found.file.as_ref().map(|file| file.display().to_string());
        let first = found.first();
        Finding {
            oracle: found.oracle.to_owned(),
            subject: bounds::text(&found.subject),
            text: bounds::text(&found.text),
            last: found.last.as_ref().map(ToString::to_string),
            first: (!first.is_empty()).then_some(first),
            count: found.count,
            quiet: found.quiet,
            seen: found.seen.0,
            times: found.seen.1,
            flaky: found.flaky(),
            unconfirmed: found.unconfirmed,
            accept: found.accept.as_ref().map(ToString::to_string),
            before_ready: found.before_ready,
            at_start: found.at_start,
            replay: file.as_deref().map(replay),
            file,
            ..Finding::default()
        }
    }
}

/// The command that repeats a stored failing run.
pub(crate) fn replay(file: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if file.chars().all(plain) {
        format!("sigproof replay {file}")
    } else {
        format!("sigproof replay '{}'", file.replace('\'', r"'\''"))
    }
}

fn findings(
    case: &mut Case,
    places: &BTreeMap<usize, usize>,
    found: &[explore::Finding],
) -> Vec<Finding> {
    // Findings of one run share its record.
    let mut records: Vec<(Arc<crate::execute::Trial>, usize)> = Vec::new();
    let mut without = 0;
    let mut room = bounds::POINTS_NAMED;
    let mut unnamed = 0;
    let mut findings = Vec::with_capacity(found.len());
    for finding in found {
        let run = finding.trial.as_ref().and_then(|trial| {
            if let Some((_, place)) = records
                .iter()
                .find(|(known, _)| known.schedule == trial.schedule)
            {
                return Some(*place);
            }
            if case.runs.len() >= bounds::RUNS {
                without += 1;
                return None;
            }
            case.runs.push(Record {
                point: finding
                    .places
                    .iter()
                    .zip(&finding.points)
                    .find(|(_, name)| strikes_at(trial, name))
                    .and_then(|(order, _)| places.get(order).copied())
                    .filter(|place| *place < bounds::POINTS),
                ..Record::of_trial(trial)
            });
            records.push((Arc::clone(trial), case.runs.len() - 1));
            Some(case.runs.len() - 1)
        });
        let named = finding.places.len().min(room);
        room -= named;
        unnamed += finding.places.len() - named;
        findings.push(Finding {
            points: finding.places[..named]
                .iter()
                .filter_map(|order| places.get(order).copied())
                .filter(|place| *place < bounds::POINTS)
                .collect(),
            names: finding.points.iter().map(ToString::to_string).collect(),
            places: finding.places.clone(),
            moment: finding.moment.clone(),
            between: finding
                .moment
                .as_ref()
                .map(|moment| between(moment, findings.len() < bounds::STACKS)),
            run,
            ..Finding::of(finding)
        });
    }
    if without > 0 {
        case.cut.push(format!(
            "the runs of {without} findings ({} runs are kept whole)",
            bounds::RUNS
        ));
    }
    if unnamed > 0 {
        case.cut.push(format!(
            "{unnamed} points of findings (they name {} together)",
            bounds::POINTS_NAMED
        ));
    }
    findings
}

fn strikes_at(trial: &crate::execute::Trial, wanted: &PointName) -> bool {
    trial
        .schedule
        .steps
        .iter()
        .any(|step| matches!(&step.trigger, Trigger::Point { name, .. } if name.same_point(wanted)))
}

fn points(case: &mut Case, tried_points: &[TriedPoint]) -> Vec<Point> {
    if tried_points.len() > bounds::POINTS {
        case.cut.push(format!(
            "{} points after the first {}",
            tried_points.len() - bounds::POINTS,
            bounds::POINTS
        ));
    }
    let mut at: Vec<Vec<usize>> = vec![Vec::new(); tried_points.len().min(bounds::POINTS)];
    for (index, finding) in case.findings.iter().enumerate() {
        for &place in &finding.points {
            at[place].push(index);
        }
    }
    tried_points
        .iter()
        .zip(at)
        .map(|(tried_point, findings)| {
            let sure = findings.iter().any(|&index| case.findings[index].is_sure());
            point(tried_point, findings, sure)
        })
        .collect()
}

fn point(tried_point: &TriedPoint, findings: Vec<usize>, sure: bool) -> Point {
    let mut point = Point {
        name: tried_point.point.name.clone(),
        at_ns: tried_point.point.at_ns,
        outcome: PointOutcome::Holds,
        status: None,
        fired_ns: None,
        end_ns: None,
        error: None,
        before_ready: tried_point.before_ready,
        at_start: tried_point.at_start,
        unsteady: !tried_point.point.steady,
        findings,
    };
    point.outcome = match &tried_point.outcome {
        explore::PointOutcome::Tried {
            status,
            fired_ns,
            end_ns,
        } => {
            point.status = *status;
            point.fired_ns = Some(*fired_ns);
            point.end_ns = Some(*end_ns);
            match (point.findings.is_empty(), sure) {
                (true, _) => PointOutcome::Holds,
                (false, true) => PointOutcome::Violated,
                (false, false) => PointOutcome::Flaky,
            }
        }
        explore::PointOutcome::ByClass => PointOutcome::ByClass,
        explore::PointOutcome::Represented => PointOutcome::Represented,
        explore::PointOutcome::Untried => PointOutcome::Untried,
        explore::PointOutcome::NotMetAgain => PointOutcome::NotMetAgain,
        explore::PointOutcome::LeftOut | explore::PointOutcome::Unfit => PointOutcome::LeftOut,
        explore::PointOutcome::Elsewhere => PointOutcome::Elsewhere,
        explore::PointOutcome::NotReached => PointOutcome::NotReached,
        explore::PointOutcome::CutShort => PointOutcome::CutShort,
        explore::PointOutcome::Failed(why) => {
            point.error = Some(bounds::text(why));
            PointOutcome::Failed
        }
    };
    point
}

fn oracles(report: &SweepReport) -> Vec<OracleResult> {
    oracle::ALL
        .iter()
        .filter(|oracle| oracle.asked_by(&report.contract))
        .map(|oracle| match report.unjudged.get(oracle.id.name()) {
            Some(reason) => OracleResult::named(
                oracle.id.name(),
                OracleVerdict::NotApplicable,
                Some(reason.clone()),
            ),
            None if report.points_tried == 0 => OracleResult::named(
                oracle.id.name(),
                OracleVerdict::NotApplicable,
                Some("no point was tried".to_owned()),
            ),
            None => OracleResult::named(oracle.id.name(), OracleVerdict::Holds, None),
        })
        .chain(report.several.iter().map(OracleResult::of))
        .collect()
}
