//! The handler where the program around it is in a bad state, and events.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal as Unix, raise};
use sigproof_core::feedback::{Charset, Console};
use sigproof_core::{ExitStyle, InterruptHandler, Options, Policy, Signal, Stage};

use crate::support::{Program, Setup, role};

const LONG: Duration = Duration::from_secs(60);

fn escalating() -> Options {
    let console = Console::stderr().charset(Charset::Unicode).colour(false);
    Options::new(Policy::escalating()).feedback(console)
}

/// An abandoned task may hold it.
#[test]
fn the_lock_of_standard_output_keeps_no_program_alive() {
    const NAME: &str = test_name!("the_lock_of_standard_output_keeps_no_program_alive");
    if role().is_some() {
        let handler = InterruptHandler::install(escalating()).expect("install");
        let (locked, is_locked) = mpsc::channel();
        thread::spawn(move || {
            let _lock = std::io::stdout().lock();
            locked.send(()).expect("the main thread listens");
            loop {
                thread::park();
            }
        });
        is_locked.recv().expect("it locks");
        raise(Unix::SIGINT).expect("raise");
        handler.conclude();
    }
    Program::start(NAME, "child").dies_by(Unix::SIGINT);
}

/// The second feedback has nothing to say at stage 3; the first one has.
#[test]
fn two_feedbacks_both_announce_the_third_press() {
    const NAME: &str = test_name!("two_feedbacks_both_announce_the_third_press");
    if role().is_some() {
        let options = escalating().feedback(sigproof_core::feedback::Silent);
        let _handler = InterruptHandler::install(options).expect("install");
        for _ in 0..3 {
            raise(Unix::SIGINT).expect("raise");
        }
    }
    let heard = Program::start(NAME, "child").dies_by(Unix::SIGINT);
    assert!(
        heard.iter().any(|line| line.contains("Third interrupt")),
        "{heard:?}"
    );
}

/// A closed standard error must not change how the program ends.
#[test]
fn a_closed_standard_error_does_not_kill_at_stage_three() {
    const NAME: &str = test_name!("a_closed_standard_error_does_not_kill_at_stage_three");
    if role().is_some() {
        use nix::sys::signal::{SigHandler, signal};
        // SAFETY: the default of the signal.
        unsafe { signal(Unix::SIGPIPE, SigHandler::SigDfl) }.expect("sigaction");
        let options = Options::new(Policy::escalating())
            .exit_message("three\n")
            .exit_style(ExitStyle::Status(7));
        let _handler = InterruptHandler::install(options).expect("install");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        nix::unistd::dup2_stderr(writer).expect("dup2");
        drop(reader);
        for _ in 0..3 {
            raise(Unix::SIGINT).expect("raise");
        }
    }
    Program::start(NAME, "child").exits_with(7);
}

/// Nobody can raise the stage any more.
#[test]
fn a_wait_ends_with_its_handler() {
    const NAME: &str = test_name!("a_wait_ends_with_its_handler");
    if role().is_some() {
        let handler = InterruptHandler::install(escalating()).expect("install");
        let token = handler.token();
        let waiter = thread::spawn(move || token.wait(Stage::CancelQueued));
        drop(handler);
        assert_eq!(waiter.join().expect("no panic"), Stage::Running);
        std::process::exit(0);
    }
    Program::start(NAME, "child").exits_with(0);
}

/// `cargo test &`, or a runner under `nohup`.
#[test]
fn children_of_tests_do_not_inherit_that_a_signal_is_ignored() {
    const NAME: &str = test_name!("children_of_tests_do_not_inherit_that_a_signal_is_ignored");
    match role().as_deref() {
        Some("inner") => {
            raise(Unix::SIGINT).expect("raise");
            std::process::exit(9);
        }
        Some(_) => {
            Program::start(NAME, "inner").dies_by(Unix::SIGINT);
            std::process::exit(0);
        }
        None => {}
    }
    let setup = Setup {
        ignored: vec![Unix::SIGINT],
        ..Setup::default()
    };
    Program::start_with(NAME, "outer", setup).exits_with(0);
}

#[test]
fn an_event_is_told_each_time_and_stops_nothing() {
    const NAME: &str = test_name!("an_event_is_told_each_time_and_stops_nothing");
    if role().is_some() {
        let (sender, told) = mpsc::channel();
        let options = Options::new(Policy::service()).on_event(Signal::HANGUP, move || {
            sender.send(()).expect("the test listens");
        });
        let handler = InterruptHandler::install(options).expect("install");
        for _ in 0..3 {
            raise(Unix::SIGHUP).expect("raise");
            told.recv_timeout(LONG).expect("told");
        }
        assert_eq!(handler.stage(), Stage::Running);
        raise(Unix::SIGTERM).expect("raise");
        raise(Unix::SIGHUP).expect("raise");
        told.recv_timeout(LONG).expect("told");
        assert_eq!(handler.stage(), Stage::CancelQueued);
        handler.conclude();
    }
    Program::start(NAME, "child").dies_by(Unix::SIGTERM);
}
