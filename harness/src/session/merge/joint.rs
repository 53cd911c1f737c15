//! The parts of one case, and the case that they make.

use super::coverage::{joint_coverage, most, sum};
use crate::explore::EndReason;
use crate::session::bounds;
use crate::session::case::{Case, Coverage, Limit, Times};
use crate::session::details::FuzzSummary;
use crate::session::finding::{Finding, OracleResult, OracleVerdict, Point, PointOutcome};
use crate::session::record::Record;
use crate::session::shortfall::Shortfall;
use std::collections::BTreeMap;

/// In the order of one session: whether it counts, which oracle says it, of what.
type FindingKey = ((bool, bool), usize, String);

/// The parts of one case, in order.
pub(super) struct Joint {
    pub(super) parts: Vec<Case>,
}

impl Joint {
    /// The case that they make.
    pub(super) fn case(self) -> Case {
        let mut case = self.parts[0].clone();
        case.shard = None;
        case.points = self.points();
        let places: BTreeMap<String, usize> = case
            .points
            .iter()
            .enumerate()
            .map(|(place, point)| (point.name.to_string(), place))
            .collect();
        self.findings(&mut case, &places);
        case.oracles = self.oracles();
        case.coverage = joint_coverage(&self.parts);
        case.error = self.parts.iter().find_map(|part| part.error.clone());
        case.held_on_retry = self.parts.iter().any(|part| part.held_on_retry);
        case.fuzz = self.fuzz();
        case.limits = self.limits();
        case.failed_runs = self.texts(|part| &part.failed_runs);
        case.notes = self.texts(|part| &part.notes);
        case.not_followed = self.texts(|part| &part.not_followed);
        case.cut = self.texts(|part| &part.cut);
        case.times = self.times();
        case.shortfalls = self.shortfalls(case.coverage.as_ref());
        case.judged()
    }

    /// Those of the first part, each with what the part says that has it; then those that only other parts met.
    fn points(&self) -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for part in &self.parts {
            for point in &part.points {
                let mut point = point.clone();
                // They are found again by the findings.
                point.findings.clear();
                let place = *places.entry(point.name.to_string()).or_insert(points.len());
                if place == points.len() {
                    points.push(point);
                } else if rank(point.outcome) > rank(points[place].outcome) {
                    let at_ns = points[place].at_ns;
                    points[place] = Point { at_ns, ..point };
                }
            }
        }
        points
    }

    fn findings(&self, case: &mut Case, places: &BTreeMap<String, usize>) {
        let order: Vec<&str> = self.parts[0]
            .oracles
            .iter()
            .map(|oracle| oracle.name.as_str())
            .collect();
        let mut found: BTreeMap<FindingKey, Vec<(usize, Finding)>> = BTreeMap::new();
        for (index, part) in self.parts.iter().enumerate() {
            for finding in &part.findings {
                let oracle = order.iter().position(|name| *name == finding.oracle);
                let key = (
                    (finding.at_start, finding.before_ready),
                    oracle.unwrap_or(order.len()),
                    finding.subject.clone(),
                );
                let mut finding = finding.clone();
                let names = finding
                    .points
                    .iter()
                    .filter_map(|place| part.points.get(*place));
                let names = names.filter_map(|point| places.get(&point.name.to_string()));
                finding.points = names.copied().collect();
                found.entry(key).or_default().push((index, finding));
            }
        }
        let baseline = case
            .baseline
            .and_then(|place| case.runs.get(place))
            .cloned();
        case.runs = baseline.into_iter().collect();
        case.baseline = (!case.runs.is_empty()).then_some(0);
        case.findings = Vec::new();
        for findings in found.into_values() {
            let (part, mut finding) = one_finding(findings, places);
            finding.run = finding.run.and_then(|run| {
                let record = self.parts[part].runs.get(run)?;
                self.keep(case, part, record, places)
            });
            for place in &finding.points {
                case.points[*place].findings.push(case.findings.len());
            }
            case.findings.push(finding);
        }
    }

    /// The place of a run in the joint case; `None` when there is no room.
    fn keep(
        &self,
        case: &mut Case,
        part: usize,
        record: &Record,
        places: &BTreeMap<String, usize>,
    ) -> Option<usize> {
        let name = |place: usize| self.parts[part].points.get(place);
        let point = record
            .point
            .and_then(name)
            .map(|point| point.name.to_string());
        let record = Record {
            point: point.and_then(|name| places.get(&name).copied()),
            ..record.clone()
        };
        let same = |known: &Record| known.title == record.title && known.steps == record.steps;
        if let Some(place) = case.runs.iter().position(same) {
            return Some(place);
        }
        if case.runs.len() >= bounds::RUNS {
            return None;
        }
        case.runs.push(record);
        Some(case.runs.len() - 1)
    }

    /// Of each oracle the worst that a part says; one that any part could judge was judged.
    fn oracles(&self) -> Vec<OracleResult> {
        let mut oracles = self.parts[0].oracles.clone();
        for oracle in &mut oracles {
            let others = self.parts[1..].iter().flat_map(|part| &part.oracles);
            for other in others {
                let is_worse = severity(other.verdict) > severity(oracle.verdict);
                if other.name == oracle.name && is_worse {
                    *oracle = other.clone();
                }
            }
        }
        oracles
    }

    fn fuzz(&self) -> Option<FuzzSummary> {
        let parts = self.parts.iter().filter_map(|part| part.fuzz.as_ref());
        let parts: Vec<&FuzzSummary> = parts.collect();
        let first = *parts.first()?;
        let rank = |ended| match ended {
            EndReason::Runs | EndReason::Time => 0,
            EndReason::Found => 1,
            EndReason::Failing => 2,
            EndReason::Interrupted => 3,
        };
        let ended = parts
            .iter()
            .map(|part| part.ended)
            .max_by_key(|ended| rank(*ended));
        Some(FuzzSummary {
            ended: ended.unwrap_or(first.ended),
            repeats: sum(&parts, |part| part.repeats),
            unstruck: sum(&parts, |part| part.unstruck),
            points_later: most(&parts, |part| part.points_later),
            pairs: most(&parts, |part| part.pairs),
            ..first.clone()
        })
    }

    fn limits(&self) -> Vec<Limit> {
        let mut limits: BTreeMap<&str, usize> = BTreeMap::new();
        for limit in self.parts.iter().flat_map(|part| &part.limits) {
            *limits.entry(&limit.text).or_default() += limit.runs;
        }
        let limits = limits.into_iter().map(|(text, runs)| Limit {
            text: text.to_owned(),
            runs,
        });
        limits.collect()
    }

    /// Texts of all parts, each once.
    fn texts(&self, of: impl Fn(&Case) -> &Vec<String>) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for text in self.parts.iter().flat_map(of) {
            if !texts.contains(text) {
                texts.push(text.clone());
            }
        }
        texts
    }

    /// Shards run side by side: the longest says how long it took.
    fn times(&self) -> Times {
        let times: Vec<&Times> = self.parts.iter().map(|part| &part.times).collect();
        let longest = |of: fn(&Times) -> u64| times.iter().map(|times| of(times)).max();
        Times {
            baseline_ns: longest(|times| times.baseline_ns).unwrap_or(0),
            sweeping_ns: longest(|times| times.sweeping_ns).unwrap_or(0),
            elapsed_ns: longest(|times| times.elapsed_ns).unwrap_or(0),
            target_ns: times.iter().map(|times| times.target_ns).sum(),
        }
    }

    fn shortfalls(&self, coverage: Option<&Coverage>) -> Vec<Shortfall> {
        let all = || self.parts.iter().flat_map(|part| &part.shortfalls);
        let has = |wanted: Shortfall| all().any(|shortfall| *shortfall == wanted);
        let total = |of: fn(&Shortfall) -> usize| all().map(of).sum::<usize>();
        let not_reached = total(|shortfall| match shortfall {
            Shortfall::NotReached(number) => *number,
            _ => 0,
        });
        let cut_short = total(|shortfall| match shortfall {
            Shortfall::CutShort(number) => *number,
            _ => 0,
        });
        let not_followed = self.texts(|part| &part.not_followed).len();
        let tried = coverage.is_some_and(|coverage| coverage.tried > 0);
        let each = [
            (!tried && self.parts.iter().all(|part| part.error.is_none()))
                .then_some(Shortfall::NothingTried),
            (not_reached > 0).then_some(Shortfall::NotReached(not_reached)),
            has(Shortfall::Killed).then_some(Shortfall::Killed),
            (cut_short > 0).then_some(Shortfall::CutShort(cut_short)),
            has(Shortfall::Interrupted).then_some(Shortfall::Interrupted),
            (not_followed > 0).then_some(Shortfall::NotFollowed(not_followed)),
        ];
        each.into_iter().flatten().collect()
    }
}

/// What parts found of one subject: told by the part that has its first point.
fn one_finding(
    mut findings: Vec<(usize, Finding)>,
    places: &BTreeMap<String, usize>,
) -> (usize, Finding) {
    findings.sort_by_key(|(_, finding)| finding.points.first().copied());
    let place = |finding: &Finding| {
        let last = finding.last.as_ref();
        last.and_then(|name| places.get(name).copied())
    };
    let last = findings.iter().max_by_key(|(_, finding)| place(finding));
    let last = last.and_then(|(_, finding)| finding.last.clone());
    let mut points: Vec<usize> = findings
        .iter()
        .flat_map(|(_, finding)| finding.points.clone())
        .collect();
    points.sort_unstable();
    let count = findings.iter().map(|(_, finding)| finding.count).sum();
    let quiet = findings.iter().map(|(_, finding)| finding.quiet).sum();
    // The one that shows it best stands for it, as in one session; of those the first.
    let certain = findings.iter().position(|(_, finding)| !finding.flaky);
    let (part, finding) = findings.swap_remove(certain.unwrap_or(0));
    let joint = Finding {
        points,
        count,
        quiet,
        last,
        ..finding
    };
    (part, joint)
}

/// What says more of a point than another part does.
fn rank(outcome: PointOutcome) -> u8 {
    match outcome {
        PointOutcome::Elsewhere => 0,
        PointOutcome::LeftOut => 1,
        _ => 2,
    }
}

fn severity(verdict: OracleVerdict) -> u8 {
    match verdict {
        OracleVerdict::NotApplicable => 0,
        OracleVerdict::Holds => 1,
        OracleVerdict::Flaky => 2,
        OracleVerdict::Violated => 3,
    }
}
