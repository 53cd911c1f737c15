//! Ctrl+Z at moments that no person chooses.

use std::sync::Barrier;
use std::thread;

use nix::sys::signal::{Signal as Unix, raise};
use sigproof_core::{InterruptHandler, Options, Policy, Stage};

use crate::support::{Program, Setup, role, say};

const ROUNDS: usize = 100;
const THREADS: usize = 3;

/// Whether this process has a handler for SIGTSTP.
fn catches_terminal_stop() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs");
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = u64::from_str_radix(mask.expect("a mask").trim(), 16).expect("a mask");
    mask & 1 << (Unix::SIGTSTP as u32 - 1) != 0
}

/// The child leads a group of its own, or the kernel would not let it stop.
fn start(name: &str) -> Program {
    let setup = Setup {
        terminal: Some(nix::pty::openpty(None, None).expect("a terminal")),
        ..Setup::default()
    };
    Program::start_with(name, "child", setup)
}

/// Both handlers run on the same small stack. If the second one began on top
/// of the first, it would not fit.
#[test]
fn a_press_while_stopped_counts_when_the_program_goes_on() {
    const NAME: &str = test_name!("a_press_while_stopped_counts_when_the_program_goes_on");
    if role().is_some() {
        let options = Options::new(Policy::escalating()).on_terminal_stop("");
        let handler = InterruptHandler::install(options).expect("install");
        say("ready");
        let stage = handler.token().wait(Stage::CancelQueued);
        say(&format!("stage {}", stage.number()));
        handler.conclude();
    }
    let mut program = start(NAME);
    program.expect("ready");
    program.signal(Unix::SIGTSTP);
    let stat = format!("/proc/{}/stat", program.pid());
    crate::support::until("the program is stopped", || {
        std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T"))
    });
    program.signal(Unix::SIGINT);
    program.signal(Unix::SIGCONT);
    program.expect("stage 1");
    program.dies_by(Unix::SIGINT);
}

/// Each thread takes the default of the signal for a moment, to stop by it. If
/// another one does so at the same time, it must not keep what it found.
#[test]
fn stops_in_several_threads_leave_the_handler_installed() {
    const NAME: &str = test_name!("stops_in_several_threads_leave_the_handler_installed");
    if role().is_some() {
        let options = Options::new(Policy::escalating()).on_terminal_stop("");
        let handler = InterruptHandler::install(options).expect("install");
        for round in 0..ROUNDS {
            let barrier = Barrier::new(THREADS);
            thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(|| {
                        barrier.wait();
                        raise(Unix::SIGTSTP).expect("raise");
                    });
                }
            });
            assert!(catches_terminal_stop(), "it is gone after {round} rounds");
        }
        drop(handler);
        assert!(!catches_terminal_stop(), "it outlives its guard");
        say("still there");
        std::process::exit(0);
    }
    let mut program = start(NAME);
    let stat = format!("/proc/{}/stat", program.pid());
    crate::support::until("the child ends", || {
        let stat = std::fs::read_to_string(&stat).unwrap_or_default();
        if stat.contains(") T") {
            program.signal(Unix::SIGCONT);
        }
        stat.contains(") Z")
    });
    program.expect("still there");
    program.exits_with(0);
}
