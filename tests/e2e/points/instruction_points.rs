//! Moments between two calls: a signal after so many instructions.

use fixture_model::Helper;
use std::ffi::OsString;
use under_test::Outcome;

fn program() -> OsString {
    let program = Helper::named("two-words").expect("in the table").program();
    program.argv(&under_test::rust_program).remove(0)
}

fn call(verb: &str, flags: &[&str], arguments: &[&str]) -> Outcome {
    let mut words: Vec<OsString> = vec![verb.into(), "--empty".into()];
    words.extend(flags.iter().map(Into::into));
    words.push("--".into());
    words.push(program());
    words.extend(arguments.iter().map(Into::into));
    under_test::json(&words).expect("an answer")
}

/// Places that are tried between two calls at most, and how many are too few in all. aarch64 is tried in an emulated
/// machine, where each of them takes some 20 times as long.
fn places() -> (&'static str, u64) {
    match std::env::consts::ARCH {
        "aarch64" => ("24", 10),
        _ => ("120", 100),
    }
}

const NARROW: [&str; 4] = ["--only", "write", "--oracles", "status"];

#[test]
fn a_race_between_two_calls_is_found_and_only_there() {
    let calls = call("sweep", &NARROW, &[]);
    assert_eq!(calls.code, Some(0), "at calls there is none: {calls:#?}");

    let (most, few) = places();
    let flags = [&NARROW[..], &["--instructions", most]].concat();
    let between = call("sweep", &flags, &[]);
    assert_eq!(between.code, Some(1), "{between:#?}");
    let finding = &between.findings[0];
    assert_eq!((finding.oracle.as_str(), finding.flaky), ("status", false));
    let summary = between.line("summary").expect("a summary");
    let learned = &summary["between"];
    assert_eq!(learned["windows"], 3, "{summary}");
    assert!(learned["chosen"].as_u64() > Some(few), "{summary}");

    // The stored failure is repeated at its instruction.
    let file = finding.file.as_ref().expect("a stored failure");
    let replay = under_test::json(&["replay", "-n", "5", file.as_str()]).expect("an answer");
    assert_eq!(replay.code, Some(1), "{replay:#?}");
}

#[test]
fn its_correct_twin_is_clean_at_every_instruction() {
    let (most, few) = places();
    let flags = [
        "--only",
        "write,rt_sigprocmask",
        "--oracles",
        "status",
        "--instructions",
        most,
    ];
    let outcome = call("sweep", &flags, &["masked"]);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let chosen = &outcome.line("summary").expect("a summary")["between"]["chosen"];
    assert!(chosen.as_u64() > Some(2 * few), "{outcome:#?}");
}

#[test]
fn a_moment_is_written_as_an_offset() {
    let once = |moment: &str| {
        let step = format!("INT@call:write#1@{moment}");
        call("run", &["--signal", &step, "--oracles", "status"], &[])
    };
    // A few instructions after the first write nothing has changed yet.
    let soon = once("exit+3");
    let status = &soon.line("run").expect("a run")["status"];
    assert_eq!(status["exited"], 130, "{soon:#?}");
    let late = once("exit+20000");
    assert_eq!(
        late.code,
        Some(4),
        "the next call comes before it: {late:#?}"
    );
    let never = once("exit+0");
    assert_eq!(never.code, Some(2), "{never:#?}");
}

#[test]
fn the_same_instruction_is_the_same_moment_each_time() {
    // The loop in between has the two words differ: found by trying, and then the same each time.
    let at = |instructions: u32| {
        let step = format!("INT@call:write#1@exit+{instructions}");
        let outcome = call("run", &["--signal", &step, "--oracles", "status"], &[]);
        outcome.line("run").expect("a run")["status"]["exited"].clone()
    };
    let torn = (10..200)
        .step_by(10)
        .find(|instructions| at(*instructions) == 0);
    let torn = torn.expect("an instruction in the loop");
    assert!((0..5).all(|_| at(torn) == 0), "at {torn}");
}
