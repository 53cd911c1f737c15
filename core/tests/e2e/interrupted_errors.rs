//! A task that was cut at a checkpoint counts as cancelled, whatever error type
//! it returns; a task that failed by itself counts as failed.

use std::io;
use std::process::Command;

use anyhow::Context;
use sigproof_core::pool::{Cancelled, CommandRunner};
use sigproof_core::{Controller, Outcome, Stage, StopSource, StopToken, TaskError, ThreadPool};

const CANCELLED: Outcome<()> = Outcome::Cancelled(Cancelled::Active);

type Work = fn(&StopToken) -> Result<(), TaskError>;

fn plain(token: &StopToken) -> Result<(), TaskError> {
    Ok(token.checkpoint()?)
}

fn anyhow(token: &StopToken) -> anyhow::Result<()> {
    Ok(token.checkpoint()?)
}

fn context(token: &StopToken) -> anyhow::Result<()> {
    token.checkpoint().context("hashing")
}

fn text(token: &StopToken) -> Result<(), String> {
    token
        .scope()
        .token()
        .checkpoint()
        .map_err(|error| error.to_string())
}

fn input(token: &StopToken) -> io::Result<()> {
    token.checkpoint().map_err(io::Error::other)
}

fn converted(token: &StopToken) -> io::Result<()> {
    Ok(token.checkpoint()?)
}

fn command(token: &StopToken) -> io::Result<()> {
    // It is not started any more.
    let program = Command::new("never");
    CommandRunner::new(token).execute(program, |_| {}).map(drop)
}

const CUT: &[(&str, Work)] = &[
    ("plain", plain),
    ("anyhow", |token| Ok(anyhow(token)?)),
    ("anyhow with a context", |token| Ok(context(token)?)),
    ("a text", |token| Ok(text(token)?)),
    ("io::Error::other", |token| Ok(input(token)?)),
    ("io::Error::from", |token| Ok(converted(token)?)),
    ("a command", |token| Ok(command(token)?)),
];

/// The outcome of a task on a pool, and of a phase, that are stopped first.
fn outcomes(work: Work) -> [Outcome<()>; 2] {
    let source = StopSource::new();
    let stop = source.clone();
    let results = ThreadPool::new(&source.token())
        .workers(1)
        .map([()], move |(), token| {
            stop.stop(Stage::TerminateActive);
            work(token)
        });
    let source = StopSource::new();
    let report = Controller::new(&source.token())
        .phase("work", |token| {
            source.stop(Stage::TerminateActive);
            work(token)
        })
        .run();
    [
        results.outcomes()[0].clone(),
        report.phases[0].outcome.clone(),
    ]
}

#[test]
fn a_task_that_was_cut_is_cancelled_whatever_its_error() {
    for (name, work) in CUT {
        assert_eq!(outcomes(*work), [CANCELLED, CANCELLED], "{name}");
    }
}

#[test]
fn a_task_that_fails_by_itself_has_failed() {
    let fails: [Work; 2] = [
        // It never looks at its token.
        |_| Err("the disk is full".into()),
        // A limit of its own, and no stop of the program.
        |_| {
            let own = StopSource::new();
            own.stop(Stage::TerminateActive);
            own.token().checkpoint().map_err(|_| "it took too long")?;
            Ok(())
        },
    ];
    for work in fails {
        for outcome in outcomes(work) {
            assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
        }
    }
}
