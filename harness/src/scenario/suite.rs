//! Runs many scenarios, several at a time.

use super::runner::Runner;
use crate::scenario::read::Scenario;
use crate::session::{Case, Shortfall};
use sigproof_core::{Outcome, StopToken, ThreadPool};
use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// The exit code of a case that we could not carry out.
const HARNESS: u8 = 3;

/// Runs scenarios, `jobs` at a time, and hands each finished case to `each`. `token` stops it: scenarios that have not
/// begun are not run; of a sweep that has begun, what it found so far is reported. Returns the cases in the order of
/// the scenarios, and whether some are missing.
pub fn run_all(
    runner: &Runner,
    scenarios: Vec<Scenario>,
    jobs: usize,
    token: &StopToken,
    mut each: impl FnMut(&Case),
) -> (Vec<Case>, bool) {
    let jobs = jobs.max(1);
    let runner = Runner {
        // Few scenarios leave processors to the sweeps among them.
        jobs: jobs.div_ceil(scenarios.len().max(1)),
        ..runner.clone()
    };
    let unfinished: Vec<Case> = scenarios.iter().map(unfinished).collect();
    let (sender, receiver) = channel::<(usize, Case)>();
    let mut finished: BTreeMap<usize, Case> = BTreeMap::new();
    std::thread::scope(|threads| {
        let unfinished = &unfinished;
        threads.spawn(move || work(runner, scenarios, unfinished, jobs, token, sender));
        for (index, case) in receiver {
            each(&case);
            finished.insert(index, case);
        }
    });
    let cut_short = finished.len() < unfinished.len();
    let cases = unfinished
        .into_iter()
        .enumerate()
        .map(|(index, case)| finished.remove(&index).unwrap_or(case))
        .collect();
    (cases, cut_short)
}

/// Runs them on a pool and sends each case as it is finished. Nothing is sent for a scenario that was interrupted.
fn work(
    runner: Runner,
    scenarios: Vec<Scenario>,
    unfinished: &[Case],
    jobs: usize,
    token: &StopToken,
    sender: Sender<(usize, Case)>,
) {
    let count = scenarios.len();
    let scenarios = Arc::new(scenarios);
    let stop = token.clone();
    let shared = Mutex::new(sender.clone());
    let run = move |index: usize, _: &StopToken| {
        if let Some(case) = runner.run(&scenarios[index], &stop) {
            let sender = shared.lock().unwrap_or_else(PoisonError::into_inner);
            // The receiver stays until every sender is gone.
            let _ = sender.send((index, case));
        }
        Ok(())
    };
    let pool = ThreadPool::new(token).workers(jobs.min(count.max(1)));
    let outcomes = pool.map(0..count, run).into_outcomes();
    for (index, outcome) in outcomes.into_iter().enumerate() {
        if let Outcome::Failed(failure) = outcome {
            let known = &unfinished[index];
            let text = failure.to_string();
            let case = Case::failed(&known.name, known.kind, &known.command, &text, HARNESS);
            let _ = sender.send((index, case));
        }
    }
}

/// The case of a scenario that was not run to its end.
fn unfinished(scenario: &Scenario) -> Case {
    let mut case = Case::new(&scenario.name, scenario.action.kind(), &scenario.command());
    case.shortfalls.push(Shortfall::Interrupted);
    case.file = Some(scenario.path.display().to_string());
    case.notes.push("interrupted before it was done".to_owned());
    case.judged()
}
