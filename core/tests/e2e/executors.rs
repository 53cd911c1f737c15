//! One suite for every pool: the promises of `Executor`, on threads and on
//! worker processes.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sigproof_core::pool::{Cancelled, Failure, ProcessPool, ThreadTask, WorkerProgram};
use sigproof_core::{Executor, Outcome, Stage, StopSource, StopToken, TaskError, ThreadPool};

use crate::support::until;

const LONG: Duration = Duration::from_secs(600);
const BRIEF: Duration = Duration::from_millis(20);

/// What a task does. A file says that a task has begun.
#[derive(Clone, Debug, Deserialize, Serialize)]
enum Job {
    Value(u64),
    Error,
    /// An error with a cause.
    Caused,
    Panic,
    /// Ends at a checkpoint of stage 2.
    Polite(PathBuf),
    /// Completes at stage 1, with the number of the stage.
    Watch(PathBuf),
    /// Completes when the second file is there, whatever the stage.
    Stubborn(PathBuf, PathBuf),
    /// Never looks and never ends.
    Deaf(PathBuf),
}

fn work(job: Job, token: &StopToken) -> Result<u64, TaskError> {
    match job {
        Job::Value(value) => Ok(value),
        Job::Error => Err("no luck".into()),
        Job::Caused => Err(ReadError(std::io::ErrorKind::NotFound.into()).into()),
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
    }
}

/// Says what failed, and leaves the reason to its source.
#[derive(Debug)]
struct ReadError(std::io::Error);

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot read it")
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

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
            .worker_args([test_name!("worker_entry"), "--exact", "--nocapture"])
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
        let failed = |message: &str, panicked| Outcome::Failed(Failure::new(message, panicked));
        assert_eq!(outcomes[50], failed("no luck", false));
        assert_eq!(outcomes[51], failed("help", true));
        assert_eq!(outcomes[52], Outcome::Completed(99));
    }
}

/// Gives the failure, whose error is of its own type where it could be kept.
fn causes<K: Kind>() -> Failure {
    let pool = K::pool(&StopSource::new(), LONG);
    let outcomes = pool.run([K::task(Job::Caused)]).into_outcomes();
    let [Outcome::Failed(failure)] = &outcomes[..] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(failure.to_string(), "cannot read it");
    assert_eq!(
        failure.error().map(ToString::to_string),
        Some("cannot read it".to_owned())
    );
    let cause = std::io::Error::from(std::io::ErrorKind::NotFound).to_string();
    assert_eq!(
        failure.source().map(ToString::to_string),
        Some(cause.clone())
    );
    assert_eq!(format!("{failure:#}"), format!("cannot read it: {cause}"));
    failure.clone()
}

#[test]
fn a_thread_keeps_the_error_itself() {
    let failure = causes::<Threads>();
    assert!(failure.downcast_ref::<ReadError>().is_some());
    let source = failure.downcast_ref::<std::io::Error>();
    assert_eq!(
        source.map(std::io::Error::kind),
        Some(std::io::ErrorKind::NotFound)
    );
}

#[test]
fn a_worker_tells_the_causes_of_an_error() {
    let failure = causes::<Processes>();
    assert!(failure.downcast_ref::<ReadError>().is_none());
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

/// Threads or processes, for code that does not know which.
fn chosen(processes: bool, token: &StopToken) -> Box<dyn Executor<u64, Task = Job>> {
    if processes {
        let program = WorkerProgram::register("work", work);
        let args = [test_name!("worker_entry"), "--exact", "--nocapture"];
        Box::new(
            ProcessPool::new(token, &program)
                .workers(2)
                .worker_args(args),
        )
    } else {
        Box::new(ThreadPool::new(token).workers(2).with_work(work))
    }
}

#[test]
fn an_executor_is_chosen_at_run_time() {
    for processes in [false, true] {
        let source = StopSource::new();
        let executor = chosen(processes, &source.token());
        let results = executor.run((0..5).map(Job::Value));
        assert!(results.into_values().eq(0..5), "{processes}");
        source.stop(Stage::CancelQueued);
        let mut seen = 0;
        let results = executor.run_streaming([Job::Value(1)], |_, _| seen += 1);
        assert_eq!((seen, results.tally().cancelled_queued), (1, 1));
    }
}
