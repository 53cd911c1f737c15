//! The verbs' sessions, built as the verbs build them, from what the explorations return.

use super::{FLAGS, Flags};
use crate::execute::Trial;
use crate::explore::{EndReason, Finding, FuzzFinding, FuzzReport, Minimized, Replay};
use crate::explore::{Method, RequestSummary, RunReport, SweepReport};
use crate::facts::{ExitStatus, Phase, Run, Unfollowed, UnfollowedCount};
use crate::failure::{ExpectedVerdict, StoredFailure};
use crate::oracle::{
    Baseline, Contract, EndState, Evidence, Judgement, OracleId, PointMap, Verdict,
};
use crate::schedule::{PointName, Schedule};
use crate::session::{self, Case, CaseVerdict, Kind, Results, Shortfall};
use crate::target::{Isolation, Target};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

fn baseline(flags: Flags) -> Arc<Baseline> {
    let unseen = UnfollowedCount {
        what: Unfollowed::IoUring,
        count: 7,
    };
    Arc::new(Baseline {
        runs: vec![Run {
            unfollowed: flags.has("unseen").then_some(unseen).into_iter().collect(),
            ..Run::default()
        }],
        status: ExitStatus::Exited(0),
        duration_ns: 1_000_000,
        learned: EndState::default(),
        rerun: None,
        learned_rerun: None,
        points: PointMap::default(),
        quiet: None,
    })
}

fn finding(subject: &str, seen: (u32, u32)) -> Finding {
    Finding {
        oracle: "leftovers",
        subject: subject.to_owned(),
        text: format!("{subject} is left behind"),
        points: Vec::new(),
        last: None,
        count: 1,
        quiet: 0,
        schedule: Schedule::default(),
        seen,
        accept: None,
        unconfirmed: false,
        before_ready: false,
        at_start: false,
        file: None,
        places: Vec::new(),
        moment: None,
        trial: None,
    }
}

fn findings(flags: Flags) -> Vec<Finding> {
    let mut findings = Vec::new();
    if flags.has("violated") {
        findings.push(finding("sure", (3, 3)));
    }
    if flags.has("flaky") {
        findings.push(finding("maybe", (1, 3)));
    }
    findings
}

fn unjudged(flags: Flags) -> BTreeMap<&'static str, String> {
    let one = flags.has("unjudged");
    one.then(|| ("terminal", "no terminal".to_owned()))
        .into_iter()
        .collect()
}

fn failed_runs(flags: Flags) -> Vec<String> {
    let one = flags.has("error");
    one.then(|| "the supervisor is gone".to_owned())
        .into_iter()
        .collect()
}

pub(super) fn command() -> Vec<String> {
    vec!["prog".to_owned()]
}

pub(super) fn sweep(flags: Flags) -> Case {
    let point = PointName {
        process: "prog".to_owned(),
        thread: String::new(),
        call: "write".to_owned(),
        arg: String::new(),
        ordinal: 1,
        phase: Phase::Exit,
    };
    let interrupted = flags.has("cut short") || flags.has("interrupted");
    let report = SweepReport {
        several: Vec::new(),
        baseline_ns: 1_000_000,
        findings: findings(flags),
        points_found: 9,
        points_tried: 5,
        not_reached: flags
            .has("not reached")
            .then_some(point)
            .into_iter()
            .collect(),
        represented: 0,
        untried: 0,
        not_met_again: 0,
        classes: 9,
        classes_tried: 5,
        method: Method::Exhaustive,
        left_out: 0,
        shard: None,
        elsewhere: 0,
        classes_elsewhere: 0,
        unfit: 0,
        quiet: crate::explore::QuietTries::default(),
        by_class: 0,
        unsteady: 0,
        between: None,
        pairs: None,
        runs: 5,
        sweeping: Duration::from_millis(9),
        target: Duration::ZERO,
        elapsed: Duration::from_millis(99),
        unjudged: unjudged(flags),
        requests: RequestSummary::default(),
        limits: BTreeMap::new(),
        notes: Vec::new(),
        cut_short: usize::from(interrupted),
        failed_runs: failed_runs(flags),
        sites: crate::explore::CallSites::default(),
        covered: None,
        tried_points: Vec::new(),
        baseline: baseline(flags),
        contract: Contract::default(),
    };
    session::of_sweep("prog", &command(), "SIGINT".to_owned(), &report)
}

pub(super) fn fuzz(flags: Flags) -> Case {
    let interrupted = flags.has("cut short") || flags.has("interrupted");
    let found = findings(flags).into_iter().map(|finding| FuzzFinding {
        finding,
        run: 1,
        original: Schedule::default(),
        shrinking: 0,
        kept: None,
    });
    let report = FuzzReport {
        seed: 7,
        shard: None,
        ended: if interrupted {
            EndReason::Interrupted
        } else {
            EndReason::Runs
        },
        found: found.collect(),
        runs: 5,
        repeats: 0,
        unstruck: if flags.has("not reached") { 5 } else { 1 },
        points_found: 9,
        points_tried: 5,
        points_later: 0,
        pairs: 3,
        searching: Duration::from_millis(9),
        elapsed: Duration::from_millis(99),
        unjudged: unjudged(flags),
        limits: BTreeMap::new(),
        notes: Vec::new(),
        failed_runs: failed_runs(flags),
        kept: None,
        baseline: baseline(flags),
        contract: Contract::default(),
    };
    session::of_fuzz("prog", &command(), "INT".to_owned(), &report)
}

fn trial(flags: Flags) -> Trial {
    let verdict = match findings(flags).as_slice() {
        [] => Verdict::Holds,
        found => Verdict::Violated {
            evidence: found
                .iter()
                .map(|one| Evidence::new(one.subject.clone(), one.text.clone()))
                .collect(),
        },
    };
    let mut judgements = vec![Judgement {
        oracle: OracleId::Leftovers,
        verdict,
    }];
    if flags.has("unjudged") {
        judgements.push(Judgement {
            oracle: OracleId::Terminal,
            verdict: Verdict::NotApplicable {
                reason: "no terminal".to_owned(),
            },
        });
    }
    let fired = (!flags.has("not reached")).then_some(500);
    Trial {
        schedule: Schedule::default(),
        run: Run {
            fired_ns: vec![fired],
            status: (!flags.has("cut short")).then_some(ExitStatus::Exited(0)),
            end_ns: 1_000,
            ..Run::default()
        },
        judgements,
    }
}

fn could_not(flags: Flags, kind: Kind) -> Option<Case> {
    let text = "the supervisor is gone";
    flags
        .has("error")
        .then(|| Case::failed("prog", kind, &command(), text, 3))
}

/// An error ends a run: nothing else is known then. What cuts it short is its own deadline.
pub(super) fn run(flags: Flags) -> (Case, CaseVerdict) {
    if let Some(case) = could_not(flags, Kind::Run) {
        return (case, CaseVerdict::Error);
    }
    let report = RunReport {
        trial: Arc::new(trial(flags)),
        baseline: Some(baseline(flags)),
        contract: Contract::default(),
        findings: findings(flags),
        several: Vec::new(),
        measured: Vec::new(),
        runs: 3,
        limits: BTreeMap::new(),
        interrupted: flags.has("interrupted"),
        notes: Vec::new(),
        elapsed: Duration::from_millis(99),
    };
    let case = session::of_run("prog", &command(), &report);
    (case, flags.expected())
}

fn stored() -> StoredFailure {
    StoredFailure {
        version: StoredFailure::VERSION,
        target: Target::new(["prog"]),
        inputs: Vec::new(),
        isolation: Isolation::Auto,
        contract: Contract::default(),
        schedule: Schedule::default(),
        all_calls: false,
        expected: ExpectedVerdict {
            oracle: "leftovers".into(),
            subject: "sure".into(),
            text: "sure is left behind".into(),
        },
        seed: None,
        system: String::new(),
        program: None,
        packed: None,
    }
}

/// The stored violation shows each time, sometimes or never; an interrupted replay is an error without a case.
pub(super) fn replay(flags: Flags) -> (Case, CaseVerdict) {
    if let Some(case) = could_not(flags, Kind::Replay) {
        return (case, CaseVerdict::Error);
    }
    let reached = if flags.has("not reached") { 2 } else { 5 };
    let shown = match (flags.has("violated"), flags.has("flaky")) {
        (true, _) => 5,
        (_, true) => 1,
        _ => 0,
    };
    let replay = Replay {
        shown,
        reached,
        times: 5,
        baseline_ns: 1_000_000,
        // The last run violates something in any case: that is no part of what is asked.
        trial: trial(Flags(1)),
        notes: Vec::new(),
    };
    let case = session::of_replay("prog", &stored(), &replay);
    let expected = match (shown, reached) {
        (5, _) => CaseVerdict::Violated,
        (1, _) => CaseVerdict::Flaky,
        (_, 5) => CaseVerdict::Holds,
        _ => CaseVerdict::NotReached,
    };
    (case, expected)
}

/// A failure that shows is what it starts from; one that does not is flaky.
pub(super) fn minimize(flags: Flags) -> (Case, CaseVerdict) {
    if let Some(case) = could_not(flags, Kind::Minimize) {
        return (case, CaseVerdict::Error);
    }
    let interrupted = flags.has("cut short") || flags.has("interrupted");
    let least = Minimized {
        failure: stored(),
        dropped: Vec::new(),
        seen: (if flags.has("flaky") { 0 } else { 5 }, 5),
        confirmed: (5, 5),
        runs: 9,
        interrupted,
        notes: Vec::new(),
    };
    let case = session::of_minimize("prog", &stored(), &least, None);
    let expected = match (flags.has("flaky"), interrupted) {
        (true, _) => CaseVerdict::Flaky,
        (_, true) => CaseVerdict::NotReached,
        _ => CaseVerdict::Holds,
    };
    (case, expected)
}

/// One scenario for each flag, and one that holds.
pub(super) fn test(flags: Flags) -> Results {
    let mut cases = vec![sweep(Flags(0))];
    for (place, name) in FLAGS.into_iter().enumerate() {
        let one = Flags(flags.0 & (1 << place));
        match name {
            _ if one.0 == 0 => {}
            "violated" | "flaky" | "cut short" | "unseen" => cases.push(sweep(one)),
            "error" => cases.extend(could_not(one, Kind::Sweep)),
            "interrupted" => {
                let mut blank = Case::new("blank", Kind::Run, &command());
                blank.shortfalls.push(Shortfall::Interrupted);
                cases.push(blank.judged());
            }
            _ => cases.push(run(one).0),
        }
    }
    for (place, case) in cases.iter_mut().enumerate() {
        case.name = format!("case {place}");
    }
    Results::new(cases)
}
