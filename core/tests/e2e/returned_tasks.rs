//! Tasks that a worker had taken, and not begun, when the program was asked to
//! stop: they are not begun. Each moment is held open, not hoped for.

use std::cell::RefCell;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use sigproof_core::pool::Cancelled;
use sigproof_core::{Outcome, Stage, StopSource, ThreadPool};

#[derive(Debug, PartialEq, Eq)]
enum News {
    Begun,
    WorkerEnded,
}

/// Says so when its thread ends.
struct Farewell(Sender<News>);

impl Drop for Farewell {
    fn drop(&mut self) {
        // The test may have failed and gone.
        let _ = self.0.send(News::WorkerEnded);
    }
}

thread_local! {
    static FAREWELL: RefCell<Option<Farewell>> = const { RefCell::new(None) };
}

/// The coordinator is held in its call-back, so that it cannot clear the queue,
/// until the worker has dealt with the task that it takes after the stop:
/// either it begins the task, or it gives it back and ends. Until all tasks are
/// queued none is over: a held coordinator queues no more.
fn the_next_task_is_given_back(stop: impl Fn(&StopSource) + Send + Sync + 'static) {
    let source = StopSource::new();
    let pool = ThreadPool::new(&source.token()).workers(1);
    let (hold, held) = channel();
    let queued = hold.clone();
    let held = Mutex::new(held);
    let (say, news) = channel();
    let mut heard = None;
    let results = pool.map_streaming(
        (0..3).inspect(move |&number| {
            if number == 2 {
                queued.send(()).expect("task 0 waits");
            }
        }),
        move |number, _| {
            match number {
                0 => {
                    FAREWELL.set(Some(Farewell(say.clone())));
                    let held = held.lock().expect("no panic");
                    held.recv_timeout(crate::support::DEADLINE)?;
                }
                1 => {
                    let held = held.lock().expect("no panic");
                    held.recv_timeout(crate::support::DEADLINE)?;
                    stop(&source);
                }
                _ => say.send(News::Begun)?,
            }
            Ok(number)
        },
        |index, _| {
            if index == 0 {
                hold.send(()).expect("task 1 waits");
                heard = news.recv_timeout(crate::support::DEADLINE).ok();
            }
        },
    );
    assert_eq!(heard, Some(News::WorkerEnded));
    assert_eq!(
        results.outcomes(),
        [
            Outcome::Completed(0),
            Outcome::Completed(1),
            Outcome::Cancelled(Cancelled::Queued),
        ]
    );
}

#[test]
fn a_thread_gives_back_what_it_took_after_the_stop() {
    the_next_task_is_given_back(|source| {
        source.stop(Stage::CancelQueued);
    });
}

#[test]
fn a_thread_gives_back_what_was_queued_before_a_new_epoch() {
    the_next_task_is_given_back(|source| {
        source.stop(Stage::CancelQueued);
        source.reset();
    });
}

#[cfg(feature = "process")]
mod processes {
    use std::fs::{self, File};
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use nix::sys::signal::{Signal as Unix, kill};
    use nix::unistd::Pid;
    use serde::{Deserialize, Serialize, Serializer};
    use sigproof_core::Executor;
    use sigproof_core::pool::{ProcessPool, WorkerProgram};

    use super::*;
    use crate::support::until;

    /// How many jobs were made ready to be sent. The pool does that after its
    /// own last look at the stage.
    static SENT: AtomicUsize = AtomicUsize::new(0);

    #[derive(Deserialize, Serialize)]
    struct Job(#[serde(serialize_with = "count_and_serialize")] Option<PathBuf>);

    fn count_and_serialize<S: Serializer>(
        path: &Option<PathBuf>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        SENT.fetch_add(1, Ordering::SeqCst);
        path.serialize(serializer)
    }

    /// Creates the file, if the job names one; gives the worker's process id.
    fn worker() -> WorkerProgram<Job, u32> {
        WorkerProgram::register("mark", |job: Job, _| {
            job.0.map(File::create).transpose()?;
            Ok(std::process::id())
        })
    }

    /// Where worker processes begin; does nothing in the test runner.
    #[test]
    fn worker_entry() {
        let _ = worker();
    }

    /// The worker is frozen when the job is sent to it, and goes on when the
    /// pool has shown it the stage. Another job, still queued, is cancelled
    /// after that was shown, so its outcome is the sign.
    #[test]
    fn a_process_does_not_begin_what_was_sent_before_the_stop() {
        let source = StopSource::new();
        let pool = ProcessPool::new(&source.token(), &worker())
            .workers(1)
            .worker_args([test_name!("worker_entry"), "--exact"]);
        let first = pool.run([Job(None)]);
        let pid = *first.values().next().expect("a process id");
        let worker = Pid::from_raw(i32::try_from(pid).expect("a process id"));
        kill(worker, Unix::SIGSTOP).expect("the worker is there");
        until("the worker is frozen", || {
            fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") T"))
        });
        let dir = tempfile::tempdir().expect("a directory");
        let marks = ["sent", "queued"].map(|name| dir.path().join(name));
        let results = thread::scope(|scope| {
            scope.spawn(|| {
                until("the job is sent", || SENT.load(Ordering::SeqCst) == 2);
                source.stop(Stage::CancelQueued);
            });
            let jobs = marks.iter().map(|mark| Job(Some(mark.clone())));
            pool.run_streaming(jobs, |index, _| {
                if index == 1 {
                    kill(worker, Unix::SIGCONT).expect("the worker is there");
                }
            })
        });
        let queued = Outcome::Cancelled(Cancelled::Queued);
        assert_eq!(results.outcomes(), [queued.clone(), queued]);
        assert!(marks.iter().all(|mark| !mark.exists()), "it was begun");
    }
}
