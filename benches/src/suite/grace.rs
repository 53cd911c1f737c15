//! From the second Ctrl+C to the results, beyond the grace period: with tasks
//! that look at their token, and with tasks that never do.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, raise};
use sigproof_core::{InterruptHandler, Options, Policy, Stage, ThreadPool};

use super::child::{in_child, serve, unknown, wait_for};
use super::clock;
use crate::row::{Bar, Contender, Line, Row, Statistic};

const TASKS: usize = 64;
const GRACE: Duration = Duration::from_millis(20);

pub(super) fn rows() -> Vec<Row> {
    let row = |name, what, role| Row {
        name,
        what,
        rounds: 41,
        count: 1,
        contenders: vec![Contender::new("ours", in_child(role))],
        lines: vec![
            Line::of("p50", Statistic::All(0.5), Bar::Limit(5e6)),
            Line::of("p99", Statistic::All(0.99), Bar::None),
        ],
    };
    vec![
        row(
            "grace-looking",
            "stage 2 to results, 64 tasks that look",
            "grace looking",
        ),
        row(
            "grace-stuck",
            "stage 2 to results, 64 stuck tasks, less the grace",
            "grace stuck",
        ),
    ]
}

/// What the tasks of a run share with who stops them.
#[derive(Default)]
struct Run {
    started: AtomicUsize,
    ended: AtomicUsize,
    released: Mutex<bool>,
    release: Condvar,
}

pub(super) fn play(tasks: &str) -> io::Result<()> {
    let looks = match tasks {
        "looking" => true,
        "stuck" => false,
        other => return Err(unknown(other)),
    };
    let policy = Policy::escalating().deduplicate_within(Duration::ZERO);
    let handler = InterruptHandler::install(Options::new(policy)).map_err(io::Error::other)?;
    serve(|count| (0..count).map(|_| once(&handler, looks)).collect())
}

fn once(handler: &InterruptHandler, looks: bool) -> io::Result<f64> {
    let run = Arc::new(Run::default());
    let pool = ThreadPool::new(&handler.token())
        .workers(TASKS)
        .grace(GRACE);
    let shared = Arc::clone(&run);
    let stopper = thread::spawn(move || -> io::Result<u64> {
        wait_for(|| shared.started.load(Ordering::SeqCst) == TASKS)?;
        raise(Signal::SIGINT)?;
        let begun = clock::now_ns()?;
        raise(Signal::SIGINT)?;
        Ok(begun)
    });
    let shared = Arc::clone(&run);
    let results = pool.map(0..TASKS, move |_, token| {
        shared.started.fetch_add(1, Ordering::SeqCst);
        if looks {
            token.wait(Stage::TerminateActive);
        } else {
            let mut released = lock(&shared.released);
            while !*released {
                released = shared
                    .release
                    .wait(released)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
        shared.ended.fetch_add(1, Ordering::SeqCst);
        token.checkpoint()?;
        Ok(())
    });
    let ended = clock::now_ns()?;
    let begun = stopper.join().map_err(|_| io::Error::other("a panic"))??;
    let tally = results.tally();
    let given_up = if looks {
        tally.cancelled_active
    } else {
        tally.abandoned
    };
    if given_up != TASKS {
        return Err(io::Error::other(format!(
            "not every task was stopped: {tally:?}"
        )));
    }
    *lock(&run.released) = true;
    run.release.notify_all();
    wait_for(|| run.ended.load(Ordering::SeqCst) == TASKS)?;
    handler.reset();
    let grace = if looks { 0.0 } else { GRACE.as_nanos() as f64 };
    Ok(clock::span(begun, ended) - grace)
}

fn lock(released: &Mutex<bool>) -> std::sync::MutexGuard<'_, bool> {
    released.lock().unwrap_or_else(PoisonError::into_inner)
}
