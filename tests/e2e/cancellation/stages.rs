//! Both seeds' message flows, by real Ctrl+C on a real terminal.

use std::ffi::OsString;
use under_test::{Outcome, rust_program};

fn run(flags: &[&str], program: &str, arguments: &[&str]) -> Outcome {
    let mut words: Vec<OsString> = vec!["run".into(), "--empty".into(), "--pty".into()];
    words.extend(flags.iter().map(Into::into));
    words.push("--".into());
    words.push(rust_program(program).into());
    words.extend(arguments.iter().map(Into::into));
    under_test::json(&words).expect("a run")
}

/// What the terminal showed, with the moments of the signals.
fn transcript(outcome: &Outcome) -> String {
    let mut text = String::new();
    for line in outcome.lines.iter().filter(|line| line["type"] == "event") {
        let event = &line["event"];
        if let Some(bytes) = event["output"]["bytes"].as_str() {
            text.push_str(bytes);
        } else if let Some(step) = event["fault"]["step"].as_u64() {
            text.push_str(&format!("<signal {}>", step + 1));
        }
    }
    text
}

/// That these come one after the other.
#[track_caller]
fn in_order(text: &str, expected: &[&str]) {
    let mut rest = text;
    for part in expected {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("{part:?} is not in its place in\n{text}"));
        rest = &rest[at + part.len()..];
    }
}

const SLOW: [&str; 6] = ["--task-ms", "400", "--tasks", "6", "--workers", "2"];

#[test]
fn the_first_ctrl_c_completes_what_is_active() {
    let flags = [
        "--any", // two workers: the order of its lines is a race
        "results.txt",
        "--signal",
        "INT@output:'task 1 is done'",
    ];
    let outcome = run(&flags, "three-stage", &SLOW);
    in_order(
        &transcript(&outcome),
        &[
            "🛑 Interrupt Handling:",
            "• First Ctrl+C: Graceful cancellation (finish active work)",
            "• Second Ctrl+C: Urgent cancellation (stop active work)",
            "• Third Ctrl+C: Immediate termination (no cleanup)",
            "<signal 1>",
            "🛑 Interrupt received: Cancelling queued tasks, completing active work...",
            "Press Ctrl+C again to terminate active tasks",
            "📊 Returning partial results: 4/6 tasks completed (66.7%)",
        ],
    );
    assert_eq!(
        outcome.line("run").expect("a run")["status"]["signaled"],
        2,
        "{outcome:#?}"
    );
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
}

#[test]
fn the_second_ctrl_c_ends_what_is_active() {
    let flags = [
        "--any", // two workers: the order of its lines is a race
        "results.txt",
        "--signal",
        "INT@output:'task 1 is done'",
        "--signal",
        "INT@output:'Press Ctrl.C again'",
    ];
    let outcome = run(&flags, "three-stage", &SLOW);
    in_order(
        &transcript(&outcome),
        &[
            "<signal 1>",
            "🛑 Interrupt received: Cancelling queued tasks, completing active work...",
            "<signal 2>",
            "⚠️  Second interrupt: Terminating active tasks, returning partial results...",
            "Press Ctrl+C again for immediate exit",
            "📊 Returning partial results: 2/6 tasks completed (33.3%)",
        ],
    );
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
}

#[test]
fn the_third_ctrl_c_ends_everything_although_the_tasks_never_look() {
    let flags = [
        "--any", // two workers: the order of its lines is a race
        "results.txt",
        "--signal",
        "INT@output:'task 1 is done'",
        "--signal",
        "INT@output:'Press Ctrl.C again'",
        "--signal",
        "INT@output:'Press Ctrl.C again'",
    ];
    let mut arguments = SLOW.to_vec();
    arguments.push("--stubborn");
    let outcome = run(&flags, "three-stage", &arguments);
    in_order(
        &transcript(&outcome),
        &[
            "<signal 2>",
            "<signal 3>",
            "💥 Third interrupt: Immediate termination!",
        ],
    );
    assert_eq!(
        outcome.line("run").expect("a run")["status"]["signaled"],
        2,
        "{outcome:#?}"
    );
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
}

#[test]
fn confirm_warns_once_and_stops_the_second_time() {
    let once = run(
        &["--signal", "INT@output:ready"],
        "confirm",
        &["--step-ms", "100"],
    );
    in_order(
        &transcript(&once),
        &["<signal 1>", "Press Ctrl+C again to stop"],
    );
    assert_eq!(
        once.line("run").expect("a run")["status"]["exited"],
        0,
        "it goes on: {once:#?}"
    );
    let twice = run(
        &[
            "--signal",
            "INT@output:ready",
            "--signal",
            "INT@output:'Press Ctrl.C again to stop'",
        ],
        "confirm",
        &["--step-ms", "100"],
    );
    assert_eq!(
        twice.line("run").expect("a run")["status"]["signaled"],
        2,
        "{twice:#?}"
    );
}
