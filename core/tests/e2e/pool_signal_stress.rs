//! Conservation on the thread pool while real signals arrive at any moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::sys::signal::{Signal as Unix, kill};
use nix::unistd::Pid;
use sigproof_core::{
    InterruptHandler, OnLadderEnd, Options, Outcome, Policy, Rung, Stage, ThreadPool,
};

use crate::support::{Program, role, say};

const ROUNDS: usize = 400;
const TASKS: usize = 80;

/// Where worker processes begin; does nothing in the test runner.
#[cfg(feature = "process")]
#[test]
fn worker_entry() {
    worker();
}

#[cfg(feature = "process")]
fn worker() -> sigproof_core::pool::WorkerProgram<usize, usize> {
    sigproof_core::pool::WorkerProgram::register("fire", |number: usize, token| {
        token.checkpoint()?;
        Ok(number)
    })
}

#[cfg(feature = "process")]
#[test]
fn worker_processes_conserve_tasks_as_well() {
    use sigproof_core::Executor;
    const NAME: &str = test_name!("worker_processes_conserve_tasks_as_well");
    const ROUNDS: usize = 30;
    if role().is_some() {
        let handler = install();
        let program = worker();
        for round in 0..ROUNDS {
            let token = handler.token();
            let pool = sigproof_core::pool::ProcessPool::new(&token, &program)
                .workers(2)
                .queue_limit(5)
                .worker_args([test_name!("worker_entry"), "--exact"]);
            let mut streamed = vec![0; TASKS];
            let results = pool.run_streaming(0..TASKS, |index, _| {
                streamed[index] += 1;
                // At any point of the run, once or twice in a row.
                if index == round * 2 || round % 2 == 1 && index == round * 2 + 1 {
                    kill(Pid::this(), Unix::SIGINT).expect("kill");
                }
            });
            assert!(streamed.iter().all(|times| *times == 1), "{streamed:?}");
            for (index, outcome) in results.outcomes().iter().enumerate() {
                assert!(
                    matches!(outcome, Outcome::Completed(value) if *value == index)
                        || matches!(outcome, Outcome::Cancelled(_)),
                    "round {round}, task {index}: {outcome:?}"
                );
            }
            crate::support::until("the signal arrives", || token.is_interrupted());
            handler.reset();
        }
        std::process::exit(0);
    }
    Program::start(NAME, "child").exits_with(0);
}

/// Signals that a thread raises for itself never merge: every one of them runs
/// the handler, in the middle of the work of a pool.
#[test]
fn a_hundred_thousand_runs_of_the_handler_disturb_nothing() {
    const NAME: &str = test_name!("a_hundred_thousand_runs_of_the_handler_disturb_nothing");
    const SIGNALS: usize = 100_000;
    const TASKS: usize = 10_000;
    if role().is_some() {
        let policy = Policy::custom([Rung::warn()]).expect("a policy");
        let options = Options::new(policy.on_ladder_end(OnLadderEnd::Ignore));
        let handler = InterruptHandler::install(options).expect("install");
        let raised = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&raised);
        let pool = ThreadPool::new(&handler.token()).workers(3);
        let results = pool.map(0..TASKS, move |number, token| {
            for _ in 0..SIGNALS / TASKS {
                nix::sys::signal::raise(Unix::SIGINT)?;
                count.fetch_add(1, Ordering::SeqCst);
            }
            token.checkpoint()?;
            Ok(number)
        });
        assert_eq!(raised.load(Ordering::SeqCst), SIGNALS);
        assert!(
            results.values().copied().eq(0..TASKS),
            "{}",
            results.tally()
        );
        assert_eq!(handler.stage(), Stage::Running);
        assert_eq!(handler.lost_transitions(), 0);
        std::process::exit(0);
    }
    Program::start(NAME, "child").exits_with(0);
}

#[test]
fn every_task_has_one_outcome_whenever_signals_arrive() {
    const NAME: &str = test_name!("every_task_has_one_outcome_whenever_signals_arrive");
    if role().is_some() {
        let handler = install();
        let mut interrupted = 0;
        for round in 0..ROUNDS {
            interrupted += usize::from(one_round(&handler, round));
            handler.reset();
        }
        say(&format!("interrupted {interrupted}"));
        std::process::exit(0);
    }
    let heard = Program::start(NAME, "child").exits_with(0);
    let interrupted: usize = heard
        .iter()
        .find_map(|line| line.strip_prefix("interrupted "))
        .expect("a count")
        .parse()
        .expect("a number");
    assert!(
        interrupted >= ROUNDS / 2,
        "only {interrupted} rounds were hit"
    );
}

/// Without stage 3: a late signal of one round counts in the next.
fn install() -> InterruptHandler {
    let stages = [Stage::CancelQueued, Stage::TerminateActive];
    let policy = Policy::custom(stages.map(Rung::announce)).expect("a policy");
    let options = Options::new(policy.on_ladder_end(OnLadderEnd::Ignore));
    InterruptHandler::install(options).expect("install")
}

/// One or two signals, sent when a certain task has begun; whether the run saw
/// one.
fn one_round(handler: &InterruptHandler, round: usize) -> bool {
    let token = handler.token();
    let begun = Arc::new(AtomicUsize::new(0));
    let finished = Arc::new(AtomicUsize::new(0));
    let signals = 1 + round / 2 % 2;
    let when = round % TASKS;
    let shooter = {
        let begun = Arc::clone(&begun);
        let token = token.clone();
        thread::spawn(move || {
            // The second signal of the round before may come late, after the
            // new epoch began: then this run starts nothing at all.
            crate::support::until("the chosen task begins", || {
                begun.load(Ordering::SeqCst) > when || token.is_interrupted()
            });
            for _ in 0..signals {
                kill(Pid::this(), Unix::SIGINT).expect("kill");
            }
        })
    };
    let mut streamed = vec![0; TASKS];
    let done = Arc::clone(&finished);
    let results = ThreadPool::new(&token)
        .workers(3)
        .queue_limit(5)
        .map_streaming(
            0..TASKS,
            move |number, token| {
                begun.fetch_add(1, Ordering::SeqCst);
                if round.is_multiple_of(2) && number == when {
                    // Sure to be hit: the run is not over before the signal.
                    token.wait(Stage::CancelQueued);
                }
                token.checkpoint()?;
                done.fetch_add(1, Ordering::SeqCst);
                Ok(number)
            },
            |index, _| streamed[index] += 1,
        );
    shooter.join().expect("no panic");
    assert!(
        streamed.iter().all(|times| *times == 1),
        "round {round}: {streamed:?}"
    );
    assert_eq!(results.outcomes().len(), TASKS);
    let tally = results.tally();
    assert_eq!(
        tally.completed,
        finished.load(Ordering::SeqCst),
        "round {round}"
    );
    assert_eq!(
        tally.failed + tally.lost + tally.abandoned,
        0,
        "round {round}: {tally:?}"
    );
    for (index, outcome) in results.outcomes().iter().enumerate() {
        if let Outcome::Completed(value) = outcome {
            assert_eq!(*value, index);
        }
    }
    // Signals that coalesced or came after the end may not be seen by the run.
    crate::support::until("the signal arrives", || {
        token.stage() >= Stage::CancelQueued
    });
    results.interrupted().is_some()
}
