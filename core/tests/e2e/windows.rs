//! Windows: the handler under a real Ctrl+C, and the end of what a program
//! started. Each scenario is a process with a console of its own, on which it
//! presses the key itself.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use sigproof_core::feedback::{Charset, Console};
use sigproof_core::pool::{CommandRunner, Output};
use sigproof_core::{
    Cause, ExitStyle, InterruptHandler, Interrupted, Options, Policy, Sender, Signal, Stage,
    StopSource,
};
use windows_sys::Win32::System::Console::SetConsoleCtrlHandler;

use crate::support::{
    CONTROL_C_EXIT, Program, again, is_gone, long_program, press_ctrl_c, role, until,
};

const LONG: Duration = Duration::from_secs(600);
const BRIEF: Duration = Duration::from_millis(50);

fn escalating() -> Options {
    let console = Console::stderr().charset(Charset::Unicode).colour(false);
    Options::new(Policy::escalating()).feedback(console)
}

/// Presses Ctrl+C until this stage is there, once for each.
fn press_up_to(handler: &InterruptHandler, stage: Stage) {
    for next in Stage::ALL {
        if Stage::Running < next && next <= stage {
            press_ctrl_c();
            handler.token().wait(next);
        }
    }
}

fn stuck() -> ! {
    loop {
        thread::park();
    }
}

#[test]
fn three_presses_three_stages_and_the_status_of_ctrl_c() {
    const NAME: &str = test_name!("three_presses_three_stages_and_the_status_of_ctrl_c");
    if role().is_some() {
        let handler = InterruptHandler::install(escalating()).expect("install");
        press_up_to(&handler, Stage::TerminateActive);
        assert_eq!(handler.cause(), Cause::Signal(Signal::INTERRUPT));
        // Only the routine itself can end this.
        press_ctrl_c();
        stuck();
    }
    let heard = Program::start(NAME, "child").exits_with(CONTROL_C_EXIT);
    let of = |text: &str| heard.iter().filter(|line| line.contains(text)).count();
    assert_eq!(of("Interrupt received"), 1, "{heard:?}");
    assert_eq!(of("Second interrupt"), 1, "{heard:?}");
    assert_eq!(of("💥 Third interrupt: Immediate termination!"), 1);
}

#[test]
fn a_lock_that_nobody_gives_back_keeps_no_process_alive() {
    const NAME: &str = test_name!("a_lock_that_nobody_gives_back_keeps_no_process_alive");
    if role().is_some() {
        let options = Options::new(Policy::escalating()).exit_message("last words\n");
        let handler = InterruptHandler::install(options).expect("install");
        let held = AtomicU32::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                let _lock = io::stderr().lock();
                held.store(1, Ordering::SeqCst);
                stuck();
            });
            scope.spawn(|| {
                let _lock = io::stdout().lock();
                held.fetch_add(0, Ordering::SeqCst);
                stuck();
            });
            until("the lock is taken", || held.load(Ordering::SeqCst) == 1);
            press_up_to(&handler, Stage::ExitNow);
            stuck();
        });
    }
    let heard = Program::start(NAME, "child").exits_with(CONTROL_C_EXIT);
    assert!(heard.contains(&"last words".to_owned()), "{heard:?}");
}

#[test]
fn a_reader_that_does_not_read_keeps_no_process_alive() {
    const NAME: &str = test_name!("a_reader_that_does_not_read_keeps_no_process_alive");
    if role().is_some() {
        let options = Options::new(Policy::escalating()).exit_message("x".repeat(1 << 20));
        let handler = InterruptHandler::install(options).expect("install");
        press_up_to(&handler, Stage::ExitNow);
        stuck();
    }
    Program::start_unread(NAME, "child").exits_with(CONTROL_C_EXIT);
}

#[test]
fn an_interrupted_program_concludes_as_configured() {
    const NAME: &str = test_name!("an_interrupted_program_concludes_as_configured");
    let styles = [
        ("signal", ExitStyle::BySignal, CONTROL_C_EXIT),
        ("128", ExitStyle::Status128, 130),
        ("own", ExitStyle::Status(9), 9),
    ];
    if let Some(role) = role() {
        let style = styles
            .iter()
            .find(|(name, ..)| role.contains(name))
            .expect("role");
        let handler = InterruptHandler::install(escalating().exit_style(style.1)).expect("install");
        if role.starts_with("now ") {
            press_up_to(&handler, Stage::ExitNow);
            stuck();
        }
        press_up_to(&handler, Stage::CancelQueued);
        handler.conclude();
        std::process::exit(3);
    }
    for (name, _, status) in styles {
        Program::start(NAME, name).exits_with(status);
        Program::start(NAME, &format!("now {name}")).exits_with(status);
    }
}

#[test]
fn one_handler_at_a_time_and_the_one_before_is_back_afterwards() {
    const NAME: &str = test_name!("one_handler_at_a_time_and_the_one_before_is_back_afterwards");
    static PRESSED: AtomicU32 = AtomicU32::new(0);
    unsafe extern "system" fn before(_event: u32) -> i32 {
        PRESSED.fetch_add(1, Ordering::SeqCst);
        1
    }
    if role().is_some() {
        // SAFETY: a function of this program.
        assert!(unsafe { SetConsoleCtrlHandler(Some(before), 1) } != 0);
        for round in 1..=3 {
            let handler = InterruptHandler::install(Policy::escalating()).expect("install");
            let again = InterruptHandler::install(Policy::escalating());
            assert!(again.is_err_and(|error| error.is_already_installed()));
            press_up_to(&handler, Stage::CancelQueued);
            drop(handler);
            press_ctrl_c();
            until("the one before is called", || {
                PRESSED.load(Ordering::SeqCst) == round
            });
        }
        std::process::exit(0);
    }
    Program::start(NAME, "child").exits_with(0);
}

#[test]
fn what_was_ignored_stays_ignored_unless_asked_otherwise() {
    const NAME: &str = test_name!("what_was_ignored_stays_ignored_unless_asked_otherwise");
    match role().as_deref() {
        Some("parent") => {
            // Its children inherit that, and its console.
            // SAFETY: no routine stands for ignoring Ctrl+C.
            assert!(unsafe { SetConsoleCtrlHandler(None, 1) } != 0);
            for role in ["obedient", "not asked"] {
                let status = again(NAME, role).status().expect("it starts");
                eprintln!("{role}: {}", status.code().expect("a status"));
            }
            std::process::exit(0);
        }
        Some(role) => {
            let mut options = Options::new(Policy::escalating());
            if role == "not asked" {
                options = options.take_ignored_signals();
            }
            let handler = InterruptHandler::install(options).expect("install");
            press_ctrl_c();
            // What is not to come cannot be waited for: for a while, then.
            let limit = if role == "obedient" { 2 } else { 60 };
            let token = handler.token();
            let seen = token.wait_timeout(Stage::CancelQueued, Duration::from_secs(limit));
            std::process::exit(i32::from(seen.is_some()));
        }
        None => {}
    }
    let heard = Program::start(NAME, "parent").exits_with(0);
    assert!(heard.contains(&"obedient: 0".to_owned()), "{heard:?}");
    assert!(heard.contains(&"not asked: 1".to_owned()), "{heard:?}");
}

/// Of a tree of two processes: the first says both numbers.
fn be_a_tree() -> ! {
    let child = long_program().spawn().expect("it starts");
    println!("\npid {}\npid {}\nready", child.id(), std::process::id());
    io::stdout().flush().expect("flush");
    stuck();
}

fn pids_in(heard: &[u8]) -> Vec<u64> {
    let heard = String::from_utf8_lossy(heard);
    let pids = heard.lines().filter_map(|line| line.strip_prefix("pid "));
    pids.filter_map(|pid| pid.trim().parse().ok()).collect()
}

#[test]
fn a_command_is_ended_with_all_that_it_started() {
    const NAME: &str = test_name!("a_command_is_ended_with_all_that_it_started");
    if role().is_some() {
        be_a_tree();
    }
    for (stage, grace) in [(Stage::TerminateActive, BRIEF), (Stage::ExitNow, LONG)] {
        let source = StopSource::new();
        let mut heard = Vec::new();
        let end = CommandRunner::new(&source.token())
            .grace(grace)
            .execute(again(NAME, "tree"), |output| {
                if let Output::Stdout(bytes) = output {
                    heard.extend_from_slice(bytes);
                    if heard.windows(5).any(|part| part == b"ready") {
                        source.stop(stage);
                    }
                }
            })
            .expect("it starts");
        assert_eq!(end.interrupted.map(Interrupted::stage), Some(stage));
        assert!(!end.status.success());
        let pids = pids_in(&heard);
        assert_eq!(pids.len(), 2);
        for pid in pids {
            until("the process is gone", || is_gone(pid));
        }
    }
}

#[test]
fn output_is_complete_and_nothing_is_left_behind() {
    const NAME: &str = test_name!("output_is_complete_and_nothing_is_left_behind");
    if role().is_some() {
        let child = long_program().spawn().expect("it starts");
        println!("\npid {}", child.id());
        for number in 0..20_000 {
            println!("line {number}");
        }
        eprintln!("problem");
        std::process::exit(5);
    }
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let end = CommandRunner::new(&StopSource::new().token())
        .grace(BRIEF)
        .execute(again(NAME, "child"), |output| match output {
            Output::Stdout(bytes) => out.extend_from_slice(bytes),
            Output::Stderr(bytes) => err.extend_from_slice(bytes),
        })
        .expect("it starts");
    assert_eq!((end.status.code(), end.interrupted), (Some(5), None));
    let text = String::from_utf8_lossy(&out);
    let lines = text.lines().filter(|line| line.starts_with("line "));
    assert!(lines.eq((0..20_000).map(|number| format!("line {number}"))));
    assert!(String::from_utf8_lossy(&err).contains("problem"));
    let [pid] = pids_in(&out)[..] else {
        panic!("one process id");
    };
    until("the process is gone", || is_gone(pid));
}

#[test]
fn nothing_outlives_a_killed_parent_or_a_third_press() {
    const NAME: &str = test_name!("nothing_outlives_a_killed_parent_or_a_third_press");
    match role().as_deref() {
        Some("tree") => be_a_tree(),
        Some(role) => {
            let handler = InterruptHandler::install(Policy::escalating()).expect("install");
            let mut heard = Vec::new();
            let end = CommandRunner::new(&handler.token()).grace(LONG).execute(
                again(NAME, "tree"),
                |output| {
                    let Output::Stdout(bytes) = output else {
                        return;
                    };
                    heard.extend_from_slice(bytes);
                    let pids = pids_in(&heard);
                    if heard.windows(5).any(|part| part == b"ready") {
                        eprintln!("\npids {} {}", pids[0], pids[1]);
                        if role == "pressed" {
                            press_up_to(&handler, Stage::ExitNow);
                        }
                    }
                },
            );
            unreachable!("this process is ended: {end:?}");
        }
        None => {}
    }
    for role in ["pressed", "killed"] {
        let mut program = Program::start(NAME, role);
        let line = program.expect("pids ");
        let pids = line.split_whitespace().skip(1);
        let pids: Vec<u64> = pids.map(|pid| pid.parse().expect("a number")).collect();
        if role == "killed" {
            assert!(!is_gone(pids[0]) && !is_gone(pids[1]));
            program.kill();
            drop(program);
        } else {
            program.exits_with(CONTROL_C_EXIT);
        }
        for pid in pids {
            until("the process is gone", || is_gone(pid));
        }
    }
}

#[test]
fn there_is_no_sigterm_and_nobody_to_name() {
    const NAME: &str = test_name!("there_is_no_sigterm_and_nobody_to_name");
    if role().is_some() {
        let options = Options::new(Policy::escalating()).also(Signal::TERMINATE);
        let refused = InterruptHandler::install(options);
        let error = refused.expect_err("not supported").to_string();
        assert!(error.contains("SIGTERM"), "{error}");
        let (sender, receiver) = std::sync::mpsc::channel();
        struct Forward(std::sync::mpsc::Sender<Sender>);
        impl sigproof_core::Observer for Forward {
            fn observe(&mut self, _: &Policy, transition: &sigproof_core::Transition) {
                // The test may have gone.
                let _ = self.0.send(transition.sender);
            }
        }
        let options = Options::new(Policy::escalating()).observer(Forward(sender));
        let _handler = InterruptHandler::install(options).expect("install");
        press_ctrl_c();
        assert_eq!(receiver.recv(), Ok(Sender::Unknown));
        std::process::exit(0);
    }
    Program::start(NAME, "child").exits_with(0);
}
