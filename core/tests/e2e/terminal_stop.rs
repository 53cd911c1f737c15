//! Ctrl+Z at moments that no person chooses.

use std::os::unix::process::ExitStatusExt;
use std::sync::Barrier;
use std::thread;

use nix::sys::signal::{Signal as Unix, raise};
use sigproof_core::pool::{CommandRunner, Output};
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

/// The terminal stops the foreground group only, and commands have groups of their own.
#[test]
fn commands_stop_with_the_program_and_go_on_with_it() {
    const NAME: &str = test_name!("commands_stop_with_the_program_and_go_on_with_it");
    if role().is_some() {
        let options = Options::new(Policy::escalating()).on_terminal_stop("");
        let handler = InterruptHandler::install(options).expect("install");
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "echo command $$; exec sleep 600"]);
        let runner = CommandRunner::new(&handler.token());
        let end = runner.execute(command, |output| {
            if let Output::Stdout(bytes) = output {
                say(String::from_utf8_lossy(bytes).trim());
            }
        });
        say(&end.map_or_else(
            |error| error.to_string(),
            |end| match end.status.signal() {
                Some(signal) => format!("killed by signal {signal}"),
                None => end.status.to_string(),
            },
        ));
        std::process::exit(0);
    }
    let mut program = start(NAME);
    let line = program.expect("command");
    let (_, command) = line.rsplit_once(' ').expect("a process id");
    let command = command.to_owned();
    let states = |program: &Program| {
        [program.pid().to_string(), command.clone()].map(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let after = stat.rsplit(')').next().unwrap_or_default();
            after.trim_start().starts_with('T')
        })
    };
    program.signal(Unix::SIGTSTP);
    crate::support::until("both are stopped", || states(&program) == [true, true]);
    program.signal(Unix::SIGCONT);
    crate::support::until("both go on", || states(&program) == [false, false]);
    crate::support::kill(command.parse().expect("a process id"));
    program.expect("killed by signal 9");
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
