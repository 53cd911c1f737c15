//! The stage rises after the coordinator's last look at it.

use super::tests::{ACTIVE, Recorder};
use super::*;
use crate::feedback::Notice;
use crate::machine::Stage;
use crate::token::StopSource;

#[test]
fn the_run_ends_at_the_stage_that_ended_its_last_task() {
    // The coordinator's last look at the stage is before it collects, and here
    // the stage rises while it does.
    let source = StopSource::new();
    let said = Recorder::default();
    let pool = ThreadPool::new(&source.token())
        .workers(1)
        .feedback(said.clone());
    let results = pool.map_streaming(
        0..1_usize,
        |number, _| Ok(number),
        |_, _| assert!(source.stop(Stage::TerminateActive)),
    );
    let stage = results.interrupted().map(|interrupted| interrupted.stage());
    assert_eq!(stage, Some(Stage::TerminateActive));
    let said = said.0.lock().expect("no panic");
    assert_eq!(said.last(), Some(&results.partial_notice()));
}

#[test]
fn that_active_tasks_were_stopped_is_said_although_all_have_ended() {
    // As above; the task is stopped by a stage that the coordinator has not seen.
    let (source, earlier) = (StopSource::new(), StopSource::new());
    assert!(earlier.stop(Stage::TerminateActive));
    let stopped = earlier.token();
    let said = Recorder::default();
    let pool = ThreadPool::new(&source.token())
        .workers(1)
        .feedback(said.clone());
    let results = pool.map_streaming(
        0..1_usize,
        move |number, _| {
            stopped.checkpoint()?;
            Ok(number)
        },
        |_, _| assert!(source.stop(Stage::TerminateActive)),
    );
    assert_eq!(results.outcomes(), [ACTIVE]);
    let said = said.0.lock().expect("no panic");
    assert_eq!(*said, [Notice::CollectionStopped, results.partial_notice()]);
}
