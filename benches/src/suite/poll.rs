//! What a look at the stage costs, by one thread and by several at once.

use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use sigproof_core::{StopSource, ThreadPool};
use tokio_util::sync::CancellationToken;

use super::clock;
use crate::row::{Bar, Contender, Line, Row};

/// Polls in one round of a contender, a multiple of 1,600.
const COUNT: u32 = 640_000;

const FLAG: &str = "AtomicBool";

pub(super) fn rows() -> Vec<Row> {
    let many = thread::available_parallelism().map_or(8, |count| 4 * count.get());
    vec![
        row("poll-1", "poll of the stage, 1 thread", 1),
        row("poll-2", "poll of the stage, 2 threads", 2),
        row("poll-n", "poll of the stage, 4 threads a processor", many),
    ]
}

fn row(name: &'static str, what: &'static str, threads: usize) -> Row {
    let source = StopSource::new();
    let token = source.token();
    let pool = ThreadPool::new(&token).workers(threads);
    let flag = Arc::new(AtomicBool::new(false));
    let hooked = Arc::new(AtomicBool::new(false));
    let cancellation = CancellationToken::new();
    Row {
        name,
        what,
        rounds: 101,
        count: COUNT,
        contenders: vec![
            Contender::new("ours", move |count| {
                // The source would say that nobody is left to stop it.
                let _ = &source;
                polled(threads, count, &token, |token| token.checkpoint().is_err())
            }),
            Contender::new(FLAG, move |count| {
                polled(threads, count, &flag, |flag| flag.load(Ordering::Relaxed))
            }),
            Contender::new("signal-hook flag", move |count| {
                // Registered in the rows of the handler; here it is polled.
                polled(threads, count, &hooked, |flag| flag.load(Ordering::Relaxed))
            }),
            Contender::new("CancellationToken", move |count| {
                // It takes a lock: a hundredth of the polls is plenty.
                polled(threads, count / 100, &cancellation, |token| {
                    token.is_cancelled()
                })
            }),
            Contender::new("ours in a task of a pool", move |count| {
                polled_in_tasks(&pool, threads, count)
            }),
        ],
        lines: vec![Line::median(Bar::Peer(1.1, FLAG))],
    }
}

/// Many polls in a row. In a loop around one its place in memory counts: it
/// takes one cycle or two, whatever it polls.
macro_rules! sixteen {
    ($poll:expr) => {{
        macro_rules! four {
            () => {
                $poll || $poll || $poll || $poll
            };
        }
        four!() || four!() || four!() || four!()
    }};
}

/// Lets `threads` threads poll `count` times each, and gives the time that a
/// poll took, start to end of all of them.
fn polled<T: Sync>(
    threads: usize,
    count: u32,
    polled: &T,
    poll: impl Fn(&T) -> bool + Sync,
) -> io::Result<Vec<f64>> {
    let start = Barrier::new(threads);
    let spans: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| looped(&start, count, black_box(polled), &poll)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| io::Error::other("a panic"))?)
            .collect::<io::Result<_>>()
    })?;
    Ok(vec![each(&spans, count)])
}

/// The same in the tasks of a pool, with the tokens that it gives them.
fn polled_in_tasks(pool: &ThreadPool, threads: usize, count: u32) -> io::Result<Vec<f64>> {
    let start = Barrier::new(threads);
    let results = pool.map(0..threads, move |_, token| {
        Ok(looped(&start, count, black_box(token), &|token| {
            token.checkpoint().is_err()
        })?)
    });
    let spans: Vec<_> = results.values().copied().collect();
    if spans.len() < threads {
        return Err(io::Error::other(results.tally().to_string()));
    }
    Ok(vec![each(&spans, count)])
}

fn looped<T>(
    start: &Barrier,
    count: u32,
    polled: &T,
    poll: &impl Fn(&T) -> bool,
) -> io::Result<(u64, u64)> {
    start.wait();
    let begun = clock::now_ns()?;
    for _ in 0..count / 16 {
        if sixteen!(poll(polled)) {
            return Err(io::Error::other("nobody asked to stop"));
        }
    }
    Ok((begun, clock::now_ns()?))
}

/// The time of one poll, from when threads began and ended.
fn each(spans: &[(u64, u64)], count: u32) -> f64 {
    let begun = spans.iter().map(|(begun, _)| *begun).min().unwrap_or(0);
    let ended = spans.iter().map(|(_, ended)| *ended).max().unwrap_or(0);
    clock::span(begun, ended) / f64::from(count)
}
