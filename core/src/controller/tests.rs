//! Phased runs, stopped by a source.

use std::cell::RefCell;
use std::time::Duration;

use super::*;
use crate::feedback::Timeline;
use crate::machine::Stage;
use crate::pool::{Cancelled, Failure, Outcome};
use crate::token::StopSource;

const SKIPPED: Outcome<()> = Outcome::Cancelled(Cancelled::Queued);
const CUT: Outcome<()> = Outcome::Cancelled(Cancelled::Active);
const DONE: Outcome<()> = Outcome::Completed(());

fn outcomes(reports: &[PhaseReport]) -> Vec<Outcome<()>> {
    reports
        .iter()
        .map(|report| report.outcome.clone())
        .collect()
}

#[test]
fn phases_in_order_then_plugins_backwards_then_the_whole() {
    let order = RefCell::new(Vec::new());
    let note = |name: &'static str| {
        let order = &order;
        move |_: &_| {
            order.borrow_mut().push(name);
            Ok(())
        }
    };
    let report = Controller::new(&StopSource::new().token())
        .phase("prepare", note("prepare"))
        .phase("workload", note("workload"))
        .plugin_teardown("first", note("first"))
        .plugin_teardown("second", note("second"))
        .global_teardown("global", note("global"))
        .run();
    assert!(report.is_complete());
    assert_eq!(report.interrupted, None);
    let expected = ["prepare", "workload", "second", "first", "global"];
    assert_eq!(*order.borrow(), expected);
}

/// Stops in the second of three phases.
fn stopped(stage: Stage) -> RunReport {
    let source = StopSource::new();
    Controller::new(&source.token())
        .phase("prepare", |_| Ok(()))
        .phase("workload", |token| {
            source.stop(stage);
            Ok(token.checkpoint()?)
        })
        .phase("collect", |_| Ok(()))
        .plugin_teardown("plugin", |token| Ok(token.checkpoint()?))
        .global_teardown("global", |token| Ok(token.checkpoint()?))
        .run()
}

#[test]
fn stage_two_cuts_the_phase_and_spares_the_teardown() {
    let report = stopped(Stage::TerminateActive);
    assert_eq!(outcomes(&report.phases), [DONE, CUT, SKIPPED]);
    assert_eq!(outcomes(&report.teardowns), [DONE, DONE]);
    let interrupted = report.interrupted.expect("interrupted");
    assert_eq!(interrupted.stage(), Stage::TerminateActive);
    assert_eq!(
        report.to_string(),
        "prepare: done\nworkload: interrupted\ncollect: skipped\nplugin: done\nglobal: done\n"
    );
}

#[test]
fn stage_one_completes_the_phase() {
    let report = stopped(Stage::CancelQueued);
    assert_eq!(outcomes(&report.phases), [DONE, DONE, SKIPPED]);
    assert_eq!(outcomes(&report.teardowns), [DONE, DONE]);
}

#[test]
fn stage_three_cuts_teardowns_as_well() {
    let report = stopped(Stage::ExitNow);
    assert_eq!(outcomes(&report.teardowns), [CUT, CUT]);
}

#[test]
fn a_teardown_is_not_shielded_for_ever() {
    let source = StopSource::new();
    source.stop(Stage::TerminateActive);
    let report = Controller::new(&source.token())
        .teardown_limit(Duration::from_millis(1))
        .global_teardown("global", |token| {
            token.wait(Stage::TerminateActive);
            Ok(token.checkpoint()?)
        })
        .run();
    assert_eq!(outcomes(&report.teardowns), [CUT]);
}

#[test]
fn failures_and_panics_skip_phases_but_no_teardown() {
    for panics in [false, true] {
        let report = Controller::new(&StopSource::new().token())
            .phase("prepare", |_| {
                assert!(!panics, "no luck");
                Err("no luck".into())
            })
            .phase("workload", |_| Ok(()))
            .plugin_teardown("first", |_| Ok(()))
            .plugin_teardown("second", |_| panic!("broken"))
            .global_teardown("global", |_| Ok(()))
            .run();
        let failed = |message: &str, panicked| Outcome::Failed(Failure::new(message, panicked));
        assert_eq!(
            outcomes(&report.phases),
            [failed("no luck", panics), SKIPPED]
        );
        assert_eq!(
            outcomes(&report.teardowns),
            [failed("broken", true), DONE, DONE]
        );
        assert_eq!(report.failures().count(), 2);
        assert!(!report.is_complete());
    }
}

#[test]
fn the_timeline_knows_what_happened() {
    let timeline = Timeline::new();
    let source = StopSource::new();
    let report = Controller::new(&source.token())
        .timeline(&timeline)
        .phase("work", |token| {
            source.stop(Stage::TerminateActive);
            Ok(token.checkpoint()?)
        })
        .global_teardown("clean", |_| Ok(()))
        .run();
    assert!(report.interrupted.is_some());
    let names: Vec<_> = timeline
        .events()
        .into_iter()
        .map(|event| event.name)
        .collect();
    let expected = [
        "phase-begins",
        "phase-interrupted",
        "teardown-begins",
        "teardown-completed",
    ];
    assert_eq!(names, expected);
}
