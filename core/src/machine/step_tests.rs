//! Every pair of state and event, and the properties that hold for all of them.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const INT: Signal = Signal::INTERRUPT;
const TERM: Signal = Signal::TERMINATE;

pub(super) fn press(signal: Signal, sender: Sender) -> Event {
    Event::Signal { signal, sender }
}

fn key() -> Event {
    press(INT, Sender::Kernel)
}

pub(super) fn at(millis: u64) -> Millis {
    Millis::from_millis(millis)
}

fn state(position: Position) -> State {
    State {
        position,
        since: at(0),
        last: None,
    }
}

/// Positions after each action of a scripted run.
fn play(policy: &Policy, script: &[(u64, Event)]) -> Vec<(Position, Action)> {
    let mut current = State::START;
    let mut seen = Vec::new();
    for &(millis, event) in script {
        let (next, action) = policy.step(current, event, at(millis));
        seen.push((next.position(), action));
        current = next;
    }
    seen
}

use Position::{Finished, Rung as On, Running};

#[test]
fn escalating_every_pair_of_state_and_event() {
    use Stage::{CancelQueued, ExitNow, TerminateActive};
    let policy = Policy::escalating();
    let announce = Action::Announce;
    let nothing = Action::Nothing;
    let request = Event::Request;
    // position, event, next position, action
    let table = [
        (Running, key(), On(0), announce(CancelQueued)),
        (Running, Event::Tick, Running, nothing),
        (Running, request(Stage::Running), Running, nothing),
        (
            Running,
            request(CancelQueued),
            On(0),
            announce(CancelQueued),
        ),
        (
            Running,
            request(TerminateActive),
            On(1),
            announce(TerminateActive),
        ),
        (Running, request(ExitNow), On(2), announce(ExitNow)),
        (Running, Event::Finished, Finished, nothing),
        (On(0), key(), On(1), announce(TerminateActive)),
        (On(0), Event::Tick, On(0), nothing),
        (On(0), request(Stage::Running), On(0), nothing),
        (On(0), request(CancelQueued), On(0), nothing),
        (
            On(0),
            request(TerminateActive),
            On(1),
            announce(TerminateActive),
        ),
        (On(0), request(ExitNow), On(2), announce(ExitNow)),
        (On(0), Event::Finished, Finished, nothing),
        (On(1), key(), On(2), announce(ExitNow)),
        (On(1), Event::Tick, On(1), nothing),
        (On(1), request(Stage::Running), On(1), nothing),
        (On(1), request(CancelQueued), On(1), nothing),
        (On(1), request(TerminateActive), On(1), nothing),
        (On(1), request(ExitNow), On(2), announce(ExitNow)),
        (On(1), Event::Finished, Finished, nothing),
        (On(2), key(), On(2), Action::Delegate),
        (On(2), Event::Tick, On(2), nothing),
        (On(2), request(Stage::Running), On(2), nothing),
        (On(2), request(CancelQueued), On(2), nothing),
        (On(2), request(TerminateActive), On(2), nothing),
        (On(2), request(ExitNow), On(2), nothing),
        (On(2), Event::Finished, Finished, nothing),
        (Finished, key(), Finished, Action::Delegate),
        (Finished, Event::Tick, Finished, nothing),
        (Finished, request(Stage::Running), Finished, nothing),
        (Finished, request(CancelQueued), Finished, nothing),
        (Finished, request(TerminateActive), Finished, nothing),
        (Finished, request(ExitNow), Finished, nothing),
        (Finished, Event::Finished, Finished, nothing),
    ];
    for (position, event, expected, action) in table {
        let (next, got) = policy.step(state(position), event, at(1000));
        assert_eq!(
            (next.position(), got),
            (expected, action),
            "{position:?} {event:?}"
        );
    }
}

/// A supervisor asks once, and would wait for a confirmation in vain.
#[test]
fn only_a_key_has_to_be_confirmed() {
    let step = |policy: &Policy, signal| {
        let sender = Sender::Process(1);
        policy
            .step(State::START, Event::Signal { signal, sender }, at(0))
            .1
    };
    let policy = Policy::confirmed();
    let stop = Action::RequestStop(Stage::TerminateActive);
    assert_eq!(step(&policy, Signal::INTERRUPT), Action::WarnArmed);
    for signal in [Signal::TERMINATE, Signal::HANGUP, Signal::QUIT] {
        assert_eq!(step(&policy, signal), stop, "{signal}");
    }
    let asks = policy.entry(Signal::TERMINATE, Stage::Running);
    assert_eq!(step(&asks, Signal::TERMINATE), Action::WarnArmed);
    assert_eq!(step(&asks, Signal::HANGUP), stop);
}

#[test]
fn confirmed_every_pair_of_state_and_event() {
    use Stage::{CancelQueued, ExitNow, TerminateActive};
    let policy = Policy::confirmed();
    let (armed, stopping) = (On(0), On(1));
    let stop = Action::RequestStop(TerminateActive);
    let nothing = Action::Nothing;
    let request = Event::Request;
    let table = [
        (Running, key(), armed, Action::WarnArmed),
        (Running, Event::Tick, Running, nothing),
        (Running, request(Stage::Running), Running, nothing),
        (Running, request(CancelQueued), stopping, stop),
        (Running, request(TerminateActive), stopping, stop),
        (Running, request(ExitNow), Running, Action::Delegate),
        (Running, Event::Finished, Finished, nothing),
        (armed, key(), stopping, stop),
        (armed, Event::Tick, armed, nothing),
        (armed, request(Stage::Running), armed, nothing),
        (armed, request(CancelQueued), stopping, stop),
        (armed, request(TerminateActive), stopping, stop),
        (armed, request(ExitNow), armed, Action::Delegate),
        (armed, Event::Finished, Finished, nothing),
        (stopping, key(), stopping, Action::Delegate),
        (stopping, Event::Tick, stopping, nothing),
        (stopping, request(Stage::Running), stopping, nothing),
        (stopping, request(CancelQueued), stopping, nothing),
        (stopping, request(TerminateActive), stopping, nothing),
        (stopping, request(ExitNow), stopping, Action::Delegate),
        (stopping, Event::Finished, Finished, nothing),
        (Finished, key(), Finished, Action::Delegate),
        (Finished, Event::Tick, Finished, nothing),
        (Finished, request(ExitNow), Finished, nothing),
        (Finished, Event::Finished, Finished, nothing),
    ];
    for (position, event, expected, action) in table {
        let (next, got) = policy.step(state(position), event, at(1000));
        assert_eq!(
            (next.position(), got),
            (expected, action),
            "{position:?} {event:?}"
        );
    }
}

#[test]
fn an_arm_expires_by_tick_and_by_a_late_signal() {
    let policy = Policy::confirmed().arm_expires_after(Duration::from_secs(2));
    let seen = play(
        &policy,
        &[
            (0, key()),
            (1999, Event::Tick),
            (2000, Event::Tick),
            (3000, key()),
            // no tick came in between, and the arm is 2 s old
            (5000, key()),
            (6999, key()),
        ],
    );
    assert_eq!(
        seen,
        [
            (On(0), Action::WarnArmed),
            (On(0), Action::Nothing),
            (Running, Action::Disarmed),
            (On(0), Action::WarnArmed),
            (On(0), Action::WarnArmed),
            (On(1), Action::RequestStop(Stage::TerminateActive)),
        ]
    );
}

#[test]
fn one_press_delivered_twice_counts_once() {
    let policy = Policy::escalating();
    let forwarded = press(INT, Sender::Process(7));
    let first = (On(0), Action::Announce(Stage::CancelQueued));
    let second = (On(1), Action::Announce(Stage::TerminateActive));
    let absorbed = (On(0), Action::Nothing);
    assert_eq!(
        play(&policy, &[(0, key()), (19, forwarded)]),
        [first, absorbed]
    );
    assert_eq!(
        play(&policy, &[(0, forwarded), (19, key())]),
        [first, absorbed]
    );
    // too late, the same sender, another signal, an unknown sender
    assert_eq!(
        play(&policy, &[(0, key()), (20, forwarded)]),
        [first, second]
    );
    assert_eq!(play(&policy, &[(0, key()), (1, key())]), [first, second]);
    let term = press(TERM, Sender::Process(7));
    assert_eq!(play(&policy, &[(0, key()), (1, term)]), [first, second]);
    let unknown = press(INT, Sender::Unknown);
    assert_eq!(play(&policy, &[(0, key()), (1, unknown)]), [first, second]);
    let greedy = policy.clone().deduplicate_any_sender();
    assert_eq!(play(&greedy, &[(0, key()), (1, key())]), [first, absorbed]);
    assert_eq!(play(&greedy, &[(0, key()), (20, key())]), [first, second]);
    // switched off
    let plain = policy.deduplicate_within(Duration::ZERO);
    assert_eq!(play(&plain, &[(0, key()), (0, forwarded)]), [first, second]);
}

#[test]
fn a_step_between_two_deliveries_does_not_make_them_two() {
    let forwarded = press(INT, Sender::Process(7));
    let second = Event::Request(Stage::TerminateActive);
    // 19 ms after the step is still in time, 20 ms are not.
    let script = [(0, key()), (5, second), (24, forwarded), (25, forwarded)];
    let seen = play(&Policy::escalating(), &script);
    assert_eq!(seen[2], (On(1), Action::Nothing));
    assert_eq!(seen[3], (On(2), Action::Announce(Stage::ExitNow)));
    let hasty = Policy::escalating().escalate_after(Stage::CancelQueued, Duration::from_millis(5));
    let seen = play(&hasty, &[(0, key()), (5, Event::Tick), (6, forwarded)]);
    assert_eq!(seen[2], (On(1), Action::Nothing));
    // What came long before is not remembered anew.
    let script = [(0, key()), (20, second), (21, forwarded)];
    let seen = play(&Policy::escalating(), &script);
    assert_eq!(seen[2], (On(2), Action::Announce(Stage::ExitNow)));
}

#[test]
fn the_second_delivery_is_absorbed_after_the_work_finished() {
    let seen = play(
        &Policy::escalating(),
        &[
            (0, key()),
            (1, Event::Finished),
            (2, press(INT, Sender::Process(7))),
            (500, key()),
        ],
    );
    assert_eq!(seen[2], (Finished, Action::Nothing));
    assert_eq!(seen[3], (Finished, Action::Delegate));
}

#[test]
fn a_signal_can_enter_higher() {
    let policy = Policy::escalating().entry(TERM, Stage::TerminateActive);
    let term = press(TERM, Sender::Process(1));
    let second = (On(1), Action::Announce(Stage::TerminateActive));
    let third = (On(2), Action::Announce(Stage::ExitNow));
    assert_eq!(play(&policy, &[(0, term), (50, term)]), [second, third]);
    assert_eq!(play(&policy, &[(0, key()), (50, term)])[1], second);
    // by default SIGTERM counts like SIGINT
    let seen = play(&Policy::escalating(), &[(0, term)]);
    assert_eq!(seen, [(On(0), Action::Announce(Stage::CancelQueued))]);
}

#[test]
fn time_escalates_and_says_when() {
    let policy = Policy::escalating()
        .escalate_after(Stage::CancelQueued, Duration::from_secs(10))
        .escalate_after(Stage::TerminateActive, Duration::from_secs(5));
    let (first, _) = policy.step(State::START, key(), at(100));
    assert_eq!(policy.next_deadline(State::START), None);
    assert_eq!(policy.next_deadline(first), Some(at(10_100)));
    assert_eq!(
        policy.step(first, Event::Tick, at(10_099)),
        (first, Action::Nothing)
    );
    let (second, action) = policy.step(first, Event::Tick, at(10_100));
    assert_eq!(action, Action::Announce(Stage::TerminateActive));
    assert_eq!(policy.next_deadline(second), Some(at(15_100)));
    let (third, action) = policy.step(second, Event::Tick, at(15_100));
    assert_eq!(action, Action::Announce(Stage::ExitNow));
    assert_eq!(policy.next_deadline(third), None);
}

#[test]
fn a_stopping_program_can_be_ended_by_time() {
    let policy = Policy::confirmed().escalate_after(Stage::TerminateActive, Duration::from_secs(1));
    let seen = play(
        &policy,
        &[
            (0, key()),
            (50, key()),
            (1049, Event::Tick),
            (1050, Event::Tick),
        ],
    );
    assert_eq!(seen[2].1, Action::Nothing);
    assert_eq!(seen[3].1, Action::Delegate);
}

#[test]
fn custom_policies_are_checked() {
    assert_eq!(Policy::custom([]), Err(PolicyError::Empty));
    let many = (0..=MAX_RUNGS).map(|_| Rung::announce(Stage::CancelQueued));
    assert_eq!(Policy::custom(many), Err(PolicyError::TooManyRungs));
    let down = [
        Rung::announce(Stage::TerminateActive),
        Rung::announce(Stage::CancelQueued),
    ];
    assert_eq!(
        Policy::custom(down),
        Err(PolicyError::StageGoesDown { rung: 1 })
    );
    let policy = Policy::custom([
        Rung::announce(Stage::CancelQueued).named("drain"),
        Rung::warn().expires_after(Duration::from_secs(1)),
        Rung::request_stop(Stage::TerminateActive),
    ])
    .expect("stages go up");
    let seen = play(&policy, &[(0, key()), (50, key()), (1050, Event::Tick)]);
    assert_eq!(seen[1], (On(1), Action::WarnArmed));
    // the stage holds while a warning above it comes and goes
    assert_eq!(policy.rungs()[1].stage(), Stage::CancelQueued);
    assert_eq!(seen[2], (On(0), Action::Disarmed));
}

fn any_event() -> impl Strategy<Value = Event> {
    let sender = prop_oneof![
        Just(Sender::Kernel),
        (1u32..4).prop_map(Sender::Process),
        Just(Sender::Unknown),
    ];
    prop_oneof![
        6 => (prop::sample::select(Signal::ALL.to_vec()), sender)
            .prop_map(|(signal, sender)| press(signal, sender)),
        3 => Just(Event::Tick),
        1 => prop::sample::select(Stage::ALL.to_vec()).prop_map(Event::Request),
        1 => Just(Event::Finished),
    ]
}

fn any_rung() -> impl Strategy<Value = Rung> {
    let kind = 0..3u8;
    let stage = prop::sample::select(Stage::ALL.to_vec());
    let millis = prop::option::of(1u64..200);
    (kind, stage, millis.clone(), millis).prop_map(|(kind, stage, grace, window)| {
        let rung = match kind {
            0 => Rung::warn(),
            1 => Rung::request_stop(stage),
            _ => Rung::announce(stage),
        };
        let rung = match grace {
            Some(grace) => rung.grace(Duration::from_millis(grace)),
            None => rung,
        };
        match window {
            Some(window) => rung.expires_after(Duration::from_millis(window)),
            None => rung,
        }
    })
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let custom = (prop::collection::vec(any_rung(), 1..6), any::<bool>()).prop_filter_map(
        "a stage goes down",
        |(rungs, ignore)| {
            let policy = Policy::custom(rungs).ok()?;
            Some(if ignore {
                policy.on_ladder_end(OnLadderEnd::Ignore)
            } else {
                policy
            })
        },
    );
    prop_oneof![
        Just(Policy::escalating()),
        Just(Policy::confirmed()),
        Just(Policy::confirmed().arm_expires_after(Duration::from_millis(50))),
        Just(Policy::escalating().escalate_after(Stage::CancelQueued, Duration::from_millis(30))),
        custom,
    ]
}

proptest! {
    /// Never down, never over a rung, saturating, absorbed when finished; and
    /// the packed form of every reachable state is faithful.
    #[test]
    fn the_machine_keeps_its_promises(
        policy in any_policy(),
        events in prop::collection::vec((any_event(), 0u64..60), 0..60),
    ) {
        let mut now = 0;
        let mut current = State::START;
        for (event, delay) in events {
            now += delay;
            let (next, action) = policy.step(current, event, at(now));
            prop_assert_eq!(State::from_bits(next.to_bits()), next);
            if current.position() == Finished {
                prop_assert_eq!(next.position(), Finished);
                prop_assert!(matches!(action, Action::Nothing | Action::Delegate));
            } else if next.position() != Finished {
                prop_assert!(policy.stage_of(next) >= policy.stage_of(current));
                prop_assert!(next.height() <= policy.rungs().len());
                let enters_above = match event {
                    Event::Signal { signal, .. } => {
                        policy.entries.iter().any(|(known, _)| *known == signal)
                    }
                    Event::Request(_) => true,
                    Event::Tick | Event::Finished => false,
                };
                if !enters_above {
                    prop_assert!(next.height() <= current.height() + 1);
                }
                if let Some(stage) = action.stage() {
                    prop_assert_eq!(stage, policy.stage_of(next));
                }
            }
            if action == Action::Nothing {
                prop_assert!(next.position() == current.position() || event == Event::Finished);
            }
            if let Some(due) = policy.next_deadline(next) {
                let (_, due_action) = policy.step(next, Event::Tick, due);
                prop_assert_ne!(due_action, Action::Nothing, "a deadline that does nothing");
            }
            current = next;
        }
    }
}
