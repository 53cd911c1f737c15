//! Handing signals over: what was there before the handler, after it, beside
//! it, and in a forked child.

use std::sync::mpsc;
use std::thread;

use nix::sys::signal::{self, SaFlags, SigAction, SigHandler, SigSet, Signal as Unix, raise};
use sigproof_core::{
    Cause, InterruptHandler, Observer, OnLadderEnd, Options, Policy, Signal, Stage, Transition,
};

use crate::support::{Program, Setup, role, say};

fn escalating() -> Options {
    Options::new(Policy::escalating())
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
fn inherited_ignored_signals_stay_ignored() {
    const NAME: &str = test_name!("inherited_ignored_signals_stay_ignored");
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

/// Returns what was there before.
fn install_foreign() -> SigAction {
    let action = SigAction::new(
        SigHandler::Handler(foreign_handler),
        SaFlags::SA_RESTART,
        SigSet::empty(),
    );
    // SAFETY: the handler only writes.
    unsafe { signal::sigaction(Unix::SIGINT, &action) }.expect("sigaction")
}

#[test]
fn dropping_restores_what_was_there_before() {
    const NAME: &str = test_name!("dropping_restores_what_was_there_before");
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
    const NAME: &str = test_name!("dropping_leaves_a_handler_that_came_later");
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

/// A library that keeps what was there and puts it back puts our function back,
/// whose installation has ended since.
#[test]
fn a_stale_handler_that_another_library_puts_back_gives_way() {
    const NAME: &str = test_name!("a_stale_handler_that_another_library_puts_back_gives_way");
    if role().is_some() {
        let handler = InterruptHandler::install(escalating()).expect("install");
        let ours = install_foreign();
        drop(handler);
        // SAFETY: what sigaction itself returned.
        unsafe { signal::sigaction(Unix::SIGINT, &ours) }.expect("sigaction");
        say("put back");
        raise(Unix::SIGINT).expect("raise");
        std::process::exit(9);
    }
    let heard = Program::start(NAME, "child").dies_by(Unix::SIGINT);
    assert!(heard.contains(&"put back".to_owned()), "{heard:?}");
}

#[test]
fn a_forked_child_that_drops_its_own_handler_dies_by_default() {
    const NAME: &str = test_name!("a_forked_child_that_drops_its_own_handler_dies_by_default");
    if role().is_some() {
        use nix::sys::wait::{WaitStatus, waitpid};
        use nix::unistd::{ForkResult, fork};
        let handler = InterruptHandler::install(escalating()).expect("install");
        // SAFETY: the child has one thread, and no other one held a lock: the
        // watcher sleeps.
        match unsafe { fork() }.expect("fork") {
            ForkResult::Child => {
                let options = Options::new(Policy::escalating());
                drop(InterruptHandler::install(options).expect("install"));
                let _ = raise(Unix::SIGINT);
                // SAFETY: no precondition.
                unsafe { nix::libc::_exit(9) };
            }
            ForkResult::Parent { child } => {
                let end = waitpid(child, None).expect("wait");
                assert_eq!(end, WaitStatus::Signaled(child, Unix::SIGINT, false));
            }
        }
        drop(handler);
        std::process::exit(0);
    }
    Program::start(NAME, "child").exits_with(0);
}

#[test]
fn one_handler_at_a_time_any_number_in_sequence() {
    const NAME: &str = test_name!("one_handler_at_a_time_any_number_in_sequence");
    if role().is_some() {
        let first = InterruptHandler::install(escalating()).expect("install");
        let error = InterruptHandler::install(escalating()).expect_err("one at a time");
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

#[test]
fn signals_racing_with_removal_are_never_lost() {
    const NAME: &str = test_name!("signals_racing_with_removal_are_never_lost");
    const ROUNDS: usize = 300;
    if role().is_some() {
        install_foreign();
        say("ready");
        // Each round removes the handler while another thread signals: either
        // our handler or the foreign one gets it.
        let mut by_us = 0;
        for _ in 0..ROUNDS {
            let options = Options::new(Policy::escalating().on_ladder_end(OnLadderEnd::Ignore));
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
    const NAME: &str = test_name!("the_previous_handler_is_called_as_well_if_asked_for");
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
    const NAME: &str = test_name!("a_forked_child_dies_by_default_and_tells_the_parent_nothing");
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
