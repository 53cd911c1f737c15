//! Tokens, scopes and shields, moved by a source.

use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::machine::{Cause, Stage};

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_checkpoint_lets_active_tasks_complete_at_stage_one() {
    let source = StopSource::new();
    let token = source.token();
    assert_eq!(token.checkpoint(), Ok(()));
    source.stop(Stage::CancelQueued);
    assert_eq!(token.checkpoint(), Ok(()));
    let queued = token.checkpoint_at(Stage::CancelQueued);
    assert_eq!(
        queued,
        Err(Interrupted::new(Stage::CancelQueued, Cause::Request))
    );
    source.stop(Stage::TerminateActive);
    let active = token.checkpoint().expect_err("stage 2");
    assert_eq!(active.stage(), Stage::TerminateActive);
    assert_eq!(active.to_string(), "interrupted at stage 2 by request");
}

#[test]
fn a_running_program_passes_every_checkpoint() {
    let token = StopSource::new().token();
    for stage in Stage::ALL {
        assert_eq!(token.checkpoint_at(stage), Ok(()), "{stage:?}");
    }
}

#[test]
fn a_shield_counter_sees_what_its_token_sees_and_knows_the_shields_below() {
    let source = StopSource::new();
    let scope = source.token().scope();
    let shield_counter = scope.token().with_shield_counter();
    assert_eq!(shield_counter.shields(), Shields::None);
    let shield = shield_counter.shield(LONG);
    let below = shield.token().scope();
    scope.stop(Stage::CancelQueued);
    assert_eq!(shield_counter.stage(), Stage::CancelQueued);
    assert_eq!(below.token().stage(), Stage::Running);
    assert!(matches!(
        shield_counter.shields(),
        Shields::HoldUntil(Some(_))
    ));
    // Not its own: the same token may have many.
    assert_eq!(scope.token().with_shield_counter().shields(), Shields::None);
    drop(shield);
    assert_eq!(below.token().stage(), Stage::CancelQueued);
    assert!(matches!(shield_counter.shields(), Shields::Ended(_)));
    source.stop(Stage::ExitNow);
    assert_eq!(shield_counter.stage(), Stage::ExitNow);
}

#[test]
fn a_scope_stops_its_children_and_never_its_parent() {
    let source = StopSource::new();
    let token = source.token();
    let scope = token.scope();
    let inner = scope.token().scope();
    scope.stop(Stage::TerminateActive);
    assert_eq!(inner.token().stage(), Stage::TerminateActive);
    assert_eq!(scope.token().stage(), Stage::TerminateActive);
    assert_eq!(token.stage(), Stage::Running);
    assert_eq!(scope.token().cause(), Cause::None);
    scope.stop(Stage::CancelQueued);
    assert_eq!(
        inner.token().stage(),
        Stage::TerminateActive,
        "never goes down"
    );
    source.stop(Stage::ExitNow);
    assert_eq!(inner.token().stage(), Stage::ExitNow);
}

#[test]
fn stopping_a_scope_wakes_those_who_wait_below() {
    for _ in 0..100 {
        let scope = StopSource::new().token().scope();
        let below = scope.token().scope().token().clone();
        let waiter = thread::spawn(move || below.wait(Stage::CancelQueued));
        scope.stop(Stage::CancelQueued);
        assert_eq!(waiter.join().expect("no panic"), Stage::CancelQueued);
    }
}

#[test]
fn a_shield_defers_stages_one_and_two_until_it_ends() {
    let source = StopSource::new();
    let token = source.token();
    let shield = token.shield(LONG);
    let inside = shield.token().clone();
    for stage in [Stage::CancelQueued, Stage::TerminateActive] {
        source.stop(stage);
        assert_eq!(inside.stage(), Stage::Running);
        assert_eq!(token.stage(), stage, "outside it is seen at once");
    }
    drop(shield);
    assert_eq!(inside.stage(), Stage::TerminateActive);
}

#[test]
fn stage_three_goes_through_a_shield() {
    let source = StopSource::new();
    let shield = source.token().shield(LONG);
    source.stop(Stage::ExitNow);
    assert_eq!(shield.token().stage(), Stage::ExitNow);
}

#[test]
fn a_shield_gives_way_when_its_limit_passes() {
    let source = StopSource::new();
    source.stop(Stage::TerminateActive);
    let begun = Instant::now();
    let limit = Duration::from_millis(20);
    let shield = source.token().shield(limit);
    // The wait itself is woken by the limit, nobody else does it.
    assert_eq!(
        shield.token().wait(Stage::CancelQueued),
        Stage::TerminateActive
    );
    assert!(begun.elapsed() >= limit);
}

#[test]
fn the_end_of_a_shield_wakes_those_who_wait_inside() {
    for _ in 0..100 {
        let source = StopSource::new();
        source.stop(Stage::CancelQueued);
        let shield = source.token().shield(LONG);
        let inside = shield.token().clone();
        let waiter = thread::spawn(move || inside.wait(Stage::CancelQueued));
        drop(shield);
        assert_eq!(waiter.join().expect("no panic"), Stage::CancelQueued);
    }
}

#[test]
fn a_scope_knows_of_shields_below_it() {
    let scope = StopSource::new().token().scope();
    let shields = || scope.token().shields();
    assert_eq!(shields(), Shields::None);
    let outer = scope.token().shield(LONG);
    let inner = outer.token().shield(LONG);
    assert!(matches!(shields(), Shields::HoldUntil(Some(_))));
    drop(outer);
    assert!(matches!(shields(), Shields::HoldUntil(Some(_))));
    drop(inner);
    assert!(matches!(shields(), Shields::Ended(_)));
    let brief = scope.token().shield(Duration::ZERO);
    assert!(
        matches!(shields(), Shields::Ended(_)),
        "the limit has passed"
    );
    drop(brief);
}

#[test]
fn waiting_ends_by_stage_or_by_time() {
    let source = StopSource::new();
    let token = source.token();
    assert_eq!(
        token.wait_timeout(Stage::CancelQueued, Duration::from_millis(1)),
        None
    );
    assert_eq!(token.sleep(Duration::from_millis(1)), Ok(()));
    let future = token.clone();
    let thread = thread::spawn(move || future.sleep(LONG));
    source.stop(Stage::TerminateActive);
    let cut = thread.join().expect("no panic").expect_err("cut short");
    assert_eq!(cut.stage(), Stage::TerminateActive);
    assert_eq!(
        token.wait_timeout(Stage::CancelQueued, LONG),
        Some(Stage::TerminateActive)
    );
}

#[test]
fn a_new_epoch_runs_again() {
    let source = StopSource::new();
    let token = source.token();
    source.stop(Stage::TerminateActive);
    source.reset();
    assert_eq!(token.stage(), Stage::Running);
    assert_eq!(token.epoch(), 1);
    assert!(source.stop(Stage::CancelQueued));
    assert_eq!(token.stage(), Stage::CancelQueued);
}

/// What a random schedule does to a tree of scopes.
#[derive(Clone, Debug)]
enum Move {
    StopRoot(Stage),
    /// The scope by its number, modulo the number of scopes.
    StopScope(usize, Stage),
    /// A new scope below another one, or below the root.
    Grow(Option<usize>),
    Rearm,
}

fn any_move() -> impl proptest::strategy::Strategy<Value = Move> {
    use proptest::prelude::*;
    let stage = || prop::sample::select(Stage::ALL.to_vec());
    prop_oneof![
        stage().prop_map(Move::StopRoot),
        (any::<usize>(), stage()).prop_map(|(scope, stage)| Move::StopScope(scope, stage)),
        prop::option::of(any::<usize>()).prop_map(Move::Grow),
        Just(Move::Rearm),
    ]
}

proptest::proptest! {
    /// Every scope sees the highest stage on its way to the root, whatever
    /// happened in which order; a new epoch resets the root alone.
    #[test]
    fn a_tree_of_scopes_agrees_with_its_model(
        moves in proptest::collection::vec(any_move(), 0..60),
    ) {
        let source = StopSource::new();
        let mut root = Stage::Running;
        // Each scope with its parent and its own stage.
        let mut scopes: Vec<(Scope, Option<usize>, Stage)> = Vec::new();
        for step in moves {
            match step {
                Move::StopRoot(stage) => {
                    source.stop(stage);
                    root = root.max(stage);
                }
                Move::StopScope(number, stage) if !scopes.is_empty() => {
                    let number = number % scopes.len();
                    let (scope, _, own) = &mut scopes[number];
                    scope.stop(stage);
                    *own = (*own).max(stage);
                }
                Move::StopScope(..) => {}
                Move::Grow(parent) => {
                    let parent = parent.filter(|_| !scopes.is_empty());
                    let parent = parent.map(|number| number % scopes.len());
                    let scope = match parent {
                        Some(number) => scopes[number].0.token().scope(),
                        None => source.token().scope(),
                    };
                    scopes.push((scope, parent, Stage::Running));
                }
                Move::Rearm => {
                    source.reset();
                    root = Stage::Running;
                }
            }
            proptest::prop_assert_eq!(source.token().stage(), root);
            for (scope, parent, own) in &scopes {
                let (mut expected, mut above) = (root.max(*own), *parent);
                while let Some(number) = above {
                    expected = expected.max(scopes[number].2);
                    above = scopes[number].1;
                }
                proptest::prop_assert_eq!(scope.token().stage(), expected);
            }
        }
    }
}

/// Whatever the features: a token may be used in `catch_unwind`.
#[test]
fn tokens_are_unwind_safe() {
    fn check<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    check::<StopToken>();
    check::<StopSource>();
    check::<Scope>();
    check::<Shield>();
}

#[test]
fn scopes_nest_without_a_limit() {
    let source = StopSource::new();
    let mut token = source.token();
    for _ in 0..200_000 {
        token = token.scope().token().clone();
    }
    source.stop(Stage::CancelQueued);
    assert_eq!(token.stage(), Stage::CancelQueued);
    assert_eq!(token.wait(Stage::CancelQueued), Stage::CancelQueued);
    drop(token);
}

#[test]
fn a_wait_ends_at_its_deadline() {
    let source = StopSource::new();
    let token = source.token();
    let soon = Instant::now() + Duration::from_millis(5);
    assert_eq!(token.wait_deadline(Stage::CancelQueued, soon), None);
    assert!(Instant::now() >= soon);
    source.stop(Stage::TerminateActive);
    assert!(token.should_cancel_queued_tasks() && token.should_terminate_active_tasks());
    assert!(!token.should_exit_now());
    let reached = token.wait_deadline(Stage::CancelQueued, soon);
    assert_eq!(reached, Some(Stage::TerminateActive));
}

/// Waiters are many, and shields as well.
#[test]
fn the_end_of_a_shield_wakes_nobody_while_the_program_runs() {
    let source = StopSource::new();
    let token = source.token();
    let wakes = || {
        token
            .cell
            .storage()
            .wakes
            .load(crate::sync::Ordering::SeqCst)
    };
    let before = wakes();
    drop(token.shield(LONG));
    assert_eq!(wakes(), before);
    let scope = token.scope();
    let shield = scope.token().shield(LONG);
    scope.stop(Stage::CancelQueued);
    let stopped = wakes();
    drop(shield);
    assert_eq!(wakes(), stopped + 1);
}
