//! The record of an interrupted run, as JSON and as events of tracing, by a
//! real signal.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use nix::sys::signal::{Signal as Unix, raise};
use serde_json::Value;
use sigproof_core::feedback::Timeline;
use sigproof_core::{
    Controller, InterruptHandler, Options, Policy, Stage, StopToken, TaskError, ThreadPool,
};

use crate::support::{Program, role, say, snapshot, until};

/// The press comes at the same place in each run, and the failure after what
/// the pool says of the press.
fn press_and_fail(token: &StopToken, timeline: &Timeline) -> Result<(), TaskError> {
    raise(Unix::SIGINT)?;
    token.wait(Stage::CancelQueued);
    until("submission stopped", || {
        let events = timeline.events();
        events
            .iter()
            .any(|event| event.name == "submission-stopped")
    });
    Err("out of paper".into())
}

/// A run with everything in it, recorded.
fn run(timeline: &Timeline) {
    let options = Options::new(Policy::escalating()).observer(timeline.clone());
    let handler = InterruptHandler::install(options).expect("install");
    let token = handler.token();
    let pool = ThreadPool::new(&token)
        .workers(1)
        .feedback(timeline.clone());
    timeline.record("begin", "a \"quoted\" text\nof two lines");
    let report = Controller::new(&token)
        .timeline(timeline)
        .phase("work", |_| {
            let recorded = timeline.clone();
            let results = pool.map(1..=4, move |number, token| match number {
                2 => press_and_fail(token, &recorded),
                _ => Ok(()),
            });
            assert_eq!(results.tally().total(), 4);
            Ok(())
        })
        .phase("more work", |_| Ok(()))
        .global_teardown("clean up", |_| Ok(()))
        .run();
    assert!(!report.is_complete());
    // Observers are told on a thread of their own, in order.
    drop(handler);
}

#[test]
fn the_timeline_of_a_run_is_json_of_version_1() {
    const NAME: &str = test_name!("the_timeline_of_a_run_is_json_of_version_1");
    if role().is_some() {
        let timeline = Timeline::new();
        run(&timeline);
        let mut json = Vec::new();
        timeline.write_json(&mut json).expect("memory");
        say(&String::from_utf8(json).expect("UTF-8"));
        return;
    }
    let text = Program::start(NAME, "child").exits_with(0).join("\n");
    let json: Value = serde_json::from_str(&text).expect("one JSON object");
    assert_eq!(json["version"], 1);
    assert_eq!(json["clock"], "monotonic-ns");
    assert_eq!(json["dropped"], 0);
    let events = json["events"].as_array().expect("an array");
    let times: Vec<u64> = events
        .iter()
        .map(|event| event["at_ns"].as_u64().expect("a time"))
        .collect();
    assert!(times.is_sorted() && times[0] > 0, "{times:?}");
    // One event a line, for tools that work by lines.
    assert_eq!(text.lines().count(), events.len() + 2);
    let mut shown = String::new();
    for event in events {
        let mut event = event.clone();
        let fields = event.as_object_mut().expect("an object");
        fields.remove("at_ns");
        if let Some(sender) = fields.get_mut("sender") {
            assert!(sender.as_u64().is_some_and(|pid| pid > 1), "{sender}");
            *sender = "[pid]".into();
        }
        shown.push_str(&format!("{event}\n"));
    }
    snapshot("timeline", &shown);
}

/// A writer into memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic under the lock").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_same_events_go_to_tracing() {
    const NAME: &str = test_name!("the_same_events_go_to_tracing");
    if role().is_some() {
        let memory = Memory::default();
        let writer = memory.clone();
        tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .init();
        let timeline = Timeline::new();
        run(&timeline);
        let text = memory.0.lock().expect("no panic under the lock").clone();
        let text = String::from_utf8(text).expect("UTF-8");
        assert_eq!(
            text.lines()
                .filter(|line| line.contains("sigproof_core:"))
                .count(),
            timeline.events().len()
        );
        say(&format!("pid {}", std::process::id()));
        return say(&text);
    }
    let mut program = Program::start(NAME, "child");
    let pid = program.expect("pid ").replace("pid ", "pid=");
    let lines = program.exits_with(0);
    // level, and the fields that one line holds
    let expected: [(&str, &[&str]); 6] = [
        (
            "INFO",
            &[
                "event=\"begin\"",
                "detail=\"a \\\"quoted\\\" text\\nof two lines\"",
            ],
        ),
        (
            "WARN",
            &[
                "event=\"task-failed\"",
                "index=1",
                "reason=\"out of paper\"",
            ],
        ),
        (
            "INFO",
            &["event=\"signal\"", "signal=\"SIGINT\"", &pid, "at_ns="],
        ),
        (
            "INFO",
            &["event=\"stage\"", "from=0", "stage=1", "cause=\"signal\""],
        ),
        (
            "INFO",
            &["event=\"partial-results\"", "completed=1", "total=4"],
        ),
        ("INFO", &["event=\"exit\"", "stage=1", "cause=\"signal\""]),
    ];
    for (level, fields) in expected {
        let found = lines.iter().any(|line| {
            line.contains(&format!("{level} sigproof_core: "))
                && fields.iter().all(|field| line.contains(field))
        });
        assert!(found, "{level} {fields:?} is not in\n{}", lines.join("\n"));
    }
}
