//! What the handler owes to the program that it interrupts: system calls go on,
//! errno stays, no handler interrupts another one, and the clock of the policy
//! stands still while the process is stopped.

use std::mem::MaybeUninit;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal as Unix, raise};
use sigproof_core::feedback::Silent;
use sigproof_core::{InterruptHandler, Options, Policy, Signal, Stage, Transition};

use crate::support::terminal::Terminal;
use crate::support::{Program, role, say, until};

fn options(policy: Policy) -> Options {
    Options::new(policy).feedback(Silent)
}

#[test]
fn the_handler_is_installed_with_its_flags_and_a_full_mask() {
    const NAME: &str = test_name!("the_handler_is_installed_with_its_flags_and_a_full_mask");
    if role().is_none() {
        Program::start(NAME, "child").exits_with(0);
        return;
    }
    let all = options(Policy::escalating())
        .signals(Signal::ALL)
        .on_terminal_stop("");
    let _handler = InterruptHandler::install(all).expect("install");
    let managed = [
        libc::SIGHUP,
        libc::SIGINT,
        libc::SIGQUIT,
        libc::SIGTERM,
        libc::SIGTSTP,
    ];
    for signal in managed {
        let mut found = MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: null asks for the current action, for which there is room.
        let status = unsafe { libc::sigaction(signal, std::ptr::null(), found.as_mut_ptr()) };
        assert_eq!(status, 0);
        // SAFETY: the call succeeded and so filled it.
        let found = unsafe { found.assume_init() };
        for flag in [libc::SA_RESTART, libc::SA_ONSTACK, libc::SA_SIGINFO] {
            assert_eq!(found.sa_flags & flag, flag, "signal {signal}");
        }
        for other in managed {
            // SAFETY: the mask is initialised, the number valid.
            let held = unsafe { libc::sigismember(&raw const found.sa_mask, other) };
            assert_eq!(held, 1, "{other} interrupts the handler of {signal}");
        }
    }
    std::process::exit(0);
}

/// The pipe to the watcher is full, so that a call in the handler fails.
#[test]
fn errno_is_as_it_was_after_the_handler() {
    const NAME: &str = test_name!("errno_is_as_it_was_after_the_handler");
    if role().is_none() {
        Program::start(NAME, "child").exits_with(0);
        return;
    }
    let (_hold, held) = mpsc::channel::<()>();
    let blocked = options(Policy::escalating()).on_event(Signal::HANGUP, move || {
        let _ = held.recv();
    });
    let handler = InterruptHandler::install(blocked).expect("install");
    while handler.lost_transitions() == 0 {
        raise(Unix::SIGHUP).expect("raise");
    }
    // SAFETY: the thread's own error number.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above; nothing else changes it in between.
    unsafe { *errno = 77 };
    // SAFETY: a valid signal for this thread.
    unsafe { libc::pthread_kill(libc::pthread_self(), libc::SIGHUP) };
    // SAFETY: as above.
    assert_eq!(unsafe { *errno }, 77);
    assert!(handler.lost_transitions() >= 2);
    std::process::exit(0);
}

#[test]
fn a_typed_key_comes_from_the_kernel() {
    const NAME: &str = test_name!("a_typed_key_comes_from_the_kernel");
    if role().is_some() {
        let (sender, told) = mpsc::channel();
        let options =
            options(Policy::escalating()).observer(move |_: &Policy, transition: &Transition| {
                sender.send(transition.sender).expect("the test listens");
            });
        let _handler = InterruptHandler::install(options).expect("install");
        say("ready");
        say(&format!("from {:?}", told.recv().expect("told")));
        std::process::exit(0);
    }
    let mut terminal = Terminal::start(NAME, "child", 80, &[]);
    terminal.expect(&["ready"]);
    terminal.press_ctrl_c();
    terminal.expect(&["from Kernel"]);
}

/// It unwinds, or leaves its scope: what it has is the parent's.
#[test]
fn a_forked_child_that_drops_the_handler_of_its_parent_dies_by_default() {
    const NAME: &str =
        test_name!("a_forked_child_that_drops_the_handler_of_its_parent_dies_by_default");
    if role().is_none() {
        Program::start(NAME, "child").exits_with(0);
        return;
    }
    use nix::sys::wait::{WaitStatus, waitpid};
    use nix::unistd::{ForkResult, fork};
    let handler = InterruptHandler::install(options(Policy::escalating())).expect("install");
    // SAFETY: the watcher sleeps and holds no lock.
    match unsafe { fork() }.expect("fork") {
        ForkResult::Child => {
            drop(handler);
            let _ = raise(Unix::SIGINT);
            // SAFETY: no precondition.
            unsafe { libc::_exit(9) };
        }
        ForkResult::Parent { child } => {
            let end = waitpid(child, None).expect("wait");
            assert_eq!(end, WaitStatus::Signaled(child, Unix::SIGINT, false));
        }
    }
    raise(Unix::SIGINT).expect("raise");
    assert_eq!(handler.stage(), Stage::CancelQueued);
    std::process::exit(0);
}

#[test]
fn a_grace_period_does_not_run_while_the_process_is_stopped() {
    const NAME: &str = test_name!("a_grace_period_does_not_run_while_the_process_is_stopped");
    const GRACE: Duration = Duration::from_secs(1);
    const STOPPED: Duration = Duration::from_secs(2);
    if role().is_some() {
        let policy = Policy::escalating().escalate_after(Stage::CancelQueued, GRACE);
        let handler = InterruptHandler::install(options(policy)).expect("install");
        raise(Unix::SIGINT).expect("raise");
        let begun = Instant::now();
        say("ready");
        handler.token().wait(Stage::TerminateActive);
        say(&format!("after {}", begun.elapsed().as_millis()));
        std::process::exit(0);
    }
    let mut program = Program::start(NAME, "child");
    program.expect("ready");
    program.signal(Unix::SIGSTOP);
    let stopped = Instant::now();
    until("it was stopped for long enough", || {
        stopped.elapsed() >= STOPPED
    });
    program.signal(Unix::SIGCONT);
    let line = program.expect("after ");
    let millis = line.trim_start_matches("after ").parse().expect("a number");
    // The watcher looks at the clock five times a second.
    let least = STOPPED + GRACE - Duration::from_millis(400);
    assert!(Duration::from_millis(millis) >= least, "{millis} ms");
    program.exits_with(0);
}
