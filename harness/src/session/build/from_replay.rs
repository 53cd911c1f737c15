//! A case from a stored failure that was repeated.

use crate::explore::Replay;
use crate::failure::StoredFailure;
use crate::session::bounds;
use crate::session::case::{Case, Kind, Times};
use crate::session::details::ReplaySummary;
use crate::session::finding::Finding;
use crate::session::record::Record;
use crate::session::shortfall::Shortfall;
use crate::session::shown_run::ShownRun;

/// The case of a replay. It asks one thing: does what was stored show again? What else the last run violates is in its
/// record, and no part of the verdict.
pub fn of_replay(name: &str, failure: &StoredFailure, replay: &Replay) -> Case {
    let expected = &failure.expected;
    let mut case = Case::new(name, Kind::Replay, &failure.target.command);
    let record = Record::of_trial(&replay.trial);
    case.oracles = record.oracles.clone();
    case.runs.push(record);
    if replay.shown > 0 {
        case.findings.push(Finding {
            oracle: expected.oracle.clone(),
            subject: bounds::text(&expected.subject),
            text: bounds::text(&expected.text),
            count: 1,
            seen: replay.shown,
            times: replay.times,
            flaky: replay.shown < replay.times,
            run: Some(0),
            ..Finding::default()
        });
    }
    let missed = replay.times - replay.reached;
    if missed > 0 {
        case.shortfalls.push(Shortfall::NotReached(missed as usize));
    }
    case.notes = replay.notes.clone();
    case.times = Times {
        baseline_ns: replay.baseline_ns,
        sweeping_ns: replay.trial.run.end_ns,
        ..Times::default()
    };
    case.shown = Some(ShownRun::of(&replay.trial.run));
    case.replay = Some(ReplaySummary {
        oracle: expected.oracle.clone(),
        text: bounds::text(&expected.text),
        shown: replay.shown,
        reached: replay.reached,
        times: replay.times,
    });
    case.judged()
}
