//! The stage rises after the coordinator's last look at it.

use super::tests::{ACTIVE, Recorder};
use super::*;
use crate::feedback::Notice;
use crate::machine::Stage;
use crate::token::{StopSource, StopToken};

/// A run of one task that asks `asked` whether to stop. The coordinator's last
/// look at the stage is before it collects, and here the stage rises while it
/// does. With what was said.
fn rises_at_the_end(asked: StopToken) -> (Results<usize>, Vec<Notice>) {
    let source = StopSource::new();
    let said = Recorder::default();
    let pool = ThreadPool::new(&source.token())
        .workers(1)
        .feedback(said.clone());
    let results = pool.map_streaming(
        0..1_usize,
        move |number, _| {
            asked.checkpoint()?;
            Ok(number)
        },
        |_, _| assert!(source.stop(Stage::TerminateActive)),
    );
    let said = said.0.lock().expect("no panic").clone();
    (results, said)
}

#[test]
fn the_run_ends_at_the_stage_that_ended_its_last_task() {
    let (results, said) = rises_at_the_end(StopSource::new().token());
    let stage = results.interrupted().map(|interrupted| interrupted.stage());
    assert_eq!(stage, Some(Stage::TerminateActive));
    assert_eq!(said.last(), Some(&results.partial_notice()));
}

#[test]
fn that_active_tasks_were_stopped_is_said_although_all_have_ended() {
    // The task is stopped by a stage that the coordinator has not seen.
    let earlier = StopSource::new();
    assert!(earlier.stop(Stage::TerminateActive));
    let (results, said) = rises_at_the_end(earlier.token());
    assert_eq!(results.outcomes(), [ACTIVE]);
    assert_eq!(said, [Notice::CollectionStopped, results.partial_notice()]);
}
