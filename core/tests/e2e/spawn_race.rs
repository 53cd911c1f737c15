//! Ctrl+C goes to the whole group, and a child is in it until it has left: no
//! program and no worker may die of that.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use nix::sys::signal::{Signal as Unix, killpg};
use nix::unistd::{Pid, getpid, setpgid};
use sigproof_core::pool::CommandRunner;
use sigproof_core::{InterruptHandler, OnLadderEnd, Options, Policy, Rung, StopToken};

use crate::support::{Program, role};

/// Where worker processes begin; does nothing in the test runner.
#[cfg(feature = "process")]
#[test]
fn worker_entry() {
    let _ = worker();
}

#[cfg(feature = "process")]
fn worker() -> sigproof_core::pool::WorkerProgram<u64, u64> {
    sigproof_core::pool::WorkerProgram::register("newborn", |number: u64, _| Ok(number))
}

/// Runs `action` while SIGINT goes to the group of this process, over and over,
/// in a process that only warns.
fn under_fire(name: &str, action: impl FnOnce(&StopToken)) {
    if role().is_none() {
        Program::start(name, "child").exits_with(0);
        return;
    }
    setpgid(Pid::from_raw(0), Pid::from_raw(0)).expect("a group of its own");
    let policy = Policy::custom([Rung::warn()]).expect("a policy");
    let options = Options::new(policy.on_ladder_end(OnLadderEnd::Ignore));
    let handler = InterruptHandler::install(options).expect("install");
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::SeqCst) {
                killpg(getpid(), Unix::SIGINT).expect("our own group");
                thread::yield_now();
            }
        });
        // Should it panic, the scope would wait for ever.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            action(&handler.token());
        }));
        over.store(true, Ordering::SeqCst);
        // Not std's exit, which unmaps the signal stack of the main thread: this is another one, and the main thread
        // still takes signals there.
        // SAFETY: no precondition.
        unsafe { libc::_exit(i32::from(result.is_err())) };
    });
}

#[test]
fn a_command_is_not_hit_by_what_went_to_its_parents_group() {
    under_fire(
        test_name!("a_command_is_not_hit_by_what_went_to_its_parents_group"),
        |token| {
            for round in 0..100 {
                let end = CommandRunner::new(token).execute(Command::new("true"), |_| {});
                let end = end.unwrap_or_else(|error| panic!("round {round}: {error}"));
                assert!(end.status.success(), "round {round}: {end:?}");
            }
        },
    );
}

#[cfg(feature = "process")]
#[test]
fn a_worker_is_not_hit_by_what_went_to_its_parents_group() {
    use sigproof_core::Executor;
    use sigproof_core::pool::ProcessPool;
    under_fire(
        test_name!("a_worker_is_not_hit_by_what_went_to_its_parents_group"),
        |token| {
            for round in 0..50 {
                let pool = ProcessPool::new(token, &worker())
                    .workers(1)
                    .worker_args([test_name!("worker_entry"), "--exact"]);
                let results = pool.run([round]);
                assert_eq!(results.tally().completed, 1, "round {round}: {results:?}");
            }
        },
    );
}
