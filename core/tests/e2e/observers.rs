//! What observers are told when several threads take signals at once.

use std::sync::Barrier;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use nix::sys::signal::{Signal as Unix, raise};
use sigproof_core::{
    InterruptHandler, Observer, OnLadderEnd, Options, Policy, Rung, Signal, Stage, Transition,
};

use crate::support::{Program, role, say};

const ROUNDS: usize = 2000;
const SIGNALS: [Unix; 4] = [Unix::SIGINT, Unix::SIGTERM, Unix::SIGHUP, Unix::SIGQUIT];

/// Hands every transition to the test.
struct Forward(mpsc::Sender<Transition>);

impl Observer for Forward {
    fn observe(&mut self, _policy: &Policy, transition: &Transition) {
        self.0.send(*transition).expect("the test listens");
    }
}

/// Four threads take four signals at the same time; the ladder has a rung for
/// each.
fn one_round(transitions: &Receiver<Transition>) {
    let barrier = Barrier::new(SIGNALS.len());
    thread::scope(|scope| {
        for signal in SIGNALS {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                raise(signal).expect("raise");
            });
        }
    });
    let mut stage = Stage::Running;
    let mut at_ns = 0;
    for rung in 0..4 {
        let seen = transitions.recv().expect("a transition for each signal");
        assert_eq!(seen.rung, Some(rung), "{seen:?}");
        assert_eq!(seen.from, stage, "{seen:?}");
        assert_eq!(seen.action.stage(), Some(seen.to), "{seen:?}");
        assert!(seen.at_ns >= at_ns, "{seen:?} after {at_ns}");
        (stage, at_ns) = (seen.to, seen.at_ns);
    }
}

#[test]
fn transitions_come_in_the_order_of_the_ladder() {
    const NAME: &str = test_name!("transitions_come_in_the_order_of_the_ladder");
    if role().is_some() {
        let (sender, transitions) = mpsc::channel();
        let stages = [1, 1, 2, 2].map(|number| Stage::from_number(number).expect("a stage"));
        let policy = Policy::custom(stages.map(Rung::announce)).expect("a policy");
        let options = Options::new(policy.on_ladder_end(OnLadderEnd::Ignore))
            .signals(Signal::ALL)
            .observer(Forward(sender));
        let handler = InterruptHandler::install(options).expect("install");
        for _ in 0..ROUNDS {
            one_round(&transitions);
            handler.reset();
        }
        say("all in order");
        std::process::exit(0);
    }
    let heard = Program::start(NAME, "child").exits_with(0);
    assert!(heard.iter().any(|line| line == "all in order"), "{heard:?}");
}

/// It is left out from then on; the others are told, and the watcher stays.
#[test]
fn an_observer_that_panics_takes_no_other_one_with_it() {
    const NAME: &str = test_name!("an_observer_that_panics_takes_no_other_one_with_it");
    struct Panics;
    impl Observer for Panics {
        fn observe(&mut self, _policy: &Policy, _transition: &Transition) {
            panic!("on purpose");
        }
    }
    if role().is_some() {
        let (sender, transitions) = mpsc::channel();
        let options = Options::new(Policy::escalating())
            .observer(Panics)
            .observer(Forward(sender));
        let handler = InterruptHandler::install(options).expect("install");
        for stage in [Stage::CancelQueued, Stage::TerminateActive] {
            raise(Unix::SIGINT).expect("raise");
            let told = transitions.recv_timeout(crate::support::DEADLINE);
            assert_eq!(told.map(|transition| transition.to), Ok(stage));
        }
        drop(handler);
        std::process::exit(0);
    }
    Program::start(NAME, "child").exits_with(0);
}
