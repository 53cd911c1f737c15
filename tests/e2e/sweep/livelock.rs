//! A program that does nothing but send itself a signal is told at once, and for what it is.

use fixture_model::{Fixture, Helper};
use std::ffi::OsString;
use under_test::{Outcome, rust_program};

fn asked(arguments: &[&str], command: impl IntoIterator<Item = OsString>) -> Outcome {
    let mut all: Vec<OsString> = arguments.iter().map(Into::into).collect();
    all.push("--".into());
    all.extend(command);
    under_test::json(&all).expect("an answer")
}

/// `raises` after SIGINT, which it waits for.
fn raises(how: &str, times: &str) -> Outcome {
    let mut command = Helper::named("raises")
        .expect("in the table")
        .program()
        .argv(&rust_program);
    command.extend([how.into(), times.into()]);
    let run = ["run", "--empty", "--no-baseline", "--deadline", "60s"];
    let signal = ["--signal", "INT@call:write(stdout)#1"];
    asked(&[run.as_slice(), &signal].concat(), command)
}

fn has(outcome: &Outcome, event: &str) -> bool {
    let mut events = outcome.lines.iter().map(|line| &line["event"]);
    events.any(|told| !told[event].is_null())
}

#[test]
fn a_livelock_is_named_and_does_not_take_its_deadline() {
    let outcome = raises("chain", "1000000000");
    assert!(has(&outcome, "spins"), "{outcome:#?}");
    assert!(!has(&outcome, "deadline") && !has(&outcome, "exited"));
}

#[test]
fn a_signal_that_is_sent_often_is_no_livelock() {
    // One out of the last one's handler, below what is taken for ever; and any number with a step in between.
    for (how, times) in [("chain", "900"), ("loop", "3000")] {
        let outcome = raises(how, times);
        assert!(!has(&outcome, "spins"), "{how}: {outcome:#?}");
        assert!(has(&outcome, "exited"), "{how}: {outcome:#?}");
    }
}

/// What `exits` says of a sweep.
#[track_caller]
fn hangs(command: impl IntoIterator<Item = OsString>) -> Vec<String> {
    let outcome = asked(&["sweep", "--empty"], command);
    let of_exits =
        |line: &&serde_json::Value| line["type"] == "finding" && line["oracle"] == "exits";
    let findings = outcome.lines.iter().filter(of_exits);
    findings
        .filter_map(|line| line["text"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn the_finding_says_what_the_program_does() {
    let wrong = Fixture::named("c/livelock-wrong")
        .expect("in the table")
        .program();
    let mut command = wrong.argv(&rust_program);
    let said = "sends itself SIGINT for ever: 1000 times after the last signal";
    let texts = hangs(command.clone());
    assert!(
        matches!(&texts[..], [text] if text.starts_with(said)),
        "{texts:#?}"
    );

    // A shell that waits for it, and one that reads what it says, change nothing about that.
    for script in ["\"$0\"; true", "said=$(\"$0\"); true"] {
        let mut shell: Vec<OsString> = ["sh", "-c", script].map(OsString::from).into();
        shell.append(&mut command.clone());
        let texts = hangs(shell);
        assert!(
            texts.iter().any(|text| text.starts_with(said)),
            "{script}: {texts:#?}"
        );
        assert!(
            !texts.iter().any(|text| text.contains("still running")),
            "{script}: {texts:#?}"
        );
    }
    // One that would end it after a while may.
    let mut patient: Vec<OsString> = ["timeout", "--signal=KILL", "1"].map(OsString::from).into();
    patient.append(&mut command);
    let texts = hangs(patient);
    assert!(
        !texts.iter().any(|text| text.starts_with(said)),
        "{texts:#?}"
    );
}
