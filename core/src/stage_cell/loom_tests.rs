//! Loom models of the cell: a few threads, every interleaving.

use std::sync::Arc;

use loom::thread;

use super::cell::*;
use crate::machine::{Cause, Stage};
use crate::sync::model::{Bound, Plant, catches, check};
use crate::sync::{AtomicBool, Ordering};

const DEADLOCK: &str = "deadlock";

fn until(done: bool) -> WaitStatus {
    if done {
        WaitStatus::Done
    } else {
        WaitStatus::WaitUntil(None)
    }
}

/// One thread waits for a stage, the other one raises it.
fn a_waiter_and_a_stage() {
    let cell = Arc::new(StageCell::new());
    let waiter = {
        let cell = Arc::clone(&cell);
        thread::spawn(move || cell.wait_until(|| until(cell.poll().stage().is_interrupted())))
    };
    cell.raise(Stage::CancelQueued, 0, Cause::Request);
    // What the watcher thread does where the handler cannot.
    cell.wake_all();
    assert!(waiter.join().expect("no panic"));
}

#[test]
fn loom_a_waiter_never_misses_the_stage() {
    check("wait and wake", Bound::Every, a_waiter_and_a_stage);
}

#[test]
fn loom_a_missing_fence_is_caught() {
    catches(
        "wait and wake",
        Bound::Every,
        Plant::AcquireRelease,
        DEADLOCK,
        a_waiter_and_a_stage,
    );
}

/// The caller's part of the protocol: change first, wake then.
#[test]
fn loom_a_wake_before_the_change_is_caught() {
    catches("wake first", Bound::Every, Plant::Nothing, DEADLOCK, || {
        let cell = Arc::new(StageCell::new());
        let waiter = {
            let cell = Arc::clone(&cell);
            thread::spawn(move || cell.wait_until(|| until(cell.poll().stage().is_interrupted())))
        };
        cell.wake_all();
        cell.raise(Stage::CancelQueued, 0, Cause::Request);
        waiter.join().expect("no panic");
    });
}

#[test]
fn loom_two_waiters_are_both_woken() {
    check("two waiters", Bound::Preemptions(3), || {
        let cell = Arc::new(StageCell::new());
        let wait = |stage: Stage| {
            let cell = Arc::clone(&cell);
            thread::spawn(move || cell.wait_until(|| until(cell.poll().stage() >= stage)))
        };
        let waiters = [wait(Stage::CancelQueued), wait(Stage::TerminateActive)];
        cell.raise(Stage::TerminateActive, 1, Cause::Request);
        cell.wake_all();
        for waiter in waiters {
            assert!(waiter.join().expect("no panic"));
        }
    });
}

#[test]
fn loom_a_waiter_never_misses_what_else_it_waits_for() {
    check("wait for a flag", Bound::Every, || {
        let cell = Arc::new(StageCell::new());
        let ended = Arc::new(AtomicBool::new(false));
        let waiter = {
            let (cell, ended) = (Arc::clone(&cell), Arc::clone(&ended));
            thread::spawn(move || cell.wait_until(|| until(ended.load(Ordering::SeqCst))))
        };
        ended.store(true, Ordering::SeqCst);
        cell.wake_all();
        assert!(waiter.join().expect("no panic"));
    });
}

#[test]
fn loom_the_highest_stage_wins() {
    check("cell, two raise", Bound::Every, || {
        let cell = Arc::new(StageCell::new());
        let raise = |stage: Stage| {
            let cell = Arc::clone(&cell);
            thread::spawn(move || cell.raise(stage, stage.number(), Cause::Request))
        };
        let first = raise(Stage::CancelQueued);
        let second = raise(Stage::TerminateActive);
        let mut seen = Stage::Running;
        for _ in 0..2 {
            let now = cell.poll().stage();
            assert!(now >= seen, "a reader sees it go down");
            seen = now;
        }
        first.join().expect("no panic");
        assert!(second.join().expect("no panic"), "the highest always moves");
        assert_eq!(cell.poll().stage(), Stage::TerminateActive);
    });
}

#[test]
fn loom_a_stage_and_a_new_epoch_never_mix() {
    check("cell, new epoch", Bound::Every, || {
        let cell = Arc::new(StageCell::new());
        let other = {
            let cell = Arc::clone(&cell);
            thread::spawn(move || cell.raise(Stage::ExitNow, 2, Cause::Request))
        };
        cell.begin_epoch();
        assert!(other.join().expect("no panic"));
        let word = cell.poll();
        assert_eq!(word.epoch(), 1);
        // Raised before or after the epoch began, entirely.
        match word.stage() {
            Stage::Running => assert_eq!(word.cause(), Cause::None),
            stage => assert_eq!((stage, word.cause()), (Stage::ExitNow, Cause::Request)),
        }
    });
}
