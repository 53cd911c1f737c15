//! A limit for one task: what stage 2 means, for that task alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sigproof_core::feedback::{Feedback, Notice};
use sigproof_core::pool::{Cancelled, ProcessPool, TimedOut, WorkerProgram};
use sigproof_core::{Executor, Outcome, Stage, StopSource, StopToken, TaskError, ThreadPool};

use crate::support::until;

/// Nothing ends because of it.
const LONG: Duration = Duration::from_secs(600);
/// A worker process begins, on a busy machine, in less than that.
const LIMIT: Duration = Duration::from_millis(500);
const ENDED: Outcome<u64> = Outcome::TimedOut(TimedOut::Ended);
const ABANDONED: Outcome<u64> = Outcome::TimedOut(TimedOut::Abandoned);

/// What a task does. A file says that it came so far.
#[derive(Clone, Debug, Deserialize, Serialize)]
enum Job {
    Value(u64),
    /// Ends at a checkpoint of stage 2, and says the process that it had.
    Polite(PathBuf),
    /// Completes when its token is at stage 2.
    Completes,
    /// Fails when its token is at stage 2.
    Fails,
    /// Never looks and never ends. Has started a program, and says which.
    Deaf(PathBuf),
    /// Is shielded for a while beyond its limit and the grace, then completes.
    Shielded,
    /// Says the id of its process.
    Process,
}

fn work(job: Job, token: &StopToken) -> Result<u64, TaskError> {
    match job {
        Job::Value(value) => Ok(value),
        Job::Polite(told) => {
            token.wait(Stage::TerminateActive);
            write(&told, std::process::id())?;
            token.checkpoint()?;
            Ok(0)
        }
        Job::Completes => Ok(token.wait(Stage::TerminateActive).number().into()),
        Job::Fails => {
            token.wait(Stage::TerminateActive);
            Err("at last".into())
        }
        Job::Deaf(told) => {
            write(&told, crate::support::long_program().spawn()?.id())?;
            loop {
                thread::park();
            }
        }
        Job::Shielded => {
            let shield = token.shield(LONG);
            let stopped = token.wait(Stage::TerminateActive);
            assert_eq!(shield.token().stage(), Stage::Running);
            // Nothing comes in a time much longer than the grace.
            let more = token.wait_timeout(Stage::ExitNow, Duration::from_millis(100));
            assert_eq!(more, None);
            Ok(stopped.number().into())
        }
        Job::Process => Ok(std::process::id().into()),
    }
}

/// In one step.
fn write(told: &Path, pid: u32) -> std::io::Result<()> {
    let part = told.with_extension("part");
    fs::write(&part, pid.to_string())?;
    fs::rename(part, told)
}

fn told(path: &Path) -> u64 {
    until("it says its number", || path.exists());
    let text = fs::read_to_string(path).expect("a file");
    text.parse().expect("a number")
}

/// Where worker processes begin; does nothing in the test runner.
#[test]
fn worker_entry() {
    let _ = WorkerProgram::<Job, u64>::register("limited", work);
}

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Notice>>>);

impl Feedback for Recorder {
    fn notify(&self, notice: &Notice) {
        self.0.lock().expect("no panic").push(notice.clone());
    }
}

/// A pool of two workers, threads or processes.
struct Pool {
    source: StopSource,
    recorder: Recorder,
    executor: Box<dyn Executor<u64, Task = Job>>,
}

impl Pool {
    fn new(processes: bool, grace: Duration) -> Pool {
        Pool::with_limit(processes, grace, LIMIT)
    }

    fn with_limit(processes: bool, grace: Duration, limit: Duration) -> Pool {
        let source = StopSource::new();
        let recorder = Recorder::default();
        let executor: Box<dyn Executor<u64, Task = Job>> = if processes {
            let program = WorkerProgram::register("limited", work);
            let pool = ProcessPool::new(&source.token(), &program)
                .workers(2)
                .grace(grace)
                .task_limit(limit)
                .feedback(recorder.clone())
                .worker_args([test_name!("worker_entry"), "--exact", "--nocapture"]);
            Box::new(pool)
        } else {
            let pool = ThreadPool::new(&source.token())
                .workers(2)
                .grace(grace)
                .task_limit(limit)
                .feedback(recorder.clone());
            Box::new(pool.with_work(work))
        };
        Pool {
            source,
            recorder,
            executor,
        }
    }

    fn run(&self, jobs: Vec<Job>) -> Vec<Outcome<u64>> {
        let results = self.executor.run(jobs);
        assert_eq!(results.interrupted(), None, "the program was not stopped");
        let timed_out = results.tally().timed_out;
        let outcomes = results.into_outcomes();
        let counted = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Outcome::TimedOut(_)));
        assert_eq!(counted.count(), timed_out);
        outcomes
    }
}

const KINDS: [bool; 2] = [false, true];

#[test]
fn a_task_at_its_limit_sees_stage_two_alone() {
    for processes in KINDS {
        let dir = tempfile::tempdir().expect("a directory");
        let go = dir.path().join("go");
        let pool = Pool::new(processes, LONG);
        let first = dir.path().join("first");
        let mut jobs = vec![Job::Polite(first.clone())];
        jobs.extend((0..50).map(Job::Value));
        jobs.push(Job::Polite(go.clone()));
        let outcomes = pool.run(jobs);
        assert_eq!(
            (&outcomes[0], &outcomes[51]),
            (&ENDED, &ENDED),
            "{processes}"
        );
        let values = outcomes[1..51]
            .iter()
            .cloned()
            .filter_map(Outcome::into_value);
        assert!(values.eq(0..50), "{processes}");
        let notices = pool.recorder.0.lock().expect("no panic").clone();
        for index in [0, 51] {
            let abandoned = false;
            assert!(
                notices.contains(&Notice::TaskTimedOut { index, abandoned }),
                "{notices:?}"
            );
        }
        assert_eq!(notices.len(), 2, "{notices:?}");
    }
}

#[test]
fn what_a_late_task_completes_or_fails_with_stays() {
    for processes in KINDS {
        let outcomes = Pool::new(processes, LONG).run(vec![Job::Completes, Job::Fails]);
        assert_eq!(outcomes[0], Outcome::Completed(2), "{processes}");
        let Outcome::Failed(failure) = &outcomes[1] else {
            panic!("{outcomes:?}");
        };
        assert_eq!(failure.message, "at last");
    }
}

/// More of them than workers, so that the run needs others in their place.
fn deaf(processes: bool) -> Vec<u64> {
    let dir = tempfile::tempdir().expect("a directory");
    let told: Vec<_> = (0..5)
        .map(|number| dir.path().join(number.to_string()))
        .collect();
    let pool = Pool::new(processes, Duration::from_millis(10));
    let mut jobs: Vec<Job> = told.iter().cloned().map(Job::Deaf).collect();
    jobs.extend((0..50).map(Job::Value));
    let outcomes = pool.run(jobs);
    let expected = if processes { ENDED } else { ABANDONED };
    assert!(
        outcomes[..5].iter().all(|outcome| *outcome == expected),
        "{outcomes:?}"
    );
    let values = outcomes[5..]
        .iter()
        .cloned()
        .filter_map(Outcome::into_value);
    assert!(values.eq(0..50), "{outcomes:?}");
    let notices = pool.recorder.0.lock().expect("no panic").clone();
    let abandoned = !processes;
    for index in 0..5 {
        let notice = Notice::TaskTimedOut { index, abandoned };
        assert!(notices.contains(&notice), "{notices:?}");
    }
    // One that was ended before it said anything has started nothing, or nothing that is not in its group.
    let told = told.iter().filter(|path| path.exists());
    let pids: Vec<u64> = told.map(|path| self::told(path)).collect();
    assert!(!pids.is_empty(), "no task has begun");
    pids
}

#[test]
fn threads_of_deaf_tasks_are_abandoned_and_replaced() {
    for pid in deaf(false) {
        crate::support::kill(pid);
    }
}

#[test]
fn processes_of_deaf_tasks_are_killed_with_what_they_started() {
    for pid in deaf(true) {
        until("the program is gone", || crate::support::is_gone(pid));
    }
}

#[test]
fn a_process_that_has_seen_its_limit_gets_no_other_task() {
    let dir = tempfile::tempdir().expect("a directory");
    let pool = Pool::new(true, LONG);
    // The worker is there.
    assert!(pool.run(vec![Job::Value(1)])[0].is_completed());
    let late = dir.path().join("late");
    assert_eq!(pool.run(vec![Job::Polite(late.clone())]), [ENDED]);
    let late = told(&late);
    assert!(crate::support::is_gone(late), "it has ended with its task");
    for _ in 0..2 {
        let process = pool
            .run(vec![Job::Process])
            .pop()
            .and_then(Outcome::into_value);
        assert!(process.is_some_and(|pid| pid != late), "{process:?}");
    }
}

#[test]
fn a_shield_holds_off_the_end_of_a_late_task() {
    let pool = Pool::new(false, Duration::from_millis(1));
    assert_eq!(pool.run(vec![Job::Shielded]), [Outcome::Completed(2)]);
}

#[test]
fn stage_two_of_the_program_ends_all_as_ever() {
    for processes in KINDS {
        let dir = tempfile::tempdir().expect("a directory");
        let told = [dir.path().join("a"), dir.path().join("b")];
        let pool = Pool::with_limit(processes, Duration::from_millis(20), LONG);
        let outcomes = thread::scope(|scope| {
            scope.spawn(|| {
                until("both are at work", || told.iter().all(|path| path.exists()));
                pool.source.stop(Stage::TerminateActive);
            });
            let jobs = told.iter().cloned().map(Job::Deaf).chain([Job::Value(1)]);
            pool.executor.run(jobs.collect::<Vec<_>>()).into_outcomes()
        });
        let given_up = if processes {
            Outcome::Cancelled(Cancelled::Active)
        } else {
            Outcome::Abandoned
        };
        let queued = Outcome::Cancelled(Cancelled::Queued);
        assert_eq!(
            outcomes,
            [given_up.clone(), given_up, queued],
            "{processes}"
        );
        for path in &told {
            let pid = self::told(path);
            if !processes {
                crate::support::kill(pid);
            }
            until("the program is gone", || crate::support::is_gone(pid));
        }
    }
}

/// The thread has to end, and it has to be waited for: it borrows.
#[test]
fn a_scoped_run_waits_for_a_task_that_it_gave_up() {
    let pool = ThreadPool::new(&StopSource::new().token())
        .workers(1)
        .grace(Duration::from_millis(5))
        .task_limit(Duration::from_millis(5));
    let (given_up, ended) = (AtomicBool::new(false), AtomicBool::new(false));
    let work = |job, token: &StopToken| {
        if job == 0 {
            token.wait(Stage::TerminateActive);
            until("it is given up", || given_up.load(Ordering::SeqCst));
            ended.store(true, Ordering::SeqCst);
        }
        Ok(job)
    };
    let results = pool.scoped_map_streaming([0_u64, 1], work, |index, _| {
        given_up.fetch_or(index == 0, Ordering::SeqCst);
    });
    assert_eq!(results.outcomes(), [ABANDONED, Outcome::Completed(1)]);
    assert!(ended.load(Ordering::SeqCst));
}

/// Short tasks go to a worker many at a time. The late one has others behind it.
#[test]
fn what_a_late_worker_was_to_begin_next_is_begun_by_another_one() {
    let pool = ThreadPool::new(&StopSource::new().token())
        .workers(1)
        .task_limit(LIMIT);
    let results = pool.map(0..3000_u64, |job, token| {
        if job == 1500 {
            token.wait(Stage::TerminateActive);
            token.checkpoint()?;
        }
        Ok(job)
    });
    assert_eq!(results.outcomes()[1500], ENDED);
    assert_eq!(results.tally().completed, 2999);
}

/// Hundreds of workers one after the other: nothing of them stays.
#[cfg(target_os = "linux")]
#[test]
fn many_late_tasks_leave_no_thread_behind() {
    let threads = || fs::read_dir("/proc/self/task").expect("/proc").count();
    let before = threads();
    let pool = ThreadPool::new(&StopSource::new().token())
        .workers(8)
        .task_limit(Duration::from_millis(1));
    let mut most = 0;
    let results = pool.map_streaming(
        0..300_u64,
        |_, token| {
            token.wait(Stage::TerminateActive);
            Ok(token.checkpoint()?)
        },
        |_, _| most = most.max(threads()),
    );
    assert_eq!(results.tally().timed_out, 300);
    assert!(most <= before + 16, "{most} threads, {before} before");
}
