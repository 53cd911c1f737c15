//! A small task there and back through a pool of processes.

use std::io;
use std::path::Path;
use std::process::Command;

use sigproof_core::pool::{ProcessPool, WorkerProgram};
use sigproof_core::{Executor, StopSource};

use super::child::Child;
use super::clock;
use crate::row::{Bar, Contender, Line, Row, Statistic};

const PYTHON: &str = "ProcessPoolExecutor";

pub(super) fn rows(small: &WorkerProgram<u64, u64>) -> Vec<Row> {
    let one_fifth = || Bar::Peer(0.2, PYTHON);
    vec![
        Row {
            name: "round-trip",
            what: "round trip of a small task, process pool, one by one",
            rounds: 21,
            count: 200,
            contenders: vec![
                Contender::new("ours", one_by_one(pool(small))),
                Contender::new(PYTHON, python("one-by-one")),
            ],
            lines: vec![
                Line::of("p50", Statistic::Rounds(0.5), one_fifth()).because(
                    "four threads are woken on the way there and back, for about 6 µs each: see kill to waiter",
                ),
                Line::of("p99", Statistic::Rounds(0.99), Bar::None),
            ],
        },
        Row {
            name: "round-trips",
            what: "small tasks, process pool, each of 1,000 in one run",
            rounds: 21,
            count: 1000,
            contenders: vec![
                Contender::new("ours", in_one_run(pool(small))),
                Contender::new(PYTHON, python("in-one-run")),
            ],
            lines: vec![Line::median(one_fifth())],
        },
    ]
}

/// One worker, so that every task goes the same way.
fn pool(small: &WorkerProgram<u64, u64>) -> ProcessPool<u64, u64> {
    ProcessPool::new(&StopSource::new().token(), small).workers(1)
}

fn one_by_one(pool: ProcessPool<u64, u64>) -> impl FnMut(u32) -> io::Result<Vec<f64>> {
    move |count| {
        let mut samples = Vec::new();
        for number in 0..u64::from(count) {
            let begun = clock::now_ns()?;
            let results = pool.run([number]);
            let ended = clock::now_ns()?;
            if !results.values().eq(&[number + 1]) {
                return Err(io::Error::other(format!("{:?}", results.outcomes())));
            }
            samples.push(clock::span(begun, ended));
        }
        Ok(samples)
    }
}

fn in_one_run(pool: ProcessPool<u64, u64>) -> impl FnMut(u32) -> io::Result<Vec<f64>> {
    move |count| {
        let begun = clock::now_ns()?;
        let results = pool.run(0..u64::from(count));
        let ended = clock::now_ns()?;
        if results.values().count() != count as usize {
            return Err(io::Error::other(results.tally().to_string()));
        }
        Ok(vec![clock::span(begun, ended) / f64::from(count)])
    }
}

/// `process_pool.py`, started in the first round.
fn python(mode: &'static str) -> impl FnMut(u32) -> io::Result<Vec<f64>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("process_pool.py");
    let mut child = None;
    move |count| {
        if child.is_none() {
            let mut command = Command::new("python3");
            child = Some(Child::with_others(command.arg(&script).arg(mode))?);
        }
        child
            .as_mut()
            .map_or(Ok(Vec::new()), |child| child.ask(count))
    }
}
