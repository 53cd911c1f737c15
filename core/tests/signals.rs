//! The handler under real signals, each scenario in a process of its own.
#![cfg(unix)]

mod support;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{self, SaFlags, SigAction, SigHandler, SigSet, Signal as Unix, raise};
use sigproof_core::feedback::{Charset, Console};
use sigproof_core::{
    Cause, ExitStyle, InterruptHandler, Observer, Options, Policy, Rung, Sender, Signal, Stage,
    Transition,
};
use support::{Program, Setup, role, say, say_aside};

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

#[test]
fn three_presses_three_stages_and_death_by_the_signal() {
    const NAME: &str = "three_presses_three_stages_and_death_by_the_signal";
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
    const NAME: &str = "an_interrupted_program_concludes_as_configured";
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
    const NAME: &str = "stage_three_ends_as_configured";
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
    const NAME: &str = "a_program_that_was_never_interrupted_goes_on";
    if role().is_some() {
        let handler = InterruptHandler::install(escalating()).expect("install");
        handler.conclude();
        std::process::exit(4);
    }
    Program::start(NAME, "child").exits_with(4);
}

#[test]
fn a_stop_has_to_be_confirmed_and_a_further_press_forces_it() {
    const NAME: &str = "a_stop_has_to_be_confirmed_and_a_further_press_forces_it";
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
    const NAME: &str = "a_full_standard_error_delays_no_stage";
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
fn inherited_ignored_signals_stay_ignored() {
    const NAME: &str = "inherited_ignored_signals_stay_ignored";
    let setup = || Setup {
        ignored: vec![Unix::SIGINT],
        ..Setup::default()
    };
    if let Some(role) = role() {
        let options = match role.as_str() {
            "respect" => escalating(),
            _ => escalating().take_ignored_signals(),
        };
        let handler = InterruptHandler::install(options).expect("install");
        say(&format!("ignored {:?}", handler.ignored()));
        raise(Unix::SIGINT).expect("raise");
        let stage = handler.stage();
        drop(handler);
        // Afterwards it is ignored again, in both cases.
        raise(Unix::SIGINT).expect("raise");
        say(&format!("stage {}", stage.number()));
        std::process::exit(0);
    }
    let mut program = Program::start_with(NAME, "respect", setup());
    program.expect("ignored [SIGINT]");
    program.expect("stage 0");
    program.exits_with(0);
    let mut program = Program::start_with(NAME, "take", setup());
    program.expect("ignored []");
    program.expect("stage 1");
    program.exits_with(0);
}

extern "C" fn foreign_handler(_: i32) {
    const TEXT: &[u8] = b"foreign\n";
    // Async-signal-safe, and the test reads it.
    let _ = nix::unistd::write(std::io::stderr(), TEXT);
}

fn install_foreign() {
    let action = SigAction::new(
        SigHandler::Handler(foreign_handler),
        SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    // SAFETY: the handler only writes.
    unsafe { signal::sigaction(Unix::SIGINT, &action) }.expect("sigaction");
}

#[test]
fn dropping_restores_what_was_there_before() {
    const NAME: &str = "dropping_restores_what_was_there_before";
    if role().is_some() {
        install_foreign();
        let handler = InterruptHandler::install(escalating()).expect("install");
        raise(Unix::SIGINT).expect("raise");
        say(&format!("stage {}", handler.stage().number()));
        drop(handler);
        raise(Unix::SIGINT).expect("raise");
        raise(Unix::SIGTERM).expect("raise");
        unreachable!("SIGTERM has its default back");
    }
    let heard = Program::start(NAME, "child").dies_by(Unix::SIGTERM);
    let stage = heard
        .iter()
        .position(|line| line == "stage 1")
        .expect("our handler");
    let foreign = heard
        .iter()
        .position(|line| line == "foreign")
        .expect("theirs");
    assert!(stage < foreign, "{heard:?}");
    assert_eq!(heard.iter().filter(|line| *line == "foreign").count(), 1);
}

#[test]
fn dropping_leaves_a_handler_that_came_later() {
    const NAME: &str = "dropping_leaves_a_handler_that_came_later";
    if role().is_some() {
        let handler = InterruptHandler::install(escalating()).expect("install");
        install_foreign();
        drop(handler);
        raise(Unix::SIGINT).expect("raise");
        say("alive");
        std::process::exit(0);
    }
    let heard = Program::start(NAME, "child").exits_with(0);
    assert!(heard.contains(&"foreign".to_owned()), "{heard:?}");
}

#[test]
fn one_handler_at_a_time_any_number_in_sequence() {
    const NAME: &str = "one_handler_at_a_time_any_number_in_sequence";
    if role().is_some() {
        let first = InterruptHandler::install(escalating()).expect("install");
        let error = InterruptHandler::install(escalating())
            .err()
            .expect("one at a time");
        assert!(error.is_already_installed());
        say(&error.to_string());
        drop(first);
        let open = || std::fs::read_dir("/proc/self/fd").expect("procfs").count();
        let before = open();
        for _ in 0..100 {
            let next = InterruptHandler::install(Options::new(Policy::escalating()));
            let next = next.expect("install again");
            raise(Unix::SIGINT).expect("raise");
            assert_eq!(next.stage(), Stage::CancelQueued);
        }
        assert_eq!(open(), before, "everything that was opened is closed");
        std::process::exit(0);
    }
    let mut program = Program::start(NAME, "child");
    program.expect(
        "Failed to set up interrupt handling: a handler is already installed in this process",
    );
    program.exits_with(0);
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
fn observers_learn_who_sent_what() {
    const NAME: &str = "observers_learn_who_sent_what";
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
    const NAME: &str = "time_escalates_by_itself";
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
    const NAME: &str = "a_request_counts_like_a_signal";
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
        handler.rearm();
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
fn signals_racing_with_removal_are_never_lost() {
    const NAME: &str = "signals_racing_with_removal_are_never_lost";
    const ROUNDS: usize = 300;
    if role().is_some() {
        install_foreign();
        say("ready");
        // Each round removes the handler while another thread signals: either
        // our handler or the foreign one gets it.
        let mut by_us = 0;
        for _ in 0..ROUNDS {
            let options = Options::new(Policy::escalating().beyond(sigproof_core::Beyond::Ignore));
            let handler = InterruptHandler::install(options).expect("install");
            let token = handler.token();
            let go = std::sync::Barrier::new(2);
            thread::scope(|scope| {
                scope.spawn(|| {
                    go.wait();
                    raise(Unix::SIGINT).expect("raise");
                });
                go.wait();
                drop(handler);
            });
            by_us += usize::from(token.is_interrupted());
        }
        say(&format!("by us {by_us}"));
        std::process::exit(0);
    }
    let heard = Program::start(NAME, "child").exits_with(0);
    let by_us: usize = heard
        .iter()
        .find_map(|line| line.strip_prefix("by us "))
        .expect("a count")
        .parse()
        .expect("a number");
    let foreign = heard.iter().filter(|line| *line == "foreign").count();
    assert_eq!(by_us + foreign, ROUNDS, "by us {by_us}, foreign {foreign}");
}

#[test]
fn the_previous_handler_is_called_as_well_if_asked_for() {
    const NAME: &str = "the_previous_handler_is_called_as_well_if_asked_for";
    if let Some(role) = role() {
        install_foreign();
        let options = match role.as_str() {
            "chain" => escalating().chain_previous_handlers(),
            _ => escalating(),
        };
        let handler = InterruptHandler::install(options).expect("install");
        raise(Unix::SIGINT).expect("raise");
        say(&format!("stage {}", handler.stage().number()));
        std::process::exit(0);
    }
    let chained = Program::start(NAME, "chain").exits_with(0);
    assert!(chained.contains(&"foreign".to_owned()), "{chained:?}");
    assert!(chained.contains(&"stage 1".to_owned()), "{chained:?}");
    let alone = Program::start(NAME, "alone").exits_with(0);
    assert!(!alone.contains(&"foreign".to_owned()), "{alone:?}");
}

#[test]
fn a_forked_child_dies_by_default_and_tells_the_parent_nothing() {
    const NAME: &str = "a_forked_child_dies_by_default_and_tells_the_parent_nothing";
    if role().is_some() {
        use nix::sys::wait::{WaitStatus, waitpid};
        use nix::unistd::{ForkResult, fork};
        let (sender, receiver) = mpsc::channel();
        let options = Options::new(Policy::escalating()).observer(Forward(sender));
        let handler = InterruptHandler::install(options).expect("install");
        // SAFETY: the child only raises a signal and exits, both
        // async-signal-safe.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                let _ = raise(Unix::SIGINT);
                // SAFETY: no precondition.
                unsafe { nix::libc::_exit(9) };
            }
            ForkResult::Parent { child } => {
                let end = waitpid(child, None).expect("wait");
                assert_eq!(end, WaitStatus::Signaled(child, Unix::SIGINT, false));
            }
        }
        assert_eq!(handler.stage(), Stage::Running);
        raise(Unix::SIGTERM).expect("raise");
        let first = receiver.recv().expect("a transition");
        assert_eq!(
            first.cause,
            Cause::Signal(Signal::TERMINATE),
            "the child wrote nothing"
        );
        std::process::exit(0);
    }
    Program::start(NAME, "child").exits_with(0);
}

#[test]
fn a_stop_repairs_the_terminal_and_going_on_puts_it_back() {
    use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
    const NAME: &str = "a_stop_repairs_the_terminal_and_going_on_puts_it_back";
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
    support::until("the program is stopped", || {
        std::fs::read_to_string(&state).is_ok_and(|stat| stat.contains(") T"))
    });
    assert!(echoes(), "the shell gets its terminal back");
    program.expect("restored");
    program.signal(Unix::SIGCONT);
    program.expect("back");
    support::until("the modes are back", || !echoes());
    program.signal(Unix::SIGINT);
    program.dies_by(Unix::SIGINT);
}
