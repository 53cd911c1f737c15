//! Tasks that do nothing: what the pool itself costs. Everybody has a thread
//! for each processor and is done when all tasks are.

use std::io;
use std::thread;

use sigproof_core::{StopSource, ThreadPool};

use super::clock;
use crate::row::{Bar, Contender, Line, Row};

/// Tasks in a round.
const TASKS: u32 = 100_000;

type Task = Box<dyn FnOnce() + Send>;

pub(super) fn row() -> io::Result<Row> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let source = StopSource::new();
    let ours = ThreadPool::new(&source.token()).workers(threads);
    let outside = rayon_pool(threads)?;
    let inside = rayon_pool(threads)?;
    let plain = threadpool::ThreadPool::new(threads);
    Ok(Row {
        name: "empty-tasks",
        what: "100,000 empty tasks, thread pool",
        rounds: 41,
        count: TASKS,
        contenders: vec![
            Contender::new("ours", move |count| {
                // Each task gives a result, which is collected.
                let begun = clock::now_ns()?;
                let results = ours.map(0..count, |_, _| Ok(()));
                let ended = clock::now_ns()?;
                if results.tally().completed != count as usize {
                    return Err(io::Error::other("a task is missing"));
                }
                Ok(vec![clock::span(begun, ended)])
            }),
            Contender::new("rayon spawn", move |count| {
                timed(|| {
                    outside.in_place_scope(|scope| {
                        for _ in 0..count {
                            scope.spawn(|_| {});
                        }
                    });
                })
            }),
            Contender::new("rayon spawn, inside", move |count| {
                timed(|| {
                    inside.scope(|scope| {
                        for _ in 0..count {
                            scope.spawn(|_| {});
                        }
                    });
                })
            }),
            Contender::new("threadpool", move |count| {
                timed(|| {
                    for _ in 0..count {
                        plain.execute(|| {});
                    }
                    plain.join();
                })
            }),
            Contender::new("crossbeam channel", move |count| {
                timed(|| {
                    let (sender, receiver) = crossbeam_channel::unbounded::<Task>();
                    thread::scope(|scope| {
                        for _ in 0..threads {
                            let receiver = receiver.clone();
                            scope.spawn(move || receiver.into_iter().for_each(|task| task()));
                        }
                        for _ in 0..count {
                            // The receivers are there until it is dropped.
                            let _ = sender.send(Box::new(|| {}));
                        }
                        drop(sender);
                    });
                })
            }),
        ],
        lines: vec![Line::median(Bar::Fastest(1.2)).because(
            "a bare channel keeps no outcome and stops for nobody; the fastest pool, threadpool, takes 1.8 times as long as ours",
        )],
    })
}

fn rayon_pool(threads: usize) -> io::Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(io::Error::other)
}

fn timed(work: impl FnOnce()) -> io::Result<Vec<f64>> {
    let begun = clock::now_ns()?;
    work();
    Ok(vec![clock::span(begun, clock::now_ns()?)])
}
