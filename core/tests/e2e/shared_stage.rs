//! One stage, two processes.

use std::os::fd::AsFd;

use nix::sys::signal::Signal as Unix;
use sigproof_core::{
    Cause, InterruptHandler, Options, Policy, Signal, Stage, StopSource, StopToken,
};

use crate::support::{Program, Setup, role, say};

/// The child finds the page as its standard input.
fn open() -> StopToken {
    let fd = std::io::stdin().as_fd().try_clone_to_owned().expect("dup");
    StopToken::open_shared(fd).expect("a shared stage")
}

fn with_stdin(token: &StopToken) -> Setup {
    let page = token.shared_stage().expect("a shared stage");
    Setup {
        stdin: Some(page.try_clone_to_owned().expect("dup")),
        ..Setup::default()
    }
}

#[test]
fn another_process_waits_for_the_stage() {
    const NAME: &str = test_name!("another_process_waits_for_the_stage");
    if role().is_some() {
        let token = open();
        say(&format!("sees {}", token.stage().number()));
        let stage = token.wait(Stage::TerminateActive);
        say(&format!("reached {}", stage.number()));
        std::process::exit(0);
    }
    let source = StopSource::shared().expect("a shared stage");
    assert!(StopSource::new().token().shared_stage().is_none());
    source.stop(Stage::CancelQueued);
    let mut program = Program::start_with(NAME, "child", with_stdin(&source.token()));
    program.expect("sees 1");
    source.stop(Stage::TerminateActive);
    program.expect("reached 2");
    program.exits_with(0);
}

#[test]
fn a_signal_in_one_process_wakes_the_other() {
    const NAME: &str = test_name!("a_signal_in_one_process_wakes_the_other");
    match role().as_deref() {
        Some("parent") => {
            // Installs the handler; its own child waits for the stage.
            let options = Options::new(Policy::escalating()).share_stage();
            let handler = InterruptHandler::install(options).expect("install");
            let token = handler.token();
            let mut child = Program::start_with(NAME, "child", with_stdin(&token));
            child.expect("waiting");
            say("ready");
            child.expect("reached 1 by SIGTERM");
            child.exits_with(0);
            handler.conclude();
        }
        Some(_) => {
            let token = open();
            say("waiting");
            let stage = token.wait(Stage::CancelQueued);
            assert_eq!(token.cause(), Cause::Signal(Signal::TERMINATE));
            say(&format!("reached {} by SIGTERM", stage.number()));
            std::process::exit(0);
        }
        None => {
            let mut program = Program::start(NAME, "parent");
            program.expect("ready");
            program.signal(Unix::SIGTERM);
            program.dies_by(Unix::SIGTERM);
        }
    }
}

#[test]
fn a_stranger_is_refused() {
    let file = std::fs::File::open("/dev/null").expect("null");
    let error = StopToken::open_shared(file.into()).expect_err("not a page");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
}

/// A sandbox may refuse memfds.
#[test]
fn without_memfds_the_stage_is_shared_all_the_same() {
    const NAME: &str = test_name!("without_memfds_the_stage_is_shared_all_the_same");
    match role().as_deref() {
        Some("refused") => {
            crate::support::deny::deny(libc::SYS_memfd_create);
            let source = StopSource::shared().expect("a shared stage");
            let token = source.token();
            let page = token.shared_stage().expect("a page");
            let page = page.try_clone_to_owned().expect("dup");
            let again = StopToken::open_shared(page).expect("a shared stage");
            source.stop(Stage::TerminateActive);
            assert_eq!(again.stage(), Stage::TerminateActive);
            std::process::exit(0);
        }
        Some(role) => panic!("{role}"),
        None => {}
    }
    Program::start(NAME, "refused").exits_with(0);
}
