//! What a session is going to do, and where: known before its first run.

use super::case::Kind;
use crate::execute::SupervisorPool;
use crate::explore::{FuzzOptions, Method, Outlook, Plan, Shard};
use crate::facts::{EventKind, ExitStatus, signals};
use crate::oracle::Baseline;
use crate::target::{Network, StartState, Target};
use std::time::Duration;

/// Where runs take place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSetup {
    /// The work tree.
    pub tree: String,
    /// How it is renewed.
    pub method: String,
    /// How many runs at a time.
    pub jobs: usize,
}

impl RunSetup {
    /// The setup of this pool, to be shown when the pool has been given away.
    pub fn of(pool: &SupervisorPool) -> RunSetup {
        RunSetup {
            tree: pool.tree().to_owned(),
            method: pool.method().to_owned(),
            jobs: pool.jobs(),
        }
    }
}

/// The heading of a sweep or a fuzz session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// What is done.
    pub kind: Kind,
    /// The command and its arguments.
    pub command: Vec<String>,
    /// On a terminal, not on pipes.
    pub terminal: bool,
    /// The state in which each run begins.
    pub start: StartState,
    /// The part of a sweep that is done; `None` for all of it.
    pub shard: Option<Shard>,
    /// Where.
    pub setup: RunSetup,
    /// The fault or faults, in words.
    pub fault: String,
    /// Undisturbed runs that were learned from.
    pub baseline_runs: usize,
    /// How they ended.
    pub baseline_status: ExitStatus,
    /// How long the slowest took, in nanoseconds.
    pub baseline_ns: u64,
    /// How a service gets ready and is stopped, in words.
    pub service: Option<String>,
    /// Points found.
    pub points: usize,
    /// Runs planned, or at most; `None` without such a bound.
    pub runs: Option<usize>,
    /// In a sweep: classes of points, and whether every point is tried or some of each class.
    pub classes: Option<(usize, Method)>,
    /// How long the runs take, about.
    pub estimate: Option<Duration>,
    /// At most so long.
    pub time: Option<Duration>,
    /// The seed of random schedules.
    pub seed: Option<u64>,
}

/// How a service gets ready and is stopped.
fn service(target: &Target, baseline: &Baseline) -> Option<String> {
    let script = target.script.as_ref()?;
    let run = baseline.recorded()?;
    let facts = run.service.as_ref()?;
    let mut words = Vec::new();
    if let Some(ready) = facts.ready_ns.filter(|_| script.is_service()) {
        let seen = run.events.iter().find_map(|event| match &event.what {
            EventKind::Ready { seen } => Some(seen.as_str()),
            _ => None,
        });
        let seen = seen.unwrap_or_default();
        words.push(format!("ready after {} ms: {seen}", ready / 1_000_000));
    }
    let numbers = [
        ("clients", script.clients.len()),
        ("requests", facts.requests.len()),
        ("keys", script.typed()),
    ];
    let numbers = numbers.iter().filter(|(_, number)| *number > 0);
    let numbers: Vec<String> = numbers
        .map(|(what, number)| format!("{what} {number}"))
        .collect();
    if !numbers.is_empty() {
        words.push(numbers.join(", "));
    }
    if let Some(stopped) = facts.stopped_ns {
        words.push(format!(
            "idle, it ends {} ms after {}",
            run.end_ns.saturating_sub(stopped) / 1_000_000,
            signals::name(script.stop)
        ));
    }
    if target.network == Network::Private {
        words.push("a network of its own".to_owned());
    }
    Some(words.join("; "))
}

impl Heading {
    fn new(
        kind: Kind,
        target: &Target,
        setup: RunSetup,
        fault: String,
        baseline: &Baseline,
    ) -> Heading {
        Heading {
            kind,
            command: target.command.clone(),
            terminal: target.pty.is_some(),
            start: target.start,
            shard: None,
            setup,
            fault,
            baseline_runs: baseline.runs.len(),
            baseline_status: baseline.status,
            baseline_ns: baseline.duration_ns,
            service: service(target, baseline),
            points: baseline.points.points.len(),
            runs: None,
            classes: None,
            estimate: None,
            time: None,
            seed: None,
        }
    }

    /// Of a sweep that does `fault` by this plan.
    pub fn of_sweep(
        target: &Target,
        setup: RunSetup,
        fault: String,
        baseline: &Baseline,
        plan: &Plan,
        outlook: &Outlook,
    ) -> Heading {
        Heading {
            runs: Some(outlook.runs),
            classes: plan
                .pairs
                .is_none()
                .then_some((plan.class_count(), outlook.method)),
            estimate: Some(outlook.time),
            time: outlook.limit,
            shard: outlook.shard,
            ..Heading::new(Kind::Sweep, target, setup, fault, baseline)
        }
    }

    /// Of a session of random schedules.
    pub fn of_fuzz(
        target: &Target,
        setup: RunSetup,
        options: &FuzzOptions,
        baseline: &Baseline,
    ) -> Heading {
        Heading {
            runs: options.budget.runs,
            time: options.budget.time,
            seed: Some(options.seed),
            ..Heading::new(Kind::Fuzz, target, setup, options.words(), baseline)
        }
    }
}
