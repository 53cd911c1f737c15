//! `sigproof_core::run`: however the work returns, the program ends as it should.

use std::process::ExitCode;
use std::sync::mpsc;

use nix::sys::signal::{Signal as Unix, raise};
use sigproof_core::feedback::Silent;
use sigproof_core::{Options, Policy, Stage, StopToken, TaskError};

use crate::support::{Program, role, say};

fn options() -> Options {
    Options::new(Policy::escalating()).feedback(Silent)
}

fn stopped(token: &StopToken) -> Result<(), TaskError> {
    raise(Unix::SIGINT)?;
    raise(Unix::SIGINT)?;
    token.checkpoint()?;
    unreachable!("stage 2");
}

#[test]
fn a_program_ends_by_the_signal_whatever_its_work_returns() {
    const NAME: &str = test_name!("a_program_ends_by_the_signal_whatever_its_work_returns");
    match role().as_deref() {
        Some("interrupted") => drop(sigproof_core::run(options(), stopped)),
        Some("ok") => drop(sigproof_core::run(options(), |token| {
            let _ = stopped(token);
            Ok(())
        })),
        Some("error") => drop(sigproof_core::run(options(), |token| {
            let _ = stopped(token);
            Err("the disk is full".into())
        })),
        Some(role) => panic!("{role}"),
        None => {
            for role in ["interrupted", "ok", "error"] {
                let heard = Program::start(NAME, role).dies_by(Unix::SIGINT);
                let told = heard.iter().filter(|line| line.starts_with("Error: "));
                assert_eq!(told.count(), usize::from(role == "error"), "{heard:?}");
            }
            return;
        }
    }
    say("it goes on");
    std::process::exit(9);
}

#[test]
fn a_program_that_is_not_interrupted_returns_its_status() {
    const NAME: &str = test_name!("a_program_that_is_not_interrupted_returns_its_status");
    if role().is_some() {
        let same = |one: ExitCode, other| assert_eq!(format!("{one:?}"), format!("{other:?}"));
        same(sigproof_core::run(options(), |_| Ok(())), ExitCode::SUCCESS);
        let failed = sigproof_core::run(options(), |_| {
            std::fs::read("/no/such/file")?;
            Ok(())
        });
        same(failed, ExitCode::FAILURE);
        std::process::exit(0);
    }
    let heard = Program::start(NAME, "child").exits_with(0);
    assert!(
        heard
            .iter()
            .any(|line| line.starts_with("Error: No such file")),
        "{heard:?}"
    );
}

#[test]
fn closures_are_told_of_stages() {
    const NAME: &str = test_name!("closures_are_told_of_stages");
    if role().is_some() {
        let (sender, told) = mpsc::channel();
        let (warned, stopped) = (sender.clone(), sender);
        let options = Options::new(Policy::confirmed())
            .feedback(Silent)
            .on_warning(move || warned.send("warned").expect("the test listens"))
            .on_stage(Stage::TerminateActive, move || {
                stopped.send("stopped").expect("the test listens");
            });
        let handler = sigproof_core::InterruptHandler::install(options).expect("install");
        for expected in ["warned", "stopped"] {
            raise(Unix::SIGINT).expect("raise");
            assert_eq!(told.recv_timeout(crate::support::DEADLINE), Ok(expected));
        }
        assert!(handler.should_terminate_active_tasks() && !handler.should_exit_now());
        std::process::exit(0);
    }
    Program::start(NAME, "child").exits_with(0);
}
