//! Tokens in a real tokio runtime, moved by a real signal.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal as Unix, raise};
use sigproof_core::feedback::Silent;
use sigproof_core::{InterruptHandler, Options, Policy, Stage, StopSource};
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
