//! What a look at the stage costs, by one thread and by several at once.

use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use sigproof_core::StopSource;
use tokio_util::sync::CancellationToken;

use super::clock;
use crate::row::{Bar, Contender, Line, Row};

/// Polls in one round of a contender.
const COUNT: u32 = 400_000;

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
    let scoped = token.scope();
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
                let token = scoped.token();
                polled(threads, count, token, |token| token.checkpoint().is_err())
            }),
        ],
        lines: vec![Line::median(Bar::Peer(1.1, FLAG))],
    }
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
            .map(|_| {
                scope.spawn(|| {
                    let polled = black_box(polled);
                    start.wait();
                    let begun = clock::now_ns()?;
                    for _ in 0..count {
                        if poll(polled) {
                            return Err(io::Error::other("nobody asked to stop"));
                        }
                    }
                    Ok((begun, clock::now_ns()?))
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| io::Error::other("a panic"))?)
            .collect::<io::Result<_>>()
    })?;
    let begun = spans.iter().map(|(begun, _)| *begun).min().unwrap_or(0);
    let ended = spans.iter().map(|(_, ended)| *ended).max().unwrap_or(0);
    Ok(vec![clock::span(begun, ended) / f64::from(count)])
}
