//! A handler that cannot be removed says so, and the program goes on.

use sigproof_core::feedback::Console;
use sigproof_core::{InterruptHandler, Options, Policy};

use crate::support::{Program, deny, role, say};

#[test]
fn a_handler_that_cannot_be_removed_says_so() {
    const NAME: &str = test_name!("a_handler_that_cannot_be_removed_says_so");
    if role().is_some() {
        let options = Options::new(Policy::escalating()).feedback(Console::stderr());
        let handler = InterruptHandler::install(options).expect("install");
        deny::deny(libc::SYS_rt_sigaction);
        drop(handler);
        say("goes on");
        std::process::exit(0);
    }
    let mut program = Program::start(NAME, "child");
    program.expect("goes on");
    let told: Vec<_> = program
        .exits_with(0)
        .into_iter()
        .filter(|line| line.contains("cleanup"))
        .collect();
    let expected = ["SIGINT", "SIGTERM"].map(|signal| {
        format!(
            "Error during interrupt handler cleanup: sigaction for {signal}: \
             Operation not permitted (os error 1)"
        )
    });
    assert_eq!(told, expected);
}

#[test]
fn a_handler_that_is_removed_says_nothing() {
    const NAME: &str = test_name!("a_handler_that_is_removed_says_nothing");
    if role().is_some() {
        let options = Options::new(Policy::escalating()).feedback(Console::stderr());
        drop(InterruptHandler::install(options).expect("install"));
        std::process::exit(0);
    }
    let said = Program::start(NAME, "child").exits_with(0);
    assert!(
        !said.iter().any(|line| line.contains("cleanup")),
        "{said:?}"
    );
}
