//! Short tasks, which are taken many at a time: nobody may wait for a long one
//! that was taken along with them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use super::*;
use crate::machine::Stage;
use crate::token::StopSource;

/// Longer than any machine takes for the few tasks below.
const PATIENCE: Duration = Duration::from_secs(60);
/// So many short tasks make workers take as many at a time as they ever do.
const WARM_UP: usize = 20_000;

fn pool(workers: usize) -> (StopSource, ThreadPool) {
    let source = StopSource::new();
    let pool = ThreadPool::new(&source.token()).workers(workers);
    (source, pool)
}

#[test]
fn tasks_behind_a_long_one_are_done_by_others() {
    let behind = 3000;
    let left = Arc::new(AtomicUsize::new(behind));
    let (done, all_done) = mpsc::channel();
    let all_done = Mutex::new(all_done);
    let results = pool(2).1.map(0..=WARM_UP + behind, move |number, _| {
        if number == WARM_UP {
            // It ends when all tasks after it have.
            let waited = all_done.lock().expect("no panic").recv_timeout(PATIENCE);
            waited.map_err(|_| "nobody does the tasks behind this one")?;
        } else if number > WARM_UP && left.fetch_sub(1, Ordering::SeqCst) == 1 {
            done.send(()).expect("the long task listens");
        }
        Ok(())
    });
    let tally = results.tally();
    assert_eq!(tally.completed, WARM_UP + behind + 1, "{tally:?}");
}

#[test]
fn outcomes_of_short_tasks_do_not_wait_for_a_long_one() {
    let (reported, all_reported) = mpsc::channel();
    let all_reported = Mutex::new(all_reported);
    let mut seen = 0;
    let results = pool(1).1.map_streaming(
        0..=WARM_UP,
        move |number, _| {
            if number == WARM_UP {
                // The outcomes of all tasks before it arrive while it works.
                let waited = all_reported.lock().expect("no panic");
                waited.recv_timeout(PATIENCE)?;
            }
            Ok(())
        },
        |_, _| {
            seen += 1;
            if seen == WARM_UP {
                reported.send(()).expect("the long task listens");
            }
        },
    );
    assert!(results.outcomes().iter().all(Outcome::is_completed));
}

#[test]
fn a_stop_cancels_what_was_taken_along_with_the_active_task() {
    let (source, pool) = pool(2);
    let stop = source.clone();
    let started_after = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&started_after);
    let results = pool.map(0..2 * WARM_UP, move |number, token| {
        if number == WARM_UP {
            stop.stop(Stage::CancelQueued);
        } else if token.is_interrupted() {
            // Taken and looked at before the stop, started after it.
            count.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    });
    let tally = results.tally();
    assert_eq!(tally.total(), 2 * WARM_UP);
    assert_eq!(tally.completed + tally.cancelled_queued, 2 * WARM_UP);
    assert!(
        started_after.load(Ordering::SeqCst) <= 1,
        "one other worker"
    );
    // Whoever took it stops there, and so does the other one.
    assert!(results.outcomes()[WARM_UP].is_completed());
    assert!(tally.cancelled_queued > 0, "{tally:?}");
}

#[test]
fn ordinary_tasks_start_in_order() {
    let workers = 3;
    let meeting = Barrier::new(workers);
    let present = Mutex::new(Vec::new());
    let (groups, met) = mpsc::channel();
    let results = pool(workers).1.map(0..30_usize, move |number, token| {
        // Long enough not to be short.
        let _ = token.wait_timeout(Stage::ExitNow, Duration::from_millis(1));
        present.lock().expect("no panic").push(number);
        // Three are at work at a time: the oldest ones.
        if meeting.wait().is_leader() {
            let mut group = std::mem::take(&mut *present.lock().expect("no panic"));
            group.sort_unstable();
            groups.send(group)?;
        }
        meeting.wait();
        Ok(())
    });
    assert!(results.outcomes().iter().all(Outcome::is_completed));
    let expected = (0..10).map(|group| (3 * group..3 * group + 3).collect::<Vec<_>>());
    assert!(met.iter().eq(expected));
}

#[test]
fn a_panic_among_short_tasks_is_but_one_outcome() {
    let results = pool(2).1.map(0..WARM_UP, |number, _| {
        assert!(number % 1000 != 999, "number {number}");
        Ok(number)
    });
    for (index, outcome) in results.outcomes().iter().enumerate() {
        match outcome {
            Outcome::Completed(value) => assert_eq!(*value, index),
            Outcome::Failed(failure) => {
                assert_eq!(failure.message, format!("number {index}"));
                assert!(failure.panicked);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(results.tally().failed, WARM_UP / 1000);
}
