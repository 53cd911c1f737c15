//! Further signals, sent where the target takes longest to end: there a second one has something to speed up.

use crate::error::Error;
use crate::execute::Trials;
use crate::explore::finding::Finding;
use crate::explore::sweep::execute_plan::PlanResults;
use crate::explore::sweep::plan::{Plan, PlannedRun};
use crate::explore::sweep::point_outcome::PointOutcome;
use crate::facts::Run;
use crate::oracle::{Escalation, Evidence, Judgement, OracleId, Verdict, judge_escalation};
use crate::schedule::Schedule;
use sigproof_core::{Stage, StopToken};
use std::collections::BTreeMap;

/// Classes at which it is judged: those where the target takes longest.
const CLASSES_MAX: usize = 3;

/// What came of it.
pub(crate) struct Escalated {
    pub(crate) findings: Vec<Finding>,
    pub(crate) judgement: Judgement,
}

/// Sends the further signals at the classes whose runs took longest to end after the first.
pub(crate) fn escalate(
    trials: &Trials,
    plan: &Plan,
    results: &PlanResults,
    asked: &Escalation,
    confirm: u32,
    token: &StopToken,
) -> Result<Escalated, Error> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut judged = 0;
    let longest = longest(plan, results);
    for (planned, _) in longest.iter().take(CLASSES_MAX) {
        let verdict = judge(trials, &planned.schedule, asked)?;
        judged += usize::from(!matches!(verdict, Verdict::NotApplicable { .. }));
        for evidence in verdict.evidence() {
            if findings
                .iter()
                .any(|known| known.subject == evidence.subject)
            {
                continue;
            }
            let mut seen = 1;
            for _ in 0..confirm {
                token
                    .checkpoint_at(Stage::CancelQueued)
                    .map_err(|_| Error::interrupted())?;
                let again = judge(trials, &planned.schedule, asked)?;
                let shows = |one: &Evidence| one.subject == evidence.subject;
                seen += u32::from(again.evidence().iter().any(shows));
            }
            findings.push(finding(planned, evidence, (seen, confirm + 1)));
        }
    }
    let verdict = match (findings.is_empty(), judged) {
        (false, _) => Verdict::of(
            findings
                .iter()
                .map(|finding| Evidence::new(finding.subject.clone(), finding.text.clone()))
                .collect(),
        ),
        (true, 0) => Verdict::not_applicable(never(longest.first())),
        (true, _) => Verdict::Holds,
    };
    Ok(Escalated {
        findings,
        judgement: Judgement {
            oracle: OracleId::Escalation,
            verdict,
        },
    })
}

/// Why a second signal has nothing to speed up anywhere.
fn never(longest: Option<&(&PlannedRun, u64)>) -> String {
    match longest {
        None => "no point was tried".to_owned(),
        Some((planned, ns)) => format!(
            "it ends soon after the first signal wherever it was tried; the longest it took was {} ms, at {}",
            ns / 1_000_000,
            planned.point
        ),
    }
}

/// One point of each class, with how long the target took there, the longest first.
fn longest<'a>(plan: &'a Plan, results: &PlanResults) -> Vec<(&'a PlannedRun, u64)> {
    let mut by_class: BTreeMap<usize, (&PlannedRun, u64)> = BTreeMap::new();
    for (order, outcome) in &results.outcomes {
        let (
            Some(planned),
            PointOutcome::Tried {
                fired_ns, end_ns, ..
            },
        ) = (plan.planned.get(*order), outcome)
        else {
            continue;
        };
        if planned.before_ready || planned.at_start {
            continue;
        }
        let took = end_ns.saturating_sub(*fired_ns);
        let known = by_class.entry(planned.class).or_insert((planned, took));
        if took > known.1 {
            *known = (planned, took);
        }
    }
    let mut longest: Vec<_> = by_class.into_values().collect();
    longest.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
    longest
}

fn judge(trials: &Trials, schedule: &Schedule, asked: &Escalation) -> Result<Verdict, Error> {
    let mut runs: Vec<Run> = Vec::new();
    for signals in 1..=usize::from(asked.signals) {
        runs.push(trials.follow(&schedule.repeated(signals, asked.gap_ms))?);
    }
    Ok(match runs.as_slice() {
        [one, two, more @ ..] => judge_escalation(asked, one, two, more.first()),
        _ => Verdict::Holds,
    })
}

fn finding(planned: &PlannedRun, evidence: &Evidence, seen: (u32, u32)) -> Finding {
    Finding {
        points: vec![planned.point.clone()],
        ..Finding::of_evidence(
            OracleId::Escalation.name(),
            evidence,
            &planned.schedule,
            seen,
        )
    }
}
