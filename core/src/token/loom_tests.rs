//! Loom models of tokens: the ends of scopes, shields and bridges, and of the
//! tokens themselves, against threads that wait.

use std::sync::Arc;
use std::sync::atomic::AtomicBool as Flag;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use loom::thread;

use super::*;
use crate::machine::Stage;
use crate::sync::model::{Bound, Plant, catches, check};
use crate::sync::{Condvar, Mutex, Ordering};

/// Loom has no clock: longer than any check takes.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);
const DEADLOCK: &str = "deadlock";

/// A waiter inside a shield, and the end of the shield.
fn a_shield_ends() {
    let source = StopSource::new();
    source.stop(Stage::CancelQueued);
    let shield = source.token().shield(LONG);
    let inside = shield.token().clone();
    let waiter = thread::spawn(move || inside.wait(Stage::CancelQueued));
    drop(shield);
    assert_eq!(waiter.join().expect("no panic"), Stage::CancelQueued);
}

#[test]
fn loom_the_end_of_a_shield_wakes_the_waiter_inside() {
    check("shield dropped", Bound::Every, a_shield_ends);
}

#[test]
fn loom_the_end_of_a_shield_without_fences_is_caught() {
    let plant = Plant::AcquireRelease;
    catches("shield dropped", Bound::Every, plant, DEADLOCK, || {
        a_shield_ends();
    });
}

#[test]
fn loom_stopping_a_scope_wakes_the_waiter_below() {
    check("scope stopped", Bound::Every, || {
        let scope = StopSource::new().token().scope();
        let below = scope.token().scope().token().clone();
        let waiter = thread::spawn(move || below.wait(Stage::TerminateActive));
        scope.stop(Stage::TerminateActive);
        assert_eq!(waiter.join().expect("no panic"), Stage::TerminateActive);
    });
}

/// The source and its last tokens go while one thread is woken and another
/// polls: the cell is freed once, after both.
#[test]
fn loom_the_last_token_frees_the_cell() {
    check("last token dropped", Bound::Every, || {
        let source = StopSource::new();
        let token = source.token();
        let cell = Arc::downgrade(&token.cell);
        let waiter = {
            let token = token.clone();
            thread::spawn(move || token.wait(Stage::CancelQueued))
        };
        let poller = thread::spawn(move || token.checkpoint_at(Stage::CancelQueued).is_err());
        source.stop(Stage::CancelQueued);
        drop(source);
        assert_eq!(waiter.join().expect("no panic"), Stage::CancelQueued);
        poller.join().expect("no panic");
        assert!(cell.upgrade().is_none(), "somebody still holds the cell");
    });
}

/// A bridge that is dropped while the stage comes: its thread ends, and has
/// set the flag or not, but not later.
fn a_bridge_is_dropped() {
    let source = StopSource::new();
    let flag = Arc::new(Flag::new(false));
    let bridge = source.token().set_flag_at(Stage::CancelQueued, &flag);
    let stopper = {
        let source = source.clone();
        thread::spawn(move || source.stop(Stage::CancelQueued))
    };
    drop(bridge);
    let at_the_drop = flag.load(Ordering::SeqCst);
    stopper.join().expect("no panic");
    assert_eq!(flag.load(Ordering::SeqCst), at_the_drop);
}

#[test]
fn loom_a_dropped_bridge_ends() {
    check("bridge dropped", Bound::Preemptions(4), a_bridge_is_dropped);
}

/// Nobody but the drop itself wakes the thread.
#[test]
fn loom_a_bridge_without_a_stage_ends() {
    check("bridge, no stage", Bound::Every, || {
        let source = StopSource::new();
        let flag = Arc::new(Flag::new(false));
        drop(source.token().set_flag_at(Stage::CancelQueued, &flag));
        assert!(!flag.load(Ordering::SeqCst));
    });
}

#[test]
fn loom_a_dropped_bridge_without_fences_is_caught() {
    let plant = Plant::AcquireRelease;
    catches(
        "bridge dropped",
        Bound::Preemptions(4),
        plant,
        DEADLOCK,
        a_bridge_is_dropped,
    );
}

/// Wakes a thread that polls a future.
struct ThreadWaker {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().expect("no panic") = true;
        self.changed.notify_one();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let thread = Arc::new(ThreadWaker {
        woken: Mutex::new(false),
        changed: Condvar::new(),
    });
    let waker = Waker::from(Arc::clone(&thread));
    let mut future = std::pin::pin!(future);
    loop {
        let mut context = Context::from_waker(&waker);
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        let mut woken = thread.woken.lock().expect("no panic");
        while !*woken {
            woken = thread.changed.wait(woken).expect("no panic");
        }
        *woken = false;
    }
}

/// A future waits for a stage that is raised.
fn a_future_and_a_stage() {
    let source = StopSource::new();
    let token = source.token();
    let stopper = thread::spawn(move || source.stop(Stage::CancelQueued));
    assert_eq!(
        block_on(token.reached(Stage::CancelQueued)),
        Stage::CancelQueued
    );
    stopper.join().expect("no panic");
}

#[test]
fn loom_a_future_never_misses_its_stage() {
    check("reached", Bound::Preemptions(2), a_future_and_a_stage);
}

#[test]
fn loom_a_future_without_fences_is_caught() {
    let (bound, plant) = (Bound::Preemptions(2), Plant::AcquireRelease);
    catches("reached", bound, plant, DEADLOCK, a_future_and_a_stage);
}

/// A future that was woken is polled late, while another one of the same cell
/// registers: each has its own number.
#[test]
fn loom_a_late_poll_takes_no_other_future_away() {
    check("reached, late poll", Bound::Preemptions(2), || {
        let source = StopSource::new();
        let token = source.token();
        let mut late = Box::pin(token.reached(Stage::CancelQueued));
        let mut context = Context::from_waker(Waker::noop());
        let _ = late.as_mut().poll(&mut context);
        source.stop(Stage::CancelQueued);
        let other = {
            let token = token.clone();
            thread::spawn(move || block_on(token.reached(Stage::TerminateActive)))
        };
        let _ = late.as_mut().poll(&mut context);
        drop(late);
        source.stop(Stage::TerminateActive);
        assert_eq!(other.join().expect("no panic"), Stage::TerminateActive);
    });
}

/// The stage comes while the shield ends: one of the two wakes the waiter.
#[test]
fn loom_a_stage_that_comes_while_a_shield_ends_is_seen() {
    check("shield dropped, stage", Bound::Preemptions(3), || {
        let source = StopSource::new();
        let shield = source.token().shield(LONG);
        let inside = shield.token().clone();
        let waiter = thread::spawn(move || inside.wait(Stage::CancelQueued));
        let stopper = thread::spawn(move || source.stop(Stage::CancelQueued));
        drop(shield);
        assert_eq!(waiter.join().expect("no panic"), Stage::CancelQueued);
        stopper.join().expect("no panic");
    });
}
