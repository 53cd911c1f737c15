//! Repeating a stored failure.

use crate::error::Error;
use crate::execute::until;
use crate::execute::{Recordings, SupervisorPool, learn};
use crate::execute::{Trial, Trials};
use crate::explore::sweep::pairs::map_after;
use crate::failure::StoredFailure;
use crate::oracle::{MappedCalls, PhaseSelection, PointMap};
use crate::schedule::{Schedule, Step, Trigger};
use sigproof_core::{Stage, StopToken};
use std::sync::Arc;

/// What came of it.
pub struct Replay {
    /// How often the stored violation showed.
    pub shown: u32,
    /// How often the schedule was carried out whole.
    pub reached: u32,
    /// How often it was run.
    pub times: u32,
    /// How long an undisturbed run takes, in nanoseconds.
    pub baseline_ns: u64,
    /// The last run.
    pub trial: Trial,
    /// What the user should know: inputs that have changed, for instance.
    pub notes: Vec<String>,
}

/// Runs a stored failure this many times.
///
/// # Errors
/// A target that has no baseline any more, or whose recording lacks the point
/// ([`Error::not_reached`]): a fault is never placed elsewhere.
pub fn replay(
    pool: SupervisorPool,
    failure: &StoredFailure,
    times: u32,
    token: &StopToken,
    each: impl FnMut(u32, &Trial),
) -> Result<Replay, Error> {
    let pool = Arc::new(pool);
    until(&pool, token, Stage::CancelQueued, || {
        repeat(&pool, failure, times, each)
    })
}

fn repeat(
    pool: &Arc<SupervisorPool>,
    failure: &StoredFailure,
    times: u32,
    mut each: impl FnMut(u32, &Trial),
) -> Result<Replay, Error> {
    let notes = pool.notes.clone();
    let signal = failure.schedule.first_signal().unwrap_or(libc::SIGINT);
    let baseline = learn(
        pool,
        &failure.contract,
        Recordings {
            signal,
            mapped: mapped(&failure.schedule),
            all: failure.all_calls,
            named: false,
            quiet: false,
        },
    )?;
    let baseline_ns = baseline.duration_ns;
    let trials = Trials::new(Arc::clone(pool), baseline, failure.contract.clone());
    let schedule = located(&failure.schedule, &trials)?;
    let mut shown = 0;
    let mut reached = 0;
    // The run that is told of is one that shows it, where there is one.
    let mut told: Option<(bool, Trial)> = None;
    for round in 1..=times.max(1) {
        let trial = trials.run(schedule.clone(), true)?;
        let shows = trial.has(&failure.expected.oracle, &failure.expected.subject);
        shown += u32::from(shows);
        reached += u32::from(trial.run.all_fired());
        each(round, &trial);
        if shows || told.as_ref().is_none_or(|(other_shows, _)| !other_shows) {
            told = Some((shows, trial));
        }
    }
    let (_, trial) = told.ok_or_else(|| Error::harness("nothing was run".to_owned()))?;
    Ok(Replay {
        shown,
        reached,
        times: times.max(1),
        baseline_ns,
        trial,
        notes,
    })
}

/// Maps the phases that the schedule needs.
pub(crate) fn mapped(schedule: &Schedule) -> PhaseSelection {
    use crate::facts::Phase;
    let mapped = |wanted, otherwise| {
        let needed = schedule.steps.iter().any(
            |step| matches!(&step.trigger, Trigger::Point { name, .. } if name.phase == wanted),
        );
        if needed { MappedCalls::All } else { otherwise }
    };
    PhaseSelection {
        before: mapped(Phase::Before, PhaseSelection::DEFAULT.before),
        entry: mapped(Phase::Entry, PhaseSelection::DEFAULT.entry),
        exit: true,
    }
}

/// The same schedule with its points looked up in fresh recordings: addresses
/// and counts are those of this machine, now. A point after another step is
/// looked up in what the target does once that has struck; the same name there can
/// mean another call than in an undisturbed run.
pub(crate) fn located(schedule: &Schedule, trials: &Trials) -> Result<Schedule, Error> {
    let mut steps: Vec<Step> = Vec::new();
    for step in &schedule.steps {
        let Trigger::Point { name, key } = &step.trigger else {
            steps.push(step.clone());
            continue;
        };
        let undisturbed = &trials.baseline.points;
        let same = |map: &PointMap| {
            let mut points = map.points.iter();
            points
                .find(|point| point.key.ip == key.ip && point.name.same_point(name))
                .cloned()
        };
        let (found, when) = if steps.is_empty() {
            let found = undisturbed.find(name).cloned();
            (found, "an undisturbed run of the target")
        } else {
            let after = map_after(trials, &steps)?;
            let found = same(&after).or_else(|| same(undisturbed));
            let found = found.or_else(|| after.find(name).cloned());
            (found, "a run with the steps before it")
        };
        let point = found.ok_or_else(|| {
            Error::not_reached(format!(
                "point not reached: {when} does not come by {name} (any more)"
            ))
        })?;
        steps.push(Step {
            trigger: Trigger::Point {
                name: name.clone(),
                key: point.key,
            },
            ..step.clone()
        });
    }
    Ok(Schedule { steps })
}
