//! The thread that waits for tokio-util's `CancellationToken`, for programs that
//! hand one to their async parts.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, JoinHandle, Thread};

use tokio_util::sync::CancellationToken;

use crate::stage_cell::CellRef;
use crate::sys::mask;

/// The thread that waits for the other token. It polls the future of that
/// token by itself: in a runtime's task, a poll may be put off for reasons of
/// fairness, with a wake that means nothing.
#[derive(Debug)]
pub(in crate::token) struct Listener {
    bell: Arc<ThreadWaker>,
    thread: Option<JoinHandle<()>>,
}

/// Wakes the thread, and knows whether it is to end.
#[derive(Debug)]
struct ThreadWaker {
    thread: std::sync::OnceLock<Thread>,
    closed: AtomicBool,
}

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}

impl ThreadWaker {
    fn ring(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

impl Listener {
    pub(super) fn new(
        cell: CellRef,
        other: CancellationToken,
        flag: Arc<AtomicBool>,
    ) -> io::Result<Listener> {
        let bell = Arc::new(ThreadWaker {
            thread: std::sync::OnceLock::new(),
            closed: AtomicBool::new(false),
        });
        let theirs = Arc::clone(&bell);
        let thread = mask::with_all_blocked(|| {
            thread::Builder::new()
                .name("interrupt-bridge".to_owned())
                .spawn(move || {
                    // Set before the first poll hands out the waker; who
                    // closes before that is seen below.
                    let _ = theirs.thread.set(thread::current());
                    let waker = Waker::from(Arc::clone(&theirs));
                    let mut cancelled = pin!(other.cancelled());
                    let mut context = Context::from_waker(&waker);
                    while !theirs.closed.load(Ordering::SeqCst) {
                        if let Poll::Ready(()) = cancelled.as_mut().poll(&mut context) {
                            flag.store(true, Ordering::SeqCst);
                            cell.wake_all();
                            return;
                        }
                        thread::park();
                    }
                })
        })?;
        Ok(Listener {
            bell,
            thread: Some(thread),
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.bell.closed.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It does not panic.
            let _ = thread.join();
        }
    }
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::machine::Stage;
    use crate::token::StopSource;

    const LONG: Duration = Duration::from_secs(60);

    fn until(what: &str, fact: impl Fn() -> bool) {
        let deadline = Instant::now() + LONG;
        while !fact() {
            assert!(Instant::now() < deadline, "never: {what}");
            thread::yield_now();
        }
    }

    #[test]
    fn a_stage_cancels_the_other_token_and_its_children() {
        let source = StopSource::new();
        let (new_work, active) = (CancellationToken::new(), CancellationToken::new());
        let child = active.child_token();
        let token = source.token();
        let bridges = [
            token.cancel_at(Stage::CancelQueued, &new_work),
            token.cancel_at(Stage::TerminateActive, &active),
        ];
        let _bridges = bridges.map(|bridge| bridge.expect("a thread"));
        source.stop(Stage::CancelQueued);
        until("new work is cancelled", || new_work.is_cancelled());
        assert!(!child.is_cancelled(), "stage 1 lets active work complete");
        source.stop(Stage::TerminateActive);
        until("active work is cancelled", || child.is_cancelled());
    }

    #[test]
    fn a_closed_bridge_cancels_nothing() {
        let source = StopSource::new();
        let other = CancellationToken::new();
        drop(source.token().cancel_at(Stage::CancelQueued, &other));
        source.stop(Stage::ExitNow);
        assert!(!other.is_cancelled());
    }

    #[test]
    fn a_cancelled_token_stops_and_wakes_this_side() {
        for _ in 0..100 {
            let source = StopSource::new();
            let parent = CancellationToken::new();
            let token = source
                .token()
                .or_cancelled(Stage::TerminateActive, &parent.child_token())
                .expect("a thread");
            let waiter = {
                let token = token.clone();
                thread::spawn(move || {
                    let begun = Instant::now();
                    // At its end, a wait looks once more: it has to end early.
                    let reached = token.wait_timeout(Stage::CancelQueued, LONG);
                    (reached, begun.elapsed() < LONG)
                })
            };
            let waiters = &token.cell.storage().waiters;
            until("somebody waits", || waiters.load(Ordering::SeqCst) > 0);
            assert_eq!(token.stage(), Stage::Running);
            parent.cancel();
            let (reached, was_woken) = waiter.join().expect("no panic");
            assert_eq!(reached, Some(Stage::TerminateActive));
            assert!(was_woken, "the wait ended by time");
            assert!(token.checkpoint().is_err());
            assert_eq!(source.token().stage(), Stage::Running, "not the parent");
        }
    }

    #[test]
    fn who_was_cancelled_before_shows_it_at_once() {
        let other = CancellationToken::new();
        other.cancel();
        let token = StopSource::new().token();
        let token = token.or_cancelled(Stage::CancelQueued, &other);
        assert_eq!(token.expect("a thread").stage(), Stage::CancelQueued);
    }

    #[test]
    fn the_listener_ends_with_the_last_clone_of_the_token() {
        let other = CancellationToken::new();
        let token = StopSource::new().token();
        let token = token.or_cancelled(Stage::CancelQueued, &other);
        let token = token.expect("a thread");
        let node = token.node.as_ref().map(Arc::downgrade).expect("a node");
        drop(token.clone());
        assert!(node.upgrade().is_some());
        // Joins the thread, which would wait for `other` for ever.
        drop(token);
        assert!(node.upgrade().is_none());
        other.cancel();
    }

    #[test]
    fn both_directions_at_once_make_no_circle() {
        let source = StopSource::new();
        let other = CancellationToken::new();
        let token = source.token().or_cancelled(Stage::CancelQueued, &other);
        let token = token.expect("a thread");
        let _bridge = token.cancel_at(Stage::CancelQueued, &other);
        source.stop(Stage::CancelQueued);
        until("it is cancelled", || other.is_cancelled());
        assert_eq!(token.stage(), Stage::CancelQueued);
    }
}
