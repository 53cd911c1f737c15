//! Tokens in a real tokio runtime, moved by a real signal.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal as Unix, raise};
use sigproof_core::feedback::Silent;
use sigproof_core::{InterruptHandler, Options, Policy, Stage, StopSource, Tracker};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use crate::support::{Program, role};

const LONG: Duration = Duration::from_secs(60);

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
}

#[test]
fn a_signal_resolves_what_a_runtime_waits_for() {
    const NAME: &str = test_name!("a_signal_resolves_what_a_runtime_waits_for");
    if role().is_none() {
        Program::start(NAME, "child").exits_with(0);
        return;
    }
    let options = Options::new(Policy::escalating()).feedback(Silent);
    let handler = InterruptHandler::install(options).expect("install");
    let token = handler.token();
    let cancelled = CancellationToken::new();
    let bridge = token.cancel_at(Stage::TerminateActive, &cancelled);
    let _bridge = bridge.expect("a thread");
    runtime().block_on(async {
        let waits: Vec<_> = (0..50)
            .map(|_| tokio::spawn(token.reached(Stage::CancelQueued)))
            .collect();
        tokio::task::yield_now().await;
        raise(Unix::SIGINT).expect("raise");
        for wait in waits {
            assert_eq!(wait.await.expect("no panic"), Stage::CancelQueued);
        }
        // The second stage has not come: a select goes the other way.
        tokio::select! {
            biased;
            stage = token.reached(Stage::TerminateActive) => panic!("{stage}"),
            () = cancelled.cancelled() => panic!("cancelled at stage 1"),
            () = tokio::task::yield_now() => {}
        }
        raise(Unix::SIGINT).expect("raise");
        tokio::time::timeout(LONG, cancelled.cancelled())
            .await
            .expect("the bridge passes stage 2 on");
    });
}

#[test]
fn what_a_runtime_cancels_stops_threads() {
    let source = StopSource::new();
    let cancelled = CancellationToken::new();
    let token = source
        .token()
        .or_cancelled(Stage::TerminateActive, &cancelled)
        .expect("a thread");
    let worker = std::thread::spawn(move || {
        let begun = Instant::now();
        // At its end, a sleep looks once more: it has to end early.
        (token.sleep(LONG), begun.elapsed() < LONG)
    });
    runtime().block_on(async {
        // Dropped by the end of the block, as on an early return.
        let _guard = cancelled.clone().drop_guard();
    });
    let (slept, was_woken) = worker.join().expect("no panic");
    let stopped = slept.expect_err("cut short");
    assert_eq!(stopped.stage(), Stage::TerminateActive);
    assert!(was_woken, "the sleep ended by time");
}

#[test]
fn a_stage_cuts_a_future_and_a_completed_one_is_kept() {
    let source = StopSource::new();
    let token = source.token();
    runtime().block_on(async {
        let kept = token.run_until(Stage::CancelQueued, async { 7 }).await;
        assert_eq!(kept.expect("it completes"), 7);
        let stop = source.clone();
        let cut = token.run_until(Stage::TerminateActive, async move {
            stop.stop(Stage::CancelQueued);
            tokio::task::yield_now().await;
            stop.stop(Stage::TerminateActive);
            std::future::pending::<()>().await;
        });
        let interrupted = cut.await.expect_err("it is cut");
        assert_eq!(interrupted.stage(), Stage::TerminateActive);
        // It completes at once, although the stage is there.
        assert!(token.run_until(Stage::CancelQueued, async {}).await.is_ok());
    });
}

#[test]
fn a_service_drains_until_stage_two() {
    let source = StopSource::new();
    let token = source.token();
    let tracker = Tracker::new();
    runtime().block_on(async {
        tracker.drained().await;
        let (go, may_go) = tokio::sync::oneshot::channel::<()>();
        let polite = tokio::spawn(tracker.track(async move { may_go.await.is_ok() }));
        let stubborn = tokio::spawn(tracker.track(std::future::pending::<()>()));
        source.stop(Stage::CancelQueued);
        assert_eq!(tracker.in_flight(), 2);
        go.send(()).expect("it listens");
        assert!(polite.await.expect("no panic"));
        let stop = source.clone();
        tokio::spawn(async move {
            tokio::task::yield_now().await;
            stop.stop(Stage::TerminateActive);
        });
        assert_eq!(tracker.drain(&token, Stage::TerminateActive).await, 1);
        stubborn.abort();
        assert!(stubborn.await.expect_err("aborted").is_cancelled());
        assert_eq!(
            tracker
                .drain(&StopSource::new().token(), Stage::ExitNow)
                .await,
            0
        );
    });
}
