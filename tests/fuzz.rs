//! `sigproof fuzz`: a race that needs two signals is found and shrunk to them, and a correct program passes.

#[path = "support/sigproof.rs"]
mod sigproof;

use fixture_model::{Fixture, Probe};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use sigproof::{Outcome, rust_program};
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

/// The race of two signals within some 50 µs.
const WRONG: &str = "c/reset-handler-wrong";
const RIGHT: &str = "c/reset-handler-right";

fn command(name: &str) -> Vec<OsString> {
    let fixture = Fixture::named(name).unwrap_or_else(|| panic!("no fixture {name}"));
    fixture.program().argv(&rust_program)
}

fn fuzz(name: &str, flags: &str) -> Outcome {
    let mut arguments = sigproof::words(&format!("fuzz --empty{flags} --"));
    arguments.extend(command(name));
    sigproof::json(&arguments).expect("a session")
}

fn summary(outcome: &Outcome) -> &Value {
    outcome.line("summary").expect("a summary")
}

#[test]
fn a_sweep_of_single_signals_does_not_see_it() {
    let mut arguments = sigproof::words("sweep --empty --");
    arguments.extend(command(WRONG));
    let outcome = sigproof::json(&arguments).expect("a sweep");
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
}

#[test]
fn the_default_settings_find_it() {
    // The default budget is 60 s.
    let outcome = fuzz(WRONG, "");
    assert!(matches!(outcome.code, Some(1 | 5)), "{outcome:#?}");
    assert_eq!(summary(&outcome)["ended"], "found", "{outcome:#?}");
    let oracles: Vec<&str> = outcome.oracles().collect();
    assert_eq!(oracles, ["leftovers"], "{outcome:#?}");
}

#[test]
fn its_correct_twin_passes() {
    let outcome = fuzz(RIGHT, " --runs 300");
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    assert_eq!(summary(&outcome)["runs"], 300);
    assert_eq!(summary(&outcome)["ended"], "runs");
}

#[test]
fn a_seed_chooses_the_same_schedules_however_many_run_at_a_time() {
    let pairs = |flags: &str| {
        let outcome = fuzz(RIGHT, &format!(" --runs 16 --after handler {flags}"));
        assert_eq!(outcome.code, Some(0), "{outcome:#?}");
        assert_eq!(
            outcome.line("plan").expect("a plan")["seed"],
            summary(&outcome)["seed"]
        );
        summary(&outcome)["pairs"].clone()
    };
    let first = pairs("--seed 1 --jobs 1");
    assert_eq!(first, pairs("--seed 1 --jobs 4"));
    // One of the others at least has another number of them.
    assert!((2..6).any(|seed| pairs(&format!("--seed {seed}")) != first));
}

#[test]
fn ctrl_c_gives_what_was_found_so_far_and_dies_by_the_signal() {
    let store = tempfile::tempdir().expect("a directory");
    let mut child = sigproof::command()
        .args(["fuzz", "--json", "--empty", "--for", "10m", "--store"])
        .arg(store.path())
        .arg("--")
        .args(command(RIGHT))
        .stdout(Stdio::piped())
        .spawn()
        .expect("sigproof starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let plan = lines.next().expect("a line").expect("text");
    assert!(plan.contains("\"plan\""), "{plan}");
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).expect("a signal");
    let rest: Vec<String> = lines.map(|line| line.expect("text")).collect();
    let status = child.wait().expect("an end");
    assert_eq!(status.signal(), Some(2), "{status:?}");
    let last: Value = serde_json::from_str(rest.last().expect("a summary")).expect("JSON");
    assert_eq!(last["type"], "summary");
    assert_eq!(last["ended"], "interrupted", "{last}");
}

#[test]
fn what_cannot_be_done_is_said() {
    for (flags, code, reason) in [
        (" --fault HELLO", 2, "no such fault"),
        (" --fault INT:terminal", 2, "--pty"),
        (" --only rename", 4, "no moment"),
        (" --only nosuchcall", 2, "--only"),
    ] {
        let outcome = fuzz(RIGHT, flags);
        let error = outcome.line("error").expect("an error");
        assert_eq!(outcome.code, Some(code), "{flags}: {error}");
        let text = error["text"].as_str().unwrap_or_default();
        assert!(text.contains(reason), "{flags}: {text}");
    }
    assert!(matches!(
        Fixture::named(RIGHT).map(|fixture| fixture.pair.probe),
        Some(Probe::Fuzz(_))
    ));
}
