//! The tests that the first of the two documents behind this crate asks for,
//! under the names that it gives them, by real signals, each in a process of
//! its own.

use std::mem::MaybeUninit;
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal as Unix, raise};
use sigproof_core::feedback::{Feedback, Notice, Silent};
use sigproof_core::pool::Cancelled;
use sigproof_core::{
    InterruptHandler, Options, Outcome, Policy, Rung, Stage, StopSource, ThreadPool,
};

use crate::support::{Program, role};

fn install() -> InterruptHandler {
    InterruptHandler::install(Options::new(Policy::escalating()).feedback(Silent)).expect("install")
}

/// Runs `test` in a process of its own, which has to end well.
fn alone(name: &str, test: impl FnOnce()) {
    if role().is_some() {
        return test();
    }
    Program::start(name, "child").exits_with(0);
}

/// What a signal does now.
fn disposition(signal: Unix) -> libc::sighandler_t {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: null asks for the current action, for which there is room.
    let status = unsafe { libc::sigaction(signal as i32, std::ptr::null(), action.as_mut_ptr()) };
    assert_eq!(status, 0);
    // SAFETY: the call succeeded and so filled `action`.
    unsafe { action.assume_init() }.sa_sigaction
}

#[test]
fn initial_state_is_not_interrupted() {
    alone(test_name!("initial_state_is_not_interrupted"), || {
        let handler = install();
        assert!(!handler.stage().is_interrupted());
        assert_eq!(handler.stage().number(), 0);
        assert!(!handler.stage().should_cancel_queued_tasks());
    });
}

#[test]
fn setup_installs_signal_handler() {
    alone(test_name!("setup_installs_signal_handler"), || {
        let before = [Unix::SIGINT, Unix::SIGTERM].map(disposition);
        assert_eq!(before, [libc::SIG_DFL; 2]);
        let handler = install();
        for signal in [Unix::SIGINT, Unix::SIGTERM] {
            assert_ne!(disposition(signal), libc::SIG_DFL, "{signal}");
        }
        drop(handler);
        assert_eq!([Unix::SIGINT, Unix::SIGTERM].map(disposition), before);
    });
}

#[test]
fn signal_handler_increments_stage() {
    alone(test_name!("signal_handler_increments_stage"), || {
        let handler = install();
        raise(Unix::SIGINT).expect("raise");
        assert_eq!(handler.stage().number(), 1);
        assert!(handler.stage().should_cancel_queued_tasks());
        raise(Unix::SIGINT).expect("raise");
        assert_eq!(handler.stage().number(), 2);
        assert!(handler.stage().should_terminate_active_tasks());
    });
}

#[test]
fn context_manager_setup_and_cleanup() {
    alone(test_name!("context_manager_setup_and_cleanup"), || {
        for _ in 0..3 {
            let handler = install();
            raise(Unix::SIGINT).expect("raise");
            assert!(handler.stage().is_interrupted());
            assert_ne!(disposition(Unix::SIGINT), libc::SIG_DFL);
            drop(handler);
            // Nothing of it is left, and the next one starts afresh.
            assert_eq!(disposition(Unix::SIGINT), libc::SIG_DFL);
            assert!(!install().stage().is_interrupted());
        }
        // An early return or a panic cleans up as well.
        let panicked = std::panic::catch_unwind(|| {
            let _handler = install();
            std::panic::resume_unwind(Box::new(()));
        });
        assert!(panicked.is_err());
        assert_eq!(disposition(Unix::SIGINT), libc::SIG_DFL);
    });
}

/// Keeps what the pool says.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Notice>>>);

impl Feedback for Recorder {
    fn notify(&self, notice: &Notice) {
        self.0.lock().expect("no panic").push(notice.clone());
    }
}

#[test]
fn interrupt_handling_with_parallel_service() {
    alone(
        test_name!("interrupt_handling_with_parallel_service"),
        || {
            let handler = install();
            let recorder = Recorder::default();
            let pool = ThreadPool::new(&handler.token())
                .workers(1)
                .feedback(recorder.clone());
            // The second task presses twice and then obeys.
            let results = pool.map(0..10, |number, token| {
                if number == 1 {
                    raise(Unix::SIGINT)?;
                    raise(Unix::SIGINT)?;
                    token.checkpoint()?;
                }
                Ok(number)
            });
            let expected = |index| match index {
                0 => Outcome::Completed(0),
                1 => Outcome::Cancelled(Cancelled::Active),
                _ => Outcome::Cancelled(Cancelled::Queued),
            };
            for (index, outcome) in results.outcomes().iter().enumerate() {
                assert_eq!(*outcome, expected(index), "task {index}");
            }
            let said = recorder.0.lock().expect("no panic");
            let partial = Notice::PartialResults {
                completed: 1,
                total: 10,
            };
            assert!(said.contains(&Notice::CollectionStopped), "{said:?}");
            assert_eq!(said.last(), Some(&partial));
        },
    );
}

/// A source moved to `stage`: the logic without signals.
fn at(stage: Stage) -> Stage {
    let source = StopSource::new();
    assert!(source.stop(stage));
    source.token().stage()
}

#[test]
fn stage_1_cancels_queued_only() {
    let stage = at(Stage::CancelQueued);
    assert!(stage.should_cancel_queued_tasks());
    assert!(!stage.should_terminate_active_tasks());
    assert!(!stage.should_exit_now());
}

#[test]
fn stage_2_terminates_active_tasks() {
    let stage = at(Stage::TerminateActive);
    assert!(stage.should_cancel_queued_tasks());
    assert!(stage.should_terminate_active_tasks());
    assert!(!stage.should_exit_now());
}

#[test]
fn stage_3_requires_immediate_exit() {
    let stage = at(Stage::ExitNow);
    assert!(stage.should_cancel_queued_tasks());
    assert!(stage.should_terminate_active_tasks());
    assert!(stage.should_exit_now());
}

/// `max_stage` of the configuration.
#[test]
fn the_highest_stage_is_configured_by_the_ladder() {
    assert_eq!(Policy::escalating().max_stage(), Stage::ExitNow);
    assert_eq!(Policy::confirmed().max_stage(), Stage::TerminateActive);
    let gentle = Policy::custom([Rung::announce(Stage::CancelQueued)]).expect("one rung");
    assert_eq!(gentle.max_stage(), Stage::CancelQueued);
}
