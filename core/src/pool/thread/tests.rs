//! The thread pool, stopped by a source.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::feedback::{Feedback, Notice};
use crate::machine::Stage;
use crate::pool::{Cancelled, Failure};
use crate::token::StopSource;

const LONG: Duration = Duration::from_secs(600);
const QUEUED: Outcome<usize> = Outcome::Cancelled(Cancelled::Queued);
pub(super) const ACTIVE: Outcome<usize> = Outcome::Cancelled(Cancelled::Active);

#[derive(Clone, Default)]
pub(super) struct Recorder(pub(super) Arc<Mutex<Vec<Notice>>>);

impl Feedback for Recorder {
    fn notify(&self, notice: &Notice) {
        self.0.lock().expect("no panic").push(notice.clone());
    }
}

pub(super) fn pool() -> (StopSource, ThreadPool) {
    let source = StopSource::new();
    let pool = ThreadPool::new(&source.token()).workers(4);
    (source, pool)
}

#[test]
fn every_task_completes_in_order() {
    let (_source, pool) = pool();
    for count in [0, 1, 3, 1000] {
        let mut streamed = vec![0; count];
        let results = pool.map_streaming(
            0..count,
            |number, _| Ok(number * 2),
            |index, outcome| {
                streamed[index] += 1;
                assert_eq!(outcome, &Outcome::Completed(index * 2));
            },
        );
        let expected: Vec<_> = (0..count).map(|number| number * 2).collect();
        assert!(results.values().eq(&expected));
        assert!(streamed.iter().all(|times| *times == 1));
        assert_eq!(results.interrupted(), None);
        assert_eq!(results.tally().total(), count);
    }
}

#[test]
fn the_executor_trait_runs_boxed_tasks() {
    fn sum(pool: &impl Executor<usize, Task = ThreadTask<usize>>) -> usize {
        let tasks =
            (1..=4_usize).map(|number| Box::new(move |_: &_| Ok(number)) as ThreadTask<usize>);
        pool.run(tasks).values().sum()
    }
    assert_eq!(sum(&pool().1), 10);
}

#[test]
fn errors_and_panics_are_failures_with_a_message() {
    let (_source, pool) = pool();
    let recorder = Recorder::default();
    let results = pool
        .feedback(recorder.clone())
        .map(0..4_usize, |number, _| match number {
            0 => Err("no luck".into()),
            1 => panic!("number {number}"),
            2 => panic!("static"),
            _ => Ok(number),
        });
    let failed = |message: &str, panicked| Outcome::Failed(Failure::new(message, panicked));
    assert_eq!(
        results.outcomes(),
        [
            failed("no luck", false),
            failed("number 1", true),
            failed("static", true),
            Outcome::Completed(3),
        ]
    );
    assert_eq!(recorder.0.lock().expect("no panic").len(), 3);
}

#[test]
fn stage_one_cancels_the_queue_and_completes_active_tasks() {
    let (source, pool) = pool();
    let pool = pool.workers(2).queue_limit(3);
    let recorder = Recorder::default();
    let started = Arc::new(AtomicUsize::new(0));
    let (both_active, wait_for_both) = mpsc::channel();
    let stop = source.clone();
    let stopper = std::thread::spawn(move || {
        for _ in 0..2 {
            wait_for_both.recv().expect("two tasks start");
        }
        stop.stop(Stage::CancelQueued);
    });
    let count = Arc::clone(&started);
    let results = pool
        .feedback(recorder.clone())
        .map(0..10_usize, move |number, token| {
            count.fetch_add(1, Ordering::SeqCst);
            // The receiver is gone after the second task.
            let _ = both_active.send(());
            token.wait(Stage::CancelQueued);
            token.checkpoint()?;
            Ok(number)
        });
    stopper.join().expect("no panic");
    assert_eq!(
        started.load(Ordering::SeqCst),
        2,
        "nothing starts after the stop"
    );
    assert_eq!(
        results.outcomes()[..2],
        [Outcome::Completed(0), Outcome::Completed(1)]
    );
    assert!(
        results.outcomes()[2..]
            .iter()
            .all(|outcome| *outcome == QUEUED)
    );
    let notices = recorder.0.lock().expect("no panic");
    let (total, completed) = (10, 2);
    // The workers may have taken a task each when they saw the stage; those
    // two count as queued all the same, as they were not started.
    let first = notices.first().cloned();
    let stopped = (2..=4).map(|index| Some(Notice::SubmissionStopped { index, total }));
    assert!(
        stopped.into_iter().any(|notice| notice == first),
        "{first:?}"
    );
    assert_eq!(notices[1..], [Notice::PartialResults { completed, total }]);
}

#[test]
fn stage_two_reaches_active_tasks_at_their_checkpoint() {
    let (source, pool) = pool();
    let results = pool.workers(2).map(0..3_usize, move |number, token| {
        if number == 0 {
            source.stop(Stage::TerminateActive);
            return Ok(0);
        }
        token.wait(Stage::TerminateActive);
        token.checkpoint()?;
        Ok(number)
    });
    assert_eq!(
        results.outcomes()[0],
        Outcome::Completed(0),
        "completed values stay"
    );
    let rest = &results.outcomes()[1..];
    assert!(
        rest.iter()
            .all(|outcome| *outcome == ACTIVE || *outcome == QUEUED),
        "{rest:?}"
    );
    let interrupted = results.interrupted().expect("interrupted");
    assert_eq!(interrupted.stage(), Stage::TerminateActive);
    assert!(results.unless_terminated().is_ok());
}

/// Runs one task that waits for `release` whatever the stage is, and stops the
/// source when it is active.
fn deaf_task(source: &StopSource, pool: &ThreadPool, stage: Stage) -> Results<usize> {
    let (release, released) = mpsc::channel::<()>();
    let source = source.clone();
    let results = pool.map([released], move |released, _| {
        source.stop(stage);
        // Ends when the sender is dropped, which is after the run.
        let _ = released.recv();
        Ok(7)
    });
    drop(release);
    results
}

#[test]
fn a_task_that_ignores_stage_two_is_abandoned_after_the_grace() {
    let (source, pool) = pool();
    let recorder = Recorder::default();
    let pool = pool
        .grace(Duration::from_millis(5))
        .feedback(recorder.clone());
    let results = deaf_task(&source, &pool, Stage::TerminateActive);
    assert_eq!(results.outcomes(), [Outcome::Abandoned]);
    let notices = recorder.0.lock().expect("no panic");
    assert!(notices.contains(&Notice::TaskAbandoned { index: 0 }));
}

#[test]
fn a_shielded_task_is_not_abandoned() {
    let (source, pool) = pool();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let both = Arc::new(std::sync::Barrier::new(2));
    // Both tasks are active and deaf when the stop comes. The shielded one is
    // let go when the other one was abandoned, so it was there to be abandoned
    // as well.
    // The shielded one needs a moment between the end of its shield and its
    // own end, which is what the grace is for.
    let results = pool.grace(Duration::from_millis(500)).map_streaming(
        [false, true],
        move |shielded, token| {
            let _shield = shielded.then(|| token.shield(LONG));
            both.wait();
            if shielded {
                source.stop(Stage::TerminateActive);
                let _ = released.lock().expect("no panic").recv_timeout(LONG);
            } else {
                loop {
                    std::thread::park();
                }
            }
            Ok(7_usize)
        },
        |_, outcome| {
            if *outcome == Outcome::Abandoned {
                // The task may be abandoned itself, then nobody listens.
                let _ = release.send(());
            }
        },
    );
    assert_eq!(
        results.outcomes(),
        [Outcome::Abandoned, Outcome::Completed(7)]
    );
}

#[test]
fn stage_three_returns_at_once() {
    let (source, pool) = pool();
    let results = deaf_task(&source, &pool.grace(LONG), Stage::ExitNow);
    assert_eq!(results.outcomes(), [Outcome::Abandoned]);
    let error = results.unless_terminated().expect_err("terminated");
    assert_eq!(
        error.to_string(),
        "Immediate termination requested during result collection"
    );
    assert_eq!(error.results.tally().abandoned, 1);
}

#[test]
fn a_run_after_the_stop_starts_nothing() {
    let (source, pool) = pool();
    source.stop(Stage::CancelQueued);
    let results = pool.map(0..5_usize, |_, _| -> Result<usize, TaskError> {
        unreachable!("nothing may start")
    });
    assert_eq!(results.outcomes(), [QUEUED, QUEUED, QUEUED, QUEUED, QUEUED]);
    source.reset();
    assert_eq!(
        pool.map(0..5_usize, |number, _| Ok(number))
            .tally()
            .completed,
        5
    );
}

#[test]
fn the_queue_is_bounded() {
    let (_source, pool) = pool();
    let taken = Arc::new(AtomicUsize::new(0));
    let done = Arc::new(AtomicUsize::new(0));
    let (limit, workers) = (8, 2);
    let jobs = {
        let (taken, done) = (Arc::clone(&taken), Arc::clone(&done));
        (0..500_usize).inspect(move |_| {
            let ahead = taken.fetch_add(1, Ordering::SeqCst) - done.load(Ordering::SeqCst);
            assert!(ahead <= limit + workers, "{ahead} tasks ahead");
        })
    };
    let results = pool
        .workers(workers)
        .queue_limit(limit)
        .map(jobs, move |number, _| {
            done.fetch_add(1, Ordering::SeqCst);
            Ok(number)
        });
    assert_eq!(results.tally().completed, 500);
}

#[test]
fn a_panic_of_the_caller_ends_the_workers() {
    let (source, pool) = pool();
    let alive = Arc::new(());
    let held = Arc::clone(&alive);
    let run = std::panic::AssertUnwindSafe(|| {
        pool.workers(1).map_streaming(
            0..100_usize,
            move |number, _| {
                let _held = &held;
                Ok(number)
            },
            |_, _| panic!("the caller's own"),
        )
    });
    assert!(std::panic::catch_unwind(run).is_err());
    // The worker holds the closure, and with it a count of `alive`.
    while Arc::strong_count(&alive) > 1 {
        std::thread::yield_now();
    }
    assert!(!source.token().is_interrupted());
}

#[test]
fn the_worker_that_was_stopped_does_not_begin_its_next_task() {
    for _ in 0..100 {
        let (source, pool) = pool();
        // One worker: it stops the source itself, so it takes its next task
        // after the stop, and before the coordinator has cleared the queue.
        let results = pool.workers(1).map(0..5_usize, move |number, _| {
            assert_eq!(number, 0, "a task starts after the stop");
            source.stop(Stage::CancelQueued);
            Ok(number)
        });
        assert_eq!(results.outcomes()[0], Outcome::Completed(0));
        assert_eq!(results.outcomes()[1..], [QUEUED, QUEUED, QUEUED, QUEUED]);
    }
}

#[test]
fn conservation_when_the_stop_comes_at_any_time() {
    for round in 0..300_u32 {
        let (source, pool) = pool();
        let executed = Arc::new(AtomicUsize::new(0));
        let ran = Arc::clone(&executed);
        let at = usize::try_from(round % 50).expect("small");
        let stage = if round.is_multiple_of(2) {
            Stage::CancelQueued
        } else {
            Stage::TerminateActive
        };
        let mut streamed = 0;
        let results = pool.workers(3).queue_limit(7).map_streaming(
            0..60_usize,
            move |number, token| {
                if number == at {
                    source.stop(stage);
                }
                token.checkpoint()?;
                ran.fetch_add(1, Ordering::SeqCst);
                Ok(number)
            },
            |_, _| streamed += 1,
        );
        let tally = results.tally();
        assert_eq!(tally.total(), 60);
        assert_eq!(streamed, 60);
        assert_eq!(
            tally.completed,
            executed.load(Ordering::SeqCst),
            "no value is dropped"
        );
        assert!(results.values().all(|number| *number < 60));
        assert!(
            results
                .outcomes()
                .iter()
                .enumerate()
                .all(|(index, outcome)| { outcome.value().is_none_or(|value| *value == index) })
        );
    }
}
