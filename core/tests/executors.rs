//! One suite for every pool: the promises of `Executor`, on threads and on
//! worker processes.
#![cfg(feature = "process")]

#[cfg_attr(windows, path = "support/windows.rs")]
mod support;

use std::fs::File;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sigproof_core::pool::{Cancelled, Failure, ProcessPool, ThreadTask, WorkerProgram};
use sigproof_core::{Executor, Outcome, Stage, StopSource, StopToken, TaskError, ThreadPool};
use support::until;

const LONG: Duration = Duration::from_secs(600);
const BRIEF: Duration = Duration::from_millis(20);

/// What a task does. A file says that a task has begun.
#[derive(Clone, Debug, Deserialize, Serialize)]
enum Job {
    Value(u64),
    Error,
    Panic,
    /// Ends at a checkpoint of stage 2.
    Polite(PathBuf),
    /// Completes at stage 1, with the number of the stage.
    Watch(PathBuf),
    /// Completes when the second file is there, whatever the stage.
    Stubborn(PathBuf, PathBuf),
    /// Never looks and never ends.
    Deaf(PathBuf),
    /// Dies, and takes its process with it.
    Crash,
    /// Starts a program that outlives it, and says its process id.
    Spawn,
}

fn work(job: Job, token: &StopToken) -> Result<u64, TaskError> {
    match job {
        Job::Value(value) => Ok(value),
        Job::Error => Err("no luck".into()),
        Job::Panic => panic!("help"),
        Job::Polite(begun) => {
            File::create(begun)?;
            token.wait(Stage::TerminateActive);
            token.checkpoint()?;
            Ok(1)
        }
        Job::Watch(begun) => {
            File::create(begun)?;
            Ok(token.wait(Stage::CancelQueued).number().into())
        }
        Job::Stubborn(begun, go) => {
            File::create(begun)?;
            until("the test lets the task go", || go.exists());
            Ok(2)
        }
        Job::Deaf(begun) => {
            File::create(begun)?;
            loop {
                thread::park();
            }
        }
        Job::Crash => std::process::abort(),
        Job::Spawn => {
            let child = long_program().spawn()?;
            Ok(child.id().into())
        }
    }
}

#[cfg(unix)]
fn long_program() -> std::process::Command {
    let mut command = std::process::Command::new("sleep");
    command.arg("600");
    command
}

#[cfg(windows)]
use support::long_program;

/// A pool with two workers, made for a source and a grace period.
trait Kind {
    type Task;
    type Pool: Executor<u64, Task = Self::Task>;
    fn pool(source: &StopSource, grace: Duration) -> Self::Pool;
    fn task(job: Job) -> Self::Task;
}

struct Threads;

impl Kind for Threads {
    type Task = ThreadTask<u64>;
    type Pool = ThreadPool;

    fn pool(source: &StopSource, grace: Duration) -> ThreadPool {
        ThreadPool::new(&source.token()).workers(2).grace(grace)
    }

    fn task(job: Job) -> ThreadTask<u64> {
        Box::new(move |token| work(job, token))
    }
}

struct Processes;

impl Kind for Processes {
    type Task = Job;
    type Pool = ProcessPool<Job, u64>;

    fn pool(source: &StopSource, grace: Duration) -> ProcessPool<Job, u64> {
        let program = WorkerProgram::register("work", work);
        ProcessPool::new(&source.token(), &program)
            .workers(2)
            .grace(grace)
            .worker_args(["worker_entry", "--exact", "--nocapture"])
    }

    fn task(job: Job) -> Job {
        job
    }
}

/// Where worker processes begin; does nothing in the test runner.
#[test]
fn worker_entry() {
    let _ = WorkerProgram::<Job, u64>::register("work", work);
}

struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Dir {
        Dir(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Runs jobs, and raises the stage when every file is there.
fn run_and_stop<K: Kind>(
    jobs: Vec<Job>,
    grace: Duration,
    begun: &[PathBuf],
    stop: impl FnOnce(&StopSource) + Send,
) -> Vec<Outcome<u64>> {
    let source = StopSource::new();
    let pool = K::pool(&source, grace);
    thread::scope(|scope| {
        scope.spawn(|| {
            until("the tasks begin", || begun.iter().all(|path| path.exists()));
            stop(&source);
        });
        pool.run(jobs.into_iter().map(K::task)).into_outcomes()
    })
}

fn values_errors_and_panics<K: Kind>() {
    let pool = K::pool(&StopSource::new(), LONG);
    for _ in 0..2 {
        let mut jobs: Vec<_> = (0..50).map(Job::Value).collect();
        jobs.extend([Job::Error, Job::Panic, Job::Value(99)]);
        let mut streamed = vec![0; jobs.len()];
        let results = pool.run_streaming(jobs.into_iter().map(K::task), |index, _| {
            streamed[index] += 1;
        });
        assert!(streamed.iter().all(|times| *times == 1));
        let outcomes = results.outcomes();
        for (index, outcome) in outcomes[..50].iter().enumerate() {
            assert_eq!(*outcome, Outcome::Completed(index as u64));
        }
        let failed = |message: &str, panicked| {
            let message = message.to_owned();
            Outcome::Failed(Failure { message, panicked })
        };
        assert_eq!(outcomes[50], failed("no luck", false));
        assert_eq!(outcomes[51], failed("help", true));
        assert_eq!(outcomes[52], Outcome::Completed(99));
    }
}

fn stage_one<K: Kind>() {
    let dir = Dir::new();
    let (begun, go) = ([dir.path("a"), dir.path("b")], dir.path("go"));
    let mut jobs: Vec<_> = begun
        .iter()
        .map(|path| Job::Stubborn(path.clone(), go.clone()))
        .collect();
    jobs.extend((0..20).map(Job::Value));
    let outcomes = run_and_stop::<K>(jobs, LONG, &begun, |source| {
        source.stop(Stage::CancelQueued);
        File::create(&go).expect("a file");
    });
    assert_eq!(
        outcomes[..2],
        [Outcome::Completed(2), Outcome::Completed(2)]
    );
    let queued = Outcome::Cancelled(Cancelled::Queued);
    assert!(
        outcomes[2..].iter().all(|outcome| *outcome == queued),
        "{outcomes:?}"
    );
}

fn stage_one_is_seen<K: Kind>() {
    let dir = Dir::new();
    let begun = [dir.path("a"), dir.path("b")];
    let mut jobs: Vec<_> = begun.iter().cloned().map(Job::Watch).collect();
    jobs.push(Job::Value(0));
    let outcomes = run_and_stop::<K>(jobs, LONG, &begun, |source| {
        source.stop(Stage::CancelQueued);
    });
    assert_eq!(
        outcomes[..2],
        [Outcome::Completed(1), Outcome::Completed(1)]
    );
}

fn stage_two<K: Kind>() {
    let dir = Dir::new();
    let (polite, stubborn, go) = (dir.path("polite"), dir.path("stubborn"), dir.path("go"));
    let jobs = vec![
        Job::Polite(polite.clone()),
        Job::Stubborn(stubborn.clone(), go.clone()),
        Job::Value(0),
    ];
    let outcomes = run_and_stop::<K>(jobs, LONG, &[polite, stubborn], |source| {
        source.stop(Stage::TerminateActive);
        File::create(&go).expect("a file");
    });
    assert_eq!(
        outcomes,
        [
            Outcome::Cancelled(Cancelled::Active),
            // It did not look, and completed within the grace: not dropped.
            Outcome::Completed(2),
            Outcome::Cancelled(Cancelled::Queued),
        ]
    );
}

fn deaf<K: Kind>(stage: Stage, grace: Duration) -> Vec<Outcome<u64>> {
    let dir = Dir::new();
    let begun = dir.path("deaf");
    let jobs = vec![Job::Deaf(begun.clone())];
    run_and_stop::<K>(jobs, grace, &[begun], |source| {
        source.stop(stage);
    })
}

macro_rules! suite {
    ($kind:ident, $name:ident, $given_up:expr) => {
        mod $name {
            use super::*;

            #[test]
            fn values_errors_and_panics_come_in_order() {
                values_errors_and_panics::<$kind>();
            }

            #[test]
            fn stage_one_completes_what_is_active() {
                stage_one::<$kind>();
            }

            #[test]
            fn active_tasks_see_stage_one() {
                stage_one_is_seen::<$kind>();
            }

            #[test]
            fn stage_two_cuts_at_a_checkpoint() {
                stage_two::<$kind>();
            }

            #[test]
            fn a_deaf_task_is_given_up_after_the_grace() {
                assert_eq!(deaf::<$kind>(Stage::TerminateActive, BRIEF), [$given_up]);
            }

            #[test]
            fn stage_three_waits_for_nobody() {
                assert_eq!(deaf::<$kind>(Stage::ExitNow, LONG), [$given_up]);
            }
        }
    };
}

suite!(Threads, threads, Outcome::Abandoned);
suite!(Processes, processes, Outcome::Cancelled(Cancelled::Active));

#[cfg(unix)]
const ABORTED: &str = "killed by signal 6";
#[cfg(windows)]
const ABORTED: &str = "ended by exception 0xc0000409";

#[test]
fn a_crashed_worker_loses_its_own_task_only() {
    let pool = Processes::pool(&StopSource::new(), LONG);
    let jobs = (0..30).map(|number| match number % 3 {
        0 => Job::Crash,
        _ => Job::Value(number),
    });
    let results = pool.run(jobs);
    for (index, outcome) in results.outcomes().iter().enumerate() {
        let expected = match index % 3 {
            0 => Outcome::Lost(ABORTED.to_owned()),
            _ => Outcome::Completed(index as u64),
        };
        assert_eq!(*outcome, expected, "task {index}");
    }
}

/// It had nothing to do: the next task gets another worker.
#[test]
fn a_worker_killed_between_two_tasks_loses_none() {
    let program = WorkerProgram::register("idle", |(): (), _: &StopToken| Ok(std::process::id()));
    let pool = ProcessPool::new(&StopSource::new().token(), &program)
        .workers(1)
        .worker_args(["a_worker_killed_between_two_tasks_loses_none", "--exact"]);
    let mut last = 0;
    for _ in 0..3 {
        let results = pool.run([()]);
        let pid = *results
            .values()
            .next()
            .unwrap_or_else(|| panic!("{results:?}"));
        assert_ne!(pid, last, "another worker");
        last = pid;
        // It waits for a task.
        kill(pid.into());
        until("the worker is dead", || is_gone(pid.into()));
    }
}

#[test]
fn workers_and_what_they_started_end_with_the_pool() {
    let pool = Processes::pool(&StopSource::new(), LONG);
    let results = pool.run([Job::Spawn]);
    let pid = *results.values().next().expect("a process id");
    assert!(!is_gone(pid), "it lives as long as its worker");
    drop(pool);
    until("the program is gone", || is_gone(pid));
}

#[cfg(unix)]
fn is_gone(pid: u64) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let stat = std::fs::read_to_string(process.join("stat"));
    let threads = std::fs::read_dir(process.join("task")).map_or(0, Iterator::count);
    // Its first thread may be a zombie while another one still holds the
    // line to the pool.
    stat.is_ok_and(|stat| stat.contains(") Z")) && threads <= 1 || !process.exists()
}

#[cfg(unix)]
fn kill(pid: u64) {
    use nix::sys::signal::{Signal as Unix, kill};
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).expect("a process id"));
    kill(pid, Unix::SIGKILL).expect("it is there");
}

#[cfg(windows)]
use support::{is_gone, kill};

#[cfg(unix)]
#[test]
fn workers_see_what_they_should() {
    // A worker of its own work: what signals do to it, and its standard input.
    let program = WorkerProgram::register("look", |(): (), _: &StopToken| {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let line = |name: &str| -> String {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        let group = nix::unistd::getpgrp() == nix::unistd::getpid();
        let stdin = std::fs::read_link("/proc/self/fd/0")?;
        let stdin = stdin.to_string_lossy().into_owned();
        Ok((line("SigIgn:"), line("SigCgt:"), stdin, group))
    });
    let pool = ProcessPool::new(&StopSource::new().token(), &program)
        .workers(1)
        .worker_args(["workers_see_what_they_should", "--exact"]);
    let results = pool.run([()]);
    let seen = results
        .values()
        .next()
        .unwrap_or_else(|| panic!("{results:?}"));
    let bit = |mask: &str, signal: u64| {
        u64::from_str_radix(mask, 16).expect("a mask") & 1 << (signal - 1) != 0
    };
    let (ignored, caught, stdin, group) = seen;
    assert!(bit(ignored, 2), "SIGINT is ignored: {ignored}");
    assert!(bit(caught, 15), "SIGTERM is a request: {caught}");
    for signal in [1, 3, 15] {
        assert!(!bit(ignored, signal), "signal {signal}: {ignored}");
    }
    for signal in [1, 2, 3] {
        assert!(!bit(caught, signal), "signal {signal}: {caught}");
    }
    assert_eq!(stdin, "/dev/null");
    assert!(group, "a group of its own");
}

#[cfg(unix)]
#[test]
fn nothing_outlives_a_killed_parent() {
    use nix::sys::signal::Signal as Unix;
    const NAME: &str = "nothing_outlives_a_killed_parent";
    if support::role().is_some() {
        let dir = PathBuf::from(std::env::var("DIR").expect("set by the test"));
        let pool = Processes::pool(&StopSource::new(), LONG);
        let jobs = [
            Job::Spawn,
            Job::Deaf(dir.join("a")),
            Job::Deaf(dir.join("b")),
        ];
        let results = pool.run_streaming(jobs, |_, outcome| {
            if let Outcome::Completed(pid) = outcome {
                support::say(&format!("pid {pid}"));
            }
        });
        unreachable!("the parent is killed: {results:?}");
    }
    let dir = Dir::new();
    let setup = support::Setup {
        env: vec![("DIR".to_owned(), dir.0.path().display().to_string())],
        ..support::Setup::default()
    };
    let mut program = support::Program::start_with(NAME, "child", setup);
    let line = program.expect("pid ");
    let pid = line.trim_start_matches("pid ");
    let pid = pid.parse().expect("a process id");
    until("both deaf tasks begin", || {
        dir.path("a").exists() && dir.path("b").exists()
    });
    let children = children_of(program.pid().as_raw());
    assert_eq!(children.len(), 2, "two workers");
    program.signal(Unix::SIGKILL);
    program.dies_by(Unix::SIGKILL);
    for child in children {
        until("the worker is gone", || is_gone(child));
    }
    until("the program of a task is gone", || is_gone(pid));
}

#[cfg(unix)]
fn children_of(pid: i32) -> Vec<u64> {
    std::fs::read_dir(format!("/proc/{pid}/task"))
        .expect("procfs")
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|children| {
            let children = children.split_whitespace();
            children
                .filter_map(|child| child.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}
