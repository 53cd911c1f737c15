//! Loom models of a run on the thread pool against a racing signal. The
//! coordinator, the queue and the workers are the real ones; threads, locks
//! and atomics are loom's.

use std::time::Duration;

use loom::thread;

use super::coordinator::{Coordinator, Sink};
use crate::machine::Stage;
use crate::pool::shared::{Cancelled, Outcome, Results, Settings, ThreadBackend};
use crate::sync::model::{Bound, Plant, catches, check};
use crate::token::{StopSource, StopToken};

/// Longer than any check takes: nothing is abandoned by time.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);
const DEADLOCK: &str = "deadlock";

fn run(
    token: &StopToken,
    workers: usize,
    tasks: usize,
    work: impl Fn(&StopToken) -> Outcome<()> + Send + Sync + 'static,
) -> Results<()> {
    let mut settings = Settings::new(token);
    settings.set_workers(workers);
    settings.grace = GRACE;
    let work = move |_task: usize, token: &StopToken, _| work(token);
    Coordinator::new(&settings, &ThreadBackend, Box::new(work))
        .run(0..tasks, Sink::Look(&mut |_, _| {}))
}

/// Someone presses Ctrl+C while a run begins, works, or ends.
fn a_signal_during_a_run(tasks: usize) {
    let source = StopSource::new();
    let signal = {
        let source = source.clone();
        thread::spawn(move || source.stop(Stage::CancelQueued))
    };
    let results = run(&source.token(), 1, tasks, |_| Outcome::Completed(()));
    assert!(signal.join().expect("no panic"));
    // That each task has exactly one outcome is asserted by the slots.
    assert_eq!(results.outcomes().len(), tasks);
    let mut cancelled = false;
    for outcome in results.outcomes() {
        match outcome {
            Outcome::Completed(()) => assert!(!cancelled, "a later task was run"),
            Outcome::Cancelled(Cancelled::Queued) => cancelled = true,
            other => panic!("stage 1 gives no {other:?}"),
        }
    }
    if cancelled {
        let interrupted = results.interrupted().expect("it was");
        assert_eq!(interrupted.stage(), Stage::CancelQueued);
    }
}

/// Stage 2 while the only task waits for it, at the latest.
fn a_signal_ends_an_active_task() {
    let source = StopSource::new();
    let signal = {
        let source = source.clone();
        thread::spawn(move || source.stop(Stage::TerminateActive))
    };
    let results = run(&source.token(), 1, 1, |token| {
        token.wait(Stage::TerminateActive);
        Outcome::Cancelled(Cancelled::Active)
    });
    assert!(signal.join().expect("no panic"));
    assert!(matches!(results.outcomes(), [Outcome::Cancelled(_)]));
}

#[test]
fn loom_a_run_without_a_signal_ends() {
    check("pool, undisturbed", Bound::Preemptions(4), || {
        let token = StopSource::new().token();
        let results = run(&token, 1, 2, |_| Outcome::Completed(()));
        assert_eq!(results.values().count(), 2);
    });
}

#[test]
fn loom_a_signal_during_a_run_of_two_tasks() {
    check("pool, stage 1", Bound::Preemptions(3), || {
        a_signal_during_a_run(2);
    });
}

#[test]
fn loom_a_signal_ends_an_active_task() {
    check(
        "pool, stage 2",
        Bound::Preemptions(3),
        a_signal_ends_an_active_task,
    );
}

#[test]
fn loom_a_pool_without_fences_is_caught() {
    let model = a_signal_ends_an_active_task;
    let bound = Bound::Preemptions(3);
    catches(
        "pool, stage 2",
        bound,
        Plant::AcquireRelease,
        DEADLOCK,
        model,
    );
}

#[test]
fn loom_a_signal_during_a_run_on_two_workers() {
    check("pool, two workers", Bound::Preemptions(2), || {
        let source = StopSource::new();
        let signal = {
            let source = source.clone();
            thread::spawn(move || source.stop(Stage::CancelQueued))
        };
        let results = run(&source.token(), 2, 2, |_| Outcome::Completed(()));
        assert!(signal.join().expect("no panic"));
        for outcome in results.outcomes() {
            use Outcome::{Cancelled as Gone, Completed};
            assert!(matches!(outcome, Completed(()) | Gone(Cancelled::Queued)));
        }
        assert_eq!(results.outcomes().len(), 2);
    });
}
