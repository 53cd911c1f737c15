//! Equal violations at many points are one finding.

use super::call_sites::CodeLocation;
use crate::execute::Trial;
use crate::oracle::{Acceptance, Evidence};
use crate::schedule::{PointName, Schedule, Trigger};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// One thing that is wrong, and where it shows.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The oracle.
    pub oracle: &'static str,
    /// What it is about.
    pub subject: String,
    /// What is wrong, at the first point.
    pub text: String,
    /// The points, in the order of the recording.
    pub points: Vec<PointName>,
    /// The last point at which it shows, those included that lie between two tries that show it.
    pub last: Option<PointName>,
    /// How many points those stand for.
    pub count: usize,
    /// How many of the points are calls without an effect.
    #[serde(skip)]
    pub quiet: usize,
    /// The schedule that shows it best.
    #[serde(skip)]
    pub schedule: Schedule,
    /// How often it showed in how many runs of that schedule.
    pub seen: (u32, u32),
    /// How it is declared right, if it is.
    pub accept: Option<Acceptance>,
    /// The session was interrupted before it was run again.
    pub unconfirmed: bool,
    /// It shows only before the moment from which the promise holds.
    pub before_ready: bool,
    /// It shows only in the start of an interpreter, before the program that it runs has begun.
    pub at_start: bool,
    /// Where the failing run is stored.
    pub file: Option<PathBuf>,
    /// Places in the plan of the points.
    #[serde(skip)]
    pub places: Vec<usize>,
    /// Where it shows first: which code makes the calls around that point.
    #[serde(skip)]
    pub moment: Option<CodeLocation>,
    /// A run that shows it.
    #[serde(skip)]
    pub trial: Option<Arc<Trial>>,
}

impl Finding {
    /// A finding that is at no point: it is about a run as a whole, or about several.
    pub(crate) fn of_evidence(
        oracle: &'static str,
        evidence: &Evidence,
        schedule: &Schedule,
        seen: (u32, u32),
    ) -> Finding {
        Finding {
            oracle,
            subject: evidence.subject.clone(),
            text: evidence.text.clone(),
            accept: evidence.accept.clone(),
            unconfirmed: false,
            points: Vec::new(),
            last: None,
            count: 1,
            quiet: 0,
            schedule: schedule.clone(),
            seen,
            before_ready: false,
            at_start: false,
            file: None,
            places: Vec::new(),
            moment: None,
            trial: None,
        }
    }

    /// Where it shows first: a point, or two when the second fault has one, too.
    pub fn first(&self) -> String {
        let names: Vec<String> = self
            .schedule_shown()
            .steps
            .iter()
            .filter_map(|step| match &step.trigger {
                Trigger::Point { name, .. } => Some(name.to_string()),
                _ => None,
            })
            .collect();
        match names.as_slice() {
            [_, _, ..] => names.join(", then "),
            _ => self
                .points
                .first()
                .map(ToString::to_string)
                .unwrap_or_default(),
        }
    }

    /// The schedule of the run that is shown.
    pub(crate) fn schedule_shown(&self) -> &Schedule {
        let trial = self.trial.as_ref().map(|trial| &trial.schedule);
        trial.unwrap_or(&self.schedule)
    }

    /// Its schedule, as it is written.
    pub fn schedule_words(&self) -> String {
        let steps: Vec<String> = self
            .schedule
            .steps
            .iter()
            .map(ToString::to_string)
            .collect();
        steps.join(", then ")
    }

    /// It did not show every time.
    pub fn flaky(&self) -> bool {
        self.seen.0 < self.seen.1
    }
}

/// Findings as they come, keyed by what they are about.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    by_subject: BTreeMap<(Standing, usize, String), Collected>,
}

/// Whether what is found at a point counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It does.
    Counts,
    /// It comes before the moment from which the promise holds.
    BeforeReady,
    /// It lies in the start of an interpreter.
    AtStart,
}

#[derive(Debug, Clone)]
struct Collected {
    finding: Finding,
    /// Places in the plan, with the runs, so that order does not depend on which run ended first.
    at: Vec<(usize, PointName, Arc<Trial>, String)>,
}

impl Findings {
    /// Takes a trial's violations. `order` is the trial's place in the plan.
    pub fn take(
        &mut self,
        order: usize,
        point: &PointName,
        stands_for: usize,
        standing: Standing,
        trial: &Arc<Trial>,
    ) {
        for (rank, judgement) in trial.judgements.iter().enumerate() {
            for evidence in judgement.verdict.evidence() {
                let key = (standing, rank, evidence.subject.clone());
                let collected = self.by_subject.entry(key).or_insert_with(|| Collected {
                    finding: Finding {
                        oracle: judgement.oracle.name(),
                        subject: evidence.subject.clone(),
                        text: String::new(),
                        accept: evidence.accept.clone(),
                        unconfirmed: false,
                        points: Vec::new(),
                        last: None,
                        count: 0,
                        quiet: 0,
                        schedule: Schedule::default(),
                        seen: (1, 1),
                        before_ready: standing == Standing::BeforeReady,
                        at_start: standing == Standing::AtStart,
                        file: None,
                        places: Vec::new(),
                        moment: None,
                        trial: None,
                    },
                    at: Vec::new(),
                });
                collected.finding.count += stands_for;
                let accept = collected.finding.accept.take();
                collected.finding.accept = match (accept, &evidence.accept) {
                    (Some(one), Some(other)) => Some(one.or(other)),
                    _ => None,
                };
                collected.at.push((
                    order,
                    point.clone(),
                    Arc::clone(trial),
                    evidence.text.clone(),
                ));
            }
        }
    }

    /// All findings, each with its first point in front.
    pub fn into_list(self) -> Vec<Finding> {
        self.by_subject
            .into_values()
            .map(|mut collected| {
                collected.at.sort_by_key(|(order, ..)| *order);
                let mut finding = collected.finding;
                if let Some((_, _, trial, text)) = collected.at.first() {
                    finding.schedule = trial.schedule.clone();
                    finding.trial = Some(Arc::clone(trial));
                    finding.text.clone_from(text);
                }
                finding.places = collected.at.iter().map(|(order, ..)| *order).collect();
                finding.points = collected
                    .at
                    .into_iter()
                    .map(|(_, point, ..)| point)
                    .collect();
                finding
            })
            .collect()
    }
}
