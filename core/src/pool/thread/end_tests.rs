//! How runs of the thread pool end: by a flag, a shield, an iterator, a panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::tests::pool;
use super::*;
use crate::machine::Stage;
use crate::token::StopSource;

#[test]
fn a_flag_stops_a_run() {
    let flag = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let token = StopSource::new().token();
    let token = token.or_flag(Stage::TerminateActive, &flag);
    let pool = ThreadPool::new(&token).grace(Duration::from_millis(5));
    let (release, released) = mpsc::channel::<()>();
    let results = pool.map([released], move |released, _| {
        flag.store(true, Ordering::SeqCst);
        let _ = released.recv_timeout(Duration::from_secs(60));
        Ok(7_usize)
    });
    drop(release);
    assert_eq!(results.outcomes(), [Outcome::Abandoned]);
}

#[test]
fn a_stop_ends_the_pulling_of_tasks() {
    let (source, pool) = pool();
    let stop = source.clone();
    let pulled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&pulled);
    // Of unknown length, and endless.
    let jobs = (0_u64..).filter(|_| true).inspect(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    let results = pool.map(jobs, move |number, _| {
        if number == 10 {
            stop.stop(Stage::CancelQueued);
        }
        Ok(number)
    });
    assert!(results.is_truncated());
    assert_eq!(results.tally().total(), pulled.load(Ordering::SeqCst));
    // The one that stopped it, at least: those before it can wait at another worker, which has not begun with them.
    assert!(results.tally().completed > 0);
    // One that knows its length is counted without being taken.
    let taken = AtomicUsize::new(0);
    let known = (0..3000).map(|number| taken.fetch_add(number, Ordering::SeqCst));
    let results = pool.map(known, |_, _| Ok(()));
    assert_eq!(results.tally().cancelled_queued, 3000);
    assert!(!results.is_truncated());
    assert_eq!(taken.load(Ordering::SeqCst), 0);
}

#[test]
fn the_queue_may_be_without_a_limit() {
    let (_source, pool) = pool();
    let results = pool
        .queue_limit(usize::MAX)
        .map(0..100_000_usize, |number, _| Ok(number));
    assert_eq!(results.tally().completed, 100_000);
}

#[test]
fn a_payload_whose_drop_panics_does_not_end_the_worker() {
    struct Spiteful;
    impl Drop for Spiteful {
        fn drop(&mut self) {
            panic!("once more");
        }
    }
    let (_source, pool) = pool();
    let results = pool.workers(1).map(0..3_usize, |number, _| {
        if number == 1 {
            std::panic::panic_any(Spiteful);
        }
        Ok(number)
    });
    assert_eq!(results.tally().completed, 2);
    assert_eq!(results.tally().failed, 1);
}

#[test]
fn results_are_owned_by_value() {
    let (_source, pool) = pool();
    let words = || pool.map(0..3_usize, |number, _| Ok(number.to_string()));
    assert!(words().into_values().eq(["0", "1", "2"]));
    let owned: Vec<String> = words()
        .into_iter()
        .filter_map(Outcome::into_value)
        .collect();
    assert_eq!(owned.len(), (&words()).into_iter().count());
}

/// Nothing else is due: the limit of the shield alone ends the wait.
#[test]
fn a_deaf_task_is_abandoned_after_the_limit_of_its_shield() {
    let (source, pool) = pool();
    let pool = pool.grace(Duration::from_millis(5));
    let (release, released) = mpsc::channel::<()>();
    let limit = Duration::from_millis(300);
    let begun = std::time::Instant::now();
    let results = pool.map([released], move |released, token| {
        let _long = token.shield(limit);
        let _brief = token.shield(Duration::from_millis(1));
        source.stop(Stage::TerminateActive);
        let _ = released.recv_timeout(Duration::from_secs(60));
        Ok(7_usize)
    });
    drop(release);
    assert_eq!(results.outcomes(), [Outcome::Abandoned]);
    assert!(begun.elapsed() >= limit, "the longest shield counts");
}

#[test]
fn threads_have_ended_when_the_run_returns() {
    struct Farewell(Arc<AtomicUsize>);
    impl Drop for Farewell {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    thread_local! {
        static FAREWELL: std::cell::RefCell<Option<Farewell>> =
            const { std::cell::RefCell::new(None) };
    }
    for _ in 0..200 {
        let (ended, begun) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (theirs, started) = (Arc::clone(&ended), Arc::clone(&begun));
        let results = pool().1.map(0..8, move |_, _| {
            FAREWELL.with_borrow_mut(|farewell| {
                farewell.get_or_insert_with(|| {
                    started.fetch_add(1, Ordering::SeqCst);
                    Farewell(Arc::clone(&theirs))
                });
            });
            Ok(())
        });
        assert_eq!(results.tally().completed, 8);
        assert_eq!(ended.load(Ordering::SeqCst), begun.load(Ordering::SeqCst));
    }
}

#[test]
fn scoped_tasks_borrow_and_obey() {
    let words: Vec<String> = (0..500).map(|number: u32| number.to_string()).collect();
    let (source, pool) = pool();
    let done = AtomicUsize::new(0);
    let results = pool.scoped_map(&words, |word, token| {
        token.checkpoint()?;
        if done.fetch_add(1, Ordering::SeqCst) == 100 {
            source.stop(Stage::CancelQueued);
        }
        Ok(word.as_str())
    });
    let tally = results.tally();
    assert_eq!(tally.total(), 500);
    assert_eq!(tally.completed, done.load(Ordering::SeqCst));
    assert!(
        tally.cancelled_queued > 0 && tally.completed > 100,
        "{tally:?}"
    );
    assert!(
        results
            .values()
            .all(|word| words.iter().any(|known| known == word))
    );
}

/// At no time are there more outcomes than the queue and the workers hold.
#[test]
fn outcomes_that_are_taken_are_not_kept() {
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let (_source, pool) = pool();
    let alive = Arc::new(AtomicUsize::new(0));
    let theirs = Arc::clone(&alive);
    let (mut most, mut taken) = (0, 0);
    let results = pool.queue_limit(16).map_into(
        0..20_000,
        move |_: usize, _| {
            theirs.fetch_add(1, Ordering::SeqCst);
            Ok(Counted(Arc::clone(&theirs)))
        },
        |_, outcome| {
            most = most.max(alive.load(Ordering::SeqCst));
            taken += usize::from(outcome.is_completed());
        },
    );
    assert_eq!((taken, results.tally().completed), (20_000, 20_000));
    assert!(results.outcomes().is_empty());
    assert_eq!(alive.load(Ordering::SeqCst), 0);
    assert!(most <= 200, "{most} at a time");
}
