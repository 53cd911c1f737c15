//! `sigproof fuzz`: a race that needs two signals is found and shrunk to them, and a correct program passes.

use fixture_model::{Fixture, Probe};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use under_test::{Outcome, rust_program};

/// The race of two signals within some 50 µs.
const WRONG: &str = "c/reset-handler-wrong";
const RIGHT: &str = "c/reset-handler-right";

fn command(name: &str) -> Vec<OsString> {
    let fixture = Fixture::named(name).unwrap_or_else(|| panic!("no fixture {name}"));
    fixture.program().argv(&rust_program)
}

fn fuzz(name: &str, flags: &str) -> Outcome {
    let mut arguments = under_test::words(&format!("fuzz --empty{flags} --"));
    arguments.extend(command(name));
    under_test::json(&arguments).expect("a session")
}

fn summary(outcome: &Outcome) -> &Value {
    outcome.line("summary").expect("a summary")
}

#[test]
fn a_sweep_of_single_signals_does_not_see_it() {
    let mut arguments = under_test::words("sweep --empty --");
    arguments.extend(command(WRONG));
    let outcome = under_test::json(&arguments).expect("a sweep");
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
}

/// The steps of the only finding, and where it is stored.
fn only_finding(outcome: &Outcome) -> (Vec<String>, String) {
    let oracles: Vec<&str> = outcome.oracles().collect();
    assert_eq!(oracles, ["leftovers"], "{outcome:#?}");
    let finding = outcome.line("finding").expect("a finding");
    let steps = finding["schedule"].as_array().expect("steps").iter();
    let steps = steps.filter_map(|step| step.as_str().map(str::to_owned));
    let file = outcome.findings[0].file.clone();
    (steps.collect(), file.expect("a stored failure"))
}

#[test]
fn the_default_settings_find_it_and_shrink_it_to_two_faults_that_replay() {
    // The default budget is 60 s.
    let outcome = fuzz(WRONG, "");
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    assert_eq!(summary(&outcome)["ended"], "found", "{outcome:#?}");
    let (steps, file) = only_finding(&outcome);
    assert_eq!(steps.len(), 2, "{outcome:#?}");
    let replay = under_test::json(&["replay", "-n", "10", &file]).expect("a replay");
    let shown = replay.line("replay").expect("an answer")["shown"].as_u64();
    // Where both are at calls each replay shows it; a time is a race.
    if steps.iter().all(|step| step.starts_with("INT:group@call:")) {
        assert_eq!(shown, Some(10), "{steps:?} {replay:#?}");
        assert_eq!(replay.code, Some(1));
    } else {
        assert!(shown > Some(0), "{steps:?} {replay:#?}");
    }
}

#[test]
fn what_was_found_is_kept_and_tried_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("kept.toml");
    let flags = format!(" --regressions {}", file.display());
    let first = fuzz(WRONG, &flags);
    let (steps, _) = only_finding(&first);
    assert_eq!(summary(&first)["regressions"]["added"], 1, "{first:#?}");
    let text = std::fs::read_to_string(&file).expect("a file of regressions");
    assert!(
        steps.iter().all(|step| text.contains(step.as_str())),
        "{text}"
    );

    let again = fuzz(WRONG, &flags);
    assert_eq!(again.code, Some(1), "{again:#?}");
    assert_eq!(only_finding(&again).0, steps);
    assert_eq!(
        summary(&again)["runs"],
        0,
        "nothing but what is known was run: {again:#?}"
    );
    assert_eq!(again.line("finding").expect("a finding")["kept"], true);

    // Mended, it passes, and what is kept stays.
    let mended = fuzz(RIGHT, &format!("{flags} --runs 20"));
    assert_eq!(mended.code, Some(0), "{mended:#?}");
    let tried = &summary(&mended)["regressions"];
    assert_eq!(
        (&tried["tried"], &tried["shown"]),
        (&Value::from(1), &Value::from(0)),
        "{tried}"
    );
    let notes = summary(&mended)["notes"].to_string();
    assert!(notes.contains("made for another command"), "{notes}");
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), text);

    std::fs::write(&file, "version = 1\ncommand = []\nfailure = 3\n").expect("writable");
    let broken = fuzz(RIGHT, &flags);
    assert_eq!(broken.code, Some(2), "{broken:#?}");
    let said = broken.line("error").expect("an error")["text"].to_string();
    assert!(said.contains("kept.toml"), "{said}");
}

#[test]
fn without_shrinking_it_stays_as_it_was_found() {
    let outcome = fuzz(WRONG, " --shrink 0");
    let finding = outcome.line("finding").expect("a finding");
    assert_eq!(finding["schedule"], finding["original"], "{outcome:#?}");
    assert_eq!(finding["shrinking"], 0);
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
    let mut child = under_test::command()
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
