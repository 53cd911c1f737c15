//! The handler under real signals, each scenario in a process of its own.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal as Unix, raise};
use sigproof_core::feedback::{Charset, Console};
use sigproof_core::{
    Cause, ExitStyle, InterruptHandler, Observer, Options, Policy, Rung, Sender, Signal, Stage,
    ThreadPool, Transition,
};

use crate::support::{Program, Setup, role, say, say_aside};

const LONG: Duration = Duration::from_secs(60);

fn console() -> Console {
    Console::stderr().charset(Charset::Unicode).colour(false)
}

fn escalating() -> Options {
    Options::new(Policy::escalating()).feedback(console())
}

/// Installs a handler, says so, waits for `stage`, and concludes.
fn wait_and_conclude(options: Options, stage: Stage) {
    let handler = InterruptHandler::install(options).expect("install");
    say("ready");
    let reached = handler.token().wait(stage);
    say(&format!("reached {}", reached.number()));
    handler.conclude();
    say("not interrupted");
    std::process::exit(3);
}

/// Hands every transition to the test.
struct Forward(mpsc::Sender<Transition>);

impl Observer for Forward {
    fn observe(&mut self, _policy: &Policy, transition: &Transition) {
        // The test may have gone.
        let _ = self.0.send(*transition);
    }
}

#[test]
fn three_presses_three_stages_and_death_by_the_signal() {
    const NAME: &str = test_name!("three_presses_three_stages_and_death_by_the_signal");
    if role().is_some() {
        let handler = InterruptHandler::install(escalating()).expect("install");
        say("ready");
        let token = handler.token();
        token.wait(Stage::CancelQueued);
        say("one");
        token.wait(Stage::TerminateActive);
        say("two");
        // Stuck: only the handler itself can end this.
        loop {
            thread::park();
        }
    }
    let mut program = Program::start(NAME, "child");
    program.expect("ready");
    program.signal(Unix::SIGINT);
    program.expect("one");
    program.expect("Press Ctrl+C again to terminate active tasks");
    program.signal(Unix::SIGINT);
    program.expect("two");
    program.expect("Press Ctrl+C again for immediate exit");
    program.signal(Unix::SIGINT);
    let heard = program.dies_by(Unix::SIGINT);
    let last: Vec<_> = heard.iter().filter(|line| line.contains("💥")).collect();
    assert_eq!(last, ["💥 Third interrupt: Immediate termination!"]);
}

#[test]
fn an_interrupted_program_concludes_as_configured() {
    const NAME: &str = test_name!("an_interrupted_program_concludes_as_configured");
    let styles = [
        ("signal", ExitStyle::BySignal),
        ("128", ExitStyle::Status128),
        ("own", ExitStyle::Status(9)),
    ];
    if let Some(role) = role() {
        let style = styles.iter().find(|(name, _)| *name == role).expect("role");
        wait_and_conclude(escalating().exit_style(style.1), Stage::CancelQueued);
    }
    for (name, signal) in [("signal", Unix::SIGINT), ("signal", Unix::SIGTERM)] {
        let mut program = Program::start(NAME, name);
        program.expect("ready");
        program.signal(signal);
        program.dies_by(signal);
    }
    for (name, signal, code) in [
        ("128", Unix::SIGINT, 130),
        ("128", Unix::SIGTERM, 143),
        ("own", Unix::SIGINT, 9),
    ] {
        let mut program = Program::start(NAME, name);
        program.expect("ready");
        program.signal(signal);
        program.exits_with(code);
    }
}

#[test]
fn stage_three_ends_as_configured() {
    const NAME: &str = test_name!("stage_three_ends_as_configured");
    if role().is_some() {
        let options = escalating().exit_style(ExitStyle::Status128);
        wait_and_conclude(options, Stage::ExitNow);
    }
    let mut program = Program::start(NAME, "child");
    program.expect("ready");
    program.signal(Unix::SIGINT);
    program.expect("again to terminate");
    program.signal(Unix::SIGINT);
    program.expect("immediate exit");
    program.signal(Unix::SIGTERM);
    program.exits_with(143);
}

#[test]
fn a_program_that_was_never_interrupted_goes_on() {
    const NAME: &str = test_name!("a_program_that_was_never_interrupted_goes_on");
    if role().is_some() {
        let handler = InterruptHandler::install(escalating()).expect("install");
        handler.conclude();
        std::process::exit(4);
    }
    Program::start(NAME, "child").exits_with(4);
}

#[test]
fn a_stop_has_to_be_confirmed_and_a_further_press_forces_it() {
    const NAME: &str = test_name!("a_stop_has_to_be_confirmed_and_a_further_press_forces_it");
    if role().is_some() {
        let options = Options::new(Policy::confirmed()).feedback(console());
        let handler = InterruptHandler::install(options).expect("install");
        say("ready");
        let token = handler.token();
        token.wait(Stage::CancelQueued);
        let shield = token.shield(LONG);
        say(&format!(
            "teardown, inside stage {}",
            shield.token().stage().number()
        ));
        loop {
            thread::park();
        }
    }
    let mut program = Program::start(NAME, "child");
    program.expect("ready");
    program.signal(Unix::SIGINT);
    program.expect("Press Ctrl+C again to stop...");
    program.signal(Unix::SIGINT);
    program.expect("teardown, inside stage 0");
    program.signal(Unix::SIGINT);
    program.dies_by(Unix::SIGINT);
}

#[test]
fn a_full_standard_error_delays_no_stage() {
    const NAME: &str = test_name!("a_full_standard_error_delays_no_stage");
    if role().is_some() {
        let handler = InterruptHandler::install(escalating()).expect("install");
        let token = handler.token();
        say_aside("ready");
        for (stage, word) in [
            (Stage::CancelQueued, "one"),
            (Stage::TerminateActive, "two"),
        ] {
            token.wait(stage);
            say_aside(word);
        }
        loop {
            thread::park();
        }
    }
    let setup = Setup {
        stuffed_stderr: true,
        ..Setup::default()
    };
    let mut program = Program::start_with(NAME, "child", setup);
    for word in ["ready", "one", "two"] {
        program.expect(word);
        program.signal(Unix::SIGINT);
    }
    program.dies_by(Unix::SIGINT);
}

#[test]
fn observers_learn_who_sent_what() {
    const NAME: &str = test_name!("observers_learn_who_sent_what");
    if role().is_some() {
        let (sender, receiver) = mpsc::channel();
        let options = Options::new(Policy::escalating()).observer(Forward(sender));
        let _handler = InterruptHandler::install(options).expect("install");
        say("ready");
        let seen = receiver.recv().expect("a transition");
        assert_eq!(seen.from, Stage::Running);
        assert_eq!(seen.to, Stage::CancelQueued);
        assert_eq!(seen.cause, Cause::Signal(Signal::TERMINATE));
        let parent = std::os::unix::process::parent_id();
        assert_eq!(seen.sender, Sender::Process(parent));
        assert_eq!(seen.rung, Some(0));
        assert!(seen.at_ns > 0);
        std::process::exit(0);
    }
    let mut program = Program::start(NAME, "child");
    program.expect("ready");
    program.signal(Unix::SIGTERM);
    program.exits_with(0);
}

#[test]
fn time_escalates_by_itself() {
    const NAME: &str = test_name!("time_escalates_by_itself");
    if role().is_some() {
        let brief = Duration::from_millis(1);
        let policy = Policy::custom([
            Rung::announce(Stage::CancelQueued)
                .message("drain")
                .grace(brief),
            Rung::announce(Stage::TerminateActive)
                .message("cut")
                .grace(brief),
            Rung::announce(Stage::ExitNow).message("gone"),
        ])
        .expect("a policy");
        let options = Options::new(policy).feedback(console());
        wait_and_conclude(options, Stage::ExitNow);
    }
    let mut program = Program::start(NAME, "child");
    program.expect("ready");
    program.signal(Unix::SIGTERM);
    let heard = program.dies_by(Unix::SIGTERM);
    // The first two are printed by a thread, which may be late or never come
    // to it; the last one is written by whoever ends the process.
    assert_eq!(
        heard.iter().filter(|line| *line == "gone").count(),
        1,
        "{heard:?}"
    );
}

#[test]
fn a_request_counts_like_a_signal() {
    const NAME: &str = test_name!("a_request_counts_like_a_signal");
    if let Some(role) = role() {
        let options = escalating().exit_style(ExitStyle::Status(7));
        let handler = InterruptHandler::install(options).expect("install");
        if role == "now" {
            handler.request(Stage::ExitNow);
            unreachable!("stage 3 ends the process");
        }
        handler.request(Stage::CancelQueued);
        raise(Unix::SIGINT).expect("raise");
        assert_eq!(
            handler.stage(),
            Stage::TerminateActive,
            "the signal is the second"
        );
        handler.reset();
        assert_eq!(handler.stage(), Stage::Running);
        handler.request(Stage::CancelQueued);
        handler.conclude();
        unreachable!("a status of its own");
    }
    Program::start(NAME, "then").exits_with(7);
    let heard = Program::start(NAME, "now").exits_with(7);
    assert!(heard.iter().any(|line| line.contains("💥")), "{heard:?}");
}

#[test]
fn a_stop_repairs_the_terminal_and_going_on_puts_it_back() {
    use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
    const NAME: &str = test_name!("a_stop_repairs_the_terminal_and_going_on_puts_it_back");
    if role().is_some() {
        let options = Options::new(Policy::escalating())
            .terminal_restore("restored\n")
            .on_terminal_stop("back\n");
        let handler = InterruptHandler::install(options).expect("install");
        // The program reads keys without echo.
        let mut modes = tcgetattr(std::io::stderr()).expect("a terminal");
        modes.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(std::io::stderr(), SetArg::TCSANOW, &modes).expect("tcsetattr");
        say("ready");
        handler.token().wait(Stage::CancelQueued);
        handler.conclude();
    }
    let pty = nix::pty::openpty(None, None).expect("a terminal");
    let master = pty.master.try_clone().expect("dup");
    let echoes = || {
        let modes = tcgetattr(&master).expect("a terminal");
        modes.local_flags.contains(LocalFlags::ECHO)
    };
    assert!(echoes());
    let setup = Setup {
        terminal: Some(pty),
        ..Setup::default()
    };
    let mut program = Program::start_with(NAME, "child", setup);
    program.expect("ready");
    assert!(!echoes());
    program.signal(Unix::SIGTSTP);
    let state = format!("/proc/{}/stat", program.pid());
    crate::support::until("the program is stopped", || {
        std::fs::read_to_string(&state).is_ok_and(|stat| stat.contains(") T"))
    });
    assert!(echoes(), "the shell gets its terminal back");
    program.expect("restored");
    program.signal(Unix::SIGCONT);
    program.expect("back");
    crate::support::until("the modes are back", || !echoes());
    program.signal(Unix::SIGINT);
    program.dies_by(Unix::SIGINT);
}

#[test]
fn what_a_pool_says_comes_after_the_stage() {
    const NAME: &str = test_name!("what_a_pool_says_comes_after_the_stage");
    if role().is_some() {
        let options = Options::new(Policy::escalating()).feedback(console());
        let handler = InterruptHandler::install(options).expect("install");
        let pool = ThreadPool::new(&handler.token())
            .workers(1)
            .feedback(console());
        let results = pool.map(0..10, |number, token| {
            say("begun");
            token.wait(Stage::CancelQueued);
            Ok(number)
        });
        assert_eq!(results.tally().completed, 1);
        handler.conclude();
    }
    // The pool wakes by futex and is often faster than the watcher: without
    // its waiting for the announcement a few rounds are enough to see it.
    for _ in 0..20 {
        let mut program = Program::start(NAME, "child");
        program.expect("begun");
        program.signal(Unix::SIGINT);
        let heard = program.dies_by(Unix::SIGINT);
        let place = |text: &str| {
            let place = heard.iter().position(|line| line.contains(text));
            place.unwrap_or_else(|| panic!("{text} is missing: {heard:?}"))
        };
        let order = [
            place("🛑 Interrupt received: Cancelling queued tasks, completing active work..."),
            place("Stopping task submission at task "),
            place("📊 Returning partial results: 1/10 tasks completed (10.0%)"),
        ];
        assert!(order.is_sorted(), "{heard:?}");
        let stopped = heard.iter().filter(|line| line.contains("task submission"));
        assert_eq!(stopped.count(), 1, "{heard:?}");
    }
}
