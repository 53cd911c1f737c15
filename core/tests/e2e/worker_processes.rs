//! What a process pool promises beyond what every pool does: a worker's death
//! costs its own task at most, and nothing outlives the pool. (`executors.rs`
//! has the rest.)

use std::path::PathBuf;
use std::time::Duration;
use std::{fs, thread};

use serde::{Deserialize, Serialize};
use sigproof_core::pool::{Lost, ProcessPool, WorkerProgram};
use sigproof_core::{Executor, Outcome, StopSource, StopToken, TaskError};

use crate::support::{is_gone, kill, long_program, until};

/// Longer than any test: nothing ends because of it.
const LONG: Duration = Duration::from_secs(600);

/// What a task does.
#[derive(Clone, Debug, Deserialize, Serialize)]
enum Job {
    Value(u64),
    /// Makes the file when it begins; never looks and never ends.
    Deaf(PathBuf),
    /// Makes the first file and waits for the second.
    Until(PathBuf, PathBuf),
    /// Runs a pool itself.
    Nested,
    /// Dies, and takes its process with it.
    Crash,
    /// Starts a program that outlives it, and says its process id.
    Spawn,
}

fn work(job: Job, _: &StopToken) -> Result<u64, TaskError> {
    match job {
        Job::Value(value) => Ok(value),
        Job::Deaf(begun) => {
            fs::File::create(begun)?;
            loop {
                thread::park();
            }
        }
        Job::Until(begun, go) => {
            fs::File::create(begun)?;
            until("it may go on", || go.exists());
            Ok(7)
        }
        Job::Nested => match pool().run([Job::Value(1)]).into_outcomes().pop() {
            Some(Outcome::Lost(how)) => Err(how.into()),
            other => Err(format!("{other:?}").into()),
        },
        Job::Crash => std::process::abort(),
        Job::Spawn => {
            let child = long_program().spawn()?;
            Ok(child.id().into())
        }
    }
}

/// A pool with two workers.
fn pool() -> ProcessPool<Job, u64> {
    let program = WorkerProgram::register("work", work);
    ProcessPool::new(&StopSource::new().token(), &program)
        .workers(2)
        .grace(LONG)
        .worker_args([test_name!("worker_entry"), "--exact", "--nocapture"])
}

/// Where worker processes begin; does nothing in the test runner.
#[test]
fn worker_entry() {
    let _ = WorkerProgram::<Job, u64>::register("work", work);
}

#[cfg(unix)]
const ABORTED: &str = "killed by signal 6";
#[cfg(windows)]
const ABORTED: &str = "ended by exception 0xc0000409";

#[test]
fn a_crashed_worker_loses_its_own_task_only() {
    let pool = pool();
    let jobs = (0..30).map(|number| match number % 3 {
        0 => Job::Crash,
        _ => Job::Value(number),
    });
    let results = pool.run(jobs);
    for (index, outcome) in results.outcomes().iter().enumerate() {
        match outcome {
            Outcome::Lost(lost @ Lost::Died(_)) if index % 3 == 0 => {
                assert_eq!(lost.to_string(), ABORTED, "task {index}");
            }
            _ => assert_eq!(*outcome, Outcome::Completed(index as u64), "task {index}"),
        }
    }
}

/// It had nothing to do: the next task gets another worker.
#[test]
fn a_worker_killed_between_two_tasks_loses_none() {
    let program = WorkerProgram::register("idle", |(): (), _: &StopToken| Ok(std::process::id()));
    let pool = ProcessPool::new(&StopSource::new().token(), &program)
        .workers(1)
        .worker_args([
            test_name!("a_worker_killed_between_two_tasks_loses_none"),
            "--exact",
        ]);
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
    let pool = pool();
    let results = pool.run([Job::Spawn]);
    let pid = *results.values().next().expect("a process id");
    assert!(!is_gone(pid), "it lives as long as its worker");
    drop(pool);
    until("the program is gone", || is_gone(pid));
}

#[cfg(unix)]
#[test]
fn workers_see_what_they_should() {
    // A worker of its own work: what signals do to it, and its standard input.
    let program = WorkerProgram::register("look", |(): (), _: &StopToken| {
        let status = fs::read_to_string("/proc/self/status")?;
        let line = |name: &str| -> String {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        let group = nix::unistd::getpgrp() == nix::unistd::getpid();
        let stdin = fs::read_link("/proc/self/fd/0")?;
        let stdin = stdin.to_string_lossy().into_owned();
        Ok((line("SigIgn:"), line("SigCgt:"), stdin, group))
    });
    let pool = ProcessPool::new(&StopSource::new().token(), &program)
        .workers(1)
        .worker_args([test_name!("workers_see_what_they_should"), "--exact"]);
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
    const NAME: &str = test_name!("nothing_outlives_a_killed_parent");
    if crate::support::role().is_some() {
        let dir = PathBuf::from(std::env::var("DIR").expect("set by the test"));
        let pool = pool();
        let jobs = [
            Job::Spawn,
            Job::Deaf(dir.join("a")),
            Job::Deaf(dir.join("b")),
        ];
        let results = pool.run_streaming(jobs, |_, outcome| {
            if let Outcome::Completed(pid) = outcome {
                crate::support::say(&format!("pid {pid}"));
            }
        });
        unreachable!("the parent is killed: {results:?}");
    }
    let dir = tempfile::tempdir().expect("a directory");
    let setup = crate::support::Setup {
        env: vec![("DIR".to_owned(), dir.path().display().to_string())],
        ..crate::support::Setup::default()
    };
    let mut program = crate::support::Program::start_with(NAME, "child", setup);
    let line = program.expect("pid ");
    let pid = line.trim_start_matches("pid ");
    let pid = pid.parse().expect("a process id");
    until("both deaf tasks begin", || {
        ["a", "b"].iter().all(|name| dir.path().join(name).exists())
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
    fs::read_dir(format!("/proc/{pid}/task"))
        .expect("procfs")
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|children| {
            let children = children.split_whitespace();
            children
                .filter_map(|child| child.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// An upgrade puts another file in the place of a running program, or removes
/// it. Workers are what the running program is.
#[cfg(target_os = "linux")]
#[test]
fn workers_start_after_the_executable_was_replaced() {
    const NAME: &str = test_name!("workers_start_after_the_executable_was_replaced");
    const REPLACED: &str = "replaced";
    if let Some(role) = crate::support::role() {
        let ours = std::env::current_exe().expect("this program");
        fs::remove_file(&ours).expect("it can be removed");
        if role == REPLACED {
            fs::write(&ours, "no program").expect("another file");
        }
        let results = pool().run((0..3).map(Job::Value));
        assert!(results.values().eq(&[0, 1, 2]), "{results:?}");
        std::process::exit(0);
    }
    for role in [REPLACED, "removed"] {
        let dir = tempfile::tempdir().expect("a directory");
        let copy = dir.path().join("program");
        fs::copy(std::env::current_exe().expect("this program"), &copy).expect("a copy");
        let status = std::process::Command::new(&copy)
            .args([NAME, "--exact", "--nocapture"])
            .env("SIGPROOF_CORE_TEST_ROLE", role)
            .status();
        assert!(status.expect("it starts").success(), "{role}");
    }
}

/// The first run has nothing left when stage 1 comes; the second one completes
/// its active task, as stage 1 has it.
#[test]
fn a_run_that_ends_leaves_the_workers_of_another_run_alone() {
    let source = StopSource::new();
    let program = WorkerProgram::register("work", work);
    let pool = ProcessPool::new(&source.token(), &program)
        .workers(1)
        .worker_args([test_name!("worker_entry"), "--exact", "--nocapture"]);
    let dir = tempfile::tempdir().expect("a directory");
    let [begun, go] = ["begun", "go"].map(|name| dir.path().join(name));
    let completed = thread::scope(|scope| {
        let job = Job::Until(begun.clone(), go.clone());
        let other = scope.spawn(|| pool.run([job]));
        until("the task begins", || begun.exists());
        source.stop(sigproof_core::Stage::CancelQueued);
        let cancelled = pool.run([Job::Value(1)]);
        assert_eq!(cancelled.tally().cancelled_queued, 1);
        fs::write(&go, "").expect("a file");
        other.join().expect("no panic")
    });
    assert!(completed.values().eq(&[7]), "{completed:?}");
    // New workers run again.
    source.reset();
    assert!(pool.run([Job::Value(2)]).values().eq(&[2]));
}

/// Without the right arguments a worker never comes to its `register`. That does
/// not start a process for each task.
#[cfg(target_os = "linux")]
#[test]
fn workers_that_never_register_are_not_started_again_and_again() {
    const NAME: &str = test_name!("workers_that_never_register_are_not_started_again_and_again");
    let dir = tempfile::tempdir().expect("a directory");
    if let Ok(starts) = std::env::var("SIGPROOF_CORE_TEST_STARTS") {
        let ours = PathBuf::from(starts).join(std::process::id().to_string());
        fs::write(ours, "").expect("a file");
        if std::env::var_os("SIGPROOF_CORE_WORKER").is_some() {
            // A worker, whose `main` takes another way.
            std::process::exit(3);
        }
        let results = pool_with([NAME, "--exact"]).run((0..200).map(Job::Value));
        assert_eq!(results.tally().lost, 200, "{:?}", results.tally());
        let last = results.outcomes().last().expect("200").clone();
        let Outcome::Lost(how) = last else {
            panic!("{last:?}")
        };
        let Lost::NotStarted(how) = how else {
            panic!("{how}")
        };
        assert!(how.contains("before they registered"), "{how}");
        std::process::exit(0);
    }
    let status = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args([NAME, "--exact", "--nocapture"])
        .env("SIGPROOF_CORE_TEST_STARTS", dir.path())
        .status();
    assert!(status.expect("it starts").success());
    let starts = fs::read_dir(dir.path()).expect("the directory").count();
    // One is the pool's own; two workers at a time may fail at once.
    assert!(starts <= 6, "{starts} processes");
}

/// Somebody kills the first workers before they come to their `register`: that costs a task each, and not the pool.
#[cfg(target_os = "linux")]
#[test]
fn workers_that_are_killed_before_they_register_are_started_again() {
    const NAME: &str = test_name!("workers_that_are_killed_before_they_register_are_started_again");
    let dir = tempfile::tempdir().expect("a directory");
    if let Ok(starts) = std::env::var("SIGPROOF_CORE_TEST_STARTS") {
        let starts = PathBuf::from(starts);
        let ours = starts.join(std::process::id().to_string());
        fs::write(ours, "").expect("a file");
        let started = fs::read_dir(&starts).expect("the directory").count();
        // The pool's own process is the first.
        if std::env::var_os("SIGPROOF_CORE_WORKER").is_some() && started <= 6 {
            kill(std::process::id().into());
        }
        let results = pool_with([NAME, "--exact"]).run((0..200).map(Job::Value));
        let tally = results.tally();
        // Two that start at once may both find the file of the other.
        assert!((3..=5).contains(&tally.lost), "{tally:?}");
        assert_eq!(tally.completed + tally.lost, 200, "{tally:?}");
        std::process::exit(0);
    }
    let status = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args([NAME, "--exact", "--nocapture"])
        .env("SIGPROOF_CORE_TEST_STARTS", dir.path())
        .status();
    assert!(status.expect("it starts").success());
}

#[cfg(target_os = "linux")]
fn pool_with(args: [&str; 2]) -> ProcessPool<Job, u64> {
    let program = WorkerProgram::register("work", work);
    ProcessPool::new(&StopSource::new().token(), &program)
        .workers(2)
        .worker_args(args)
}

/// What the pool sends is not what the worker reads.
#[test]
fn a_job_that_cannot_be_decoded_is_named() {
    // In a worker, whose program has jobs of another type.
    let _ = WorkerProgram::<String, u64>::register("typed", |text: String, _: &StopToken| {
        Ok(text.len() as u64)
    });
    let program = WorkerProgram::<u64, u64>::register("typed", |number, _: &StopToken| Ok(number));
    let results = ProcessPool::new(&StopSource::new().token(), &program)
        .workers(1)
        .worker_args([
            test_name!("a_job_that_cannot_be_decoded_is_named"),
            "--exact",
        ])
        .run([300]);
    let [Outcome::Lost(Lost::Unfit(how))] = results.outcomes() else {
        panic!("{results:?}");
    };
    assert!(how.contains("cannot read a job"), "{how}");
}

#[test]
fn a_pool_inside_a_task_of_a_pool_is_refused_with_the_reason() {
    let results = pool().run([Job::Nested]);
    let [Outcome::Failed(failure)] = results.outcomes() else {
        panic!("{results:?}");
    };
    assert!(
        failure.message.contains("cannot use a process pool itself"),
        "{failure}"
    );
}

/// What libraries do at the end of a process, as for coverage, is done.
#[cfg(unix)]
#[test]
fn workers_end_as_any_program_does() {
    extern "C" fn at_exit() {
        // What libraries write at exit takes its time, which the pool gives them.
        std::thread::park_timeout(Duration::from_millis(100));
        if let Ok(path) = std::env::var("SIGPROOF_CORE_TEST_ENDED") {
            let _ = fs::write(path, "");
        }
    }
    // SAFETY: the function may be called at the end of the process.
    unsafe { libc::atexit(at_exit) };
    const NAME: &str = test_name!("workers_end_as_any_program_does");
    let program = WorkerProgram::register("ends", |path: String, _: &StopToken| {
        // SAFETY: the worker has no other thread that reads the environment.
        unsafe { std::env::set_var("SIGPROOF_CORE_TEST_ENDED", path) };
        Ok(())
    });
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("ended");
    let pool = ProcessPool::new(&StopSource::new().token(), &program)
        .workers(1)
        .worker_args([NAME, "--exact"]);
    let results = pool.run([path.display().to_string()]);
    assert_eq!(results.tally().completed, 1, "{results:?}");
    drop(pool);
    assert!(path.exists(), "the worker was killed");
}
