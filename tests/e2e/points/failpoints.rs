//! Failpoints: a cooperative program says where it is and waits, and the fault comes while it does.

use serde_json::Value;
use sigproof::testing::{Sweep, Target, Test};
use std::ffi::OsString;
use std::fs;
use std::time::Duration;
use under_test::{Outcome, rust_program};

/// Calls the command for a program with two files in its work tree.
fn call(verb: &str, flags: &[&str], command: &[&str]) -> Outcome {
    let inputs = tempfile::tempdir().expect("a directory");
    let mut arguments: Vec<OsString> = vec![verb.into()];
    for name in ["a.txt", "b.txt"] {
        let path = inputs.path().join(name);
        fs::write(&path, "words\n").expect("an input");
        arguments.extend(["--in".into(), path.into()]);
    }
    arguments.extend(flags.iter().map(Into::into));
    arguments.push("--".into());
    arguments.extend(command.iter().map(Into::into));
    under_test::json(&arguments).expect("an answer")
}

/// One run of the program with failpoints in Rust.
fn run(fault: &str, files: &[&str]) -> Outcome {
    let program = rust_program("failpoints");
    let mut command = vec![program.to_str().expect("a path")];
    command.extend(files);
    call("run", &["--fault", fault], &command)
}

/// A run of a shell script with a function `failpoint`.
fn shell(flags: &[&str], script: &str) -> Outcome {
    const FUNCTION: &str = r#"failpoint() {
        printf %s "$1" >&"$SIGPROOF_FAILPOINTS"
        read -rn1 <&"$SIGPROOF_FAILPOINTS"
    }
    "#;
    call(
        "run",
        flags,
        &["bash", "-c", &format!("{FUNCTION}{script}")],
    )
}

/// The events of this kind, with their moments.
fn events<'a>(outcome: &'a Outcome, kind: &'a str) -> Vec<(Duration, &'a Value)> {
    let events = outcome.lines.iter().filter(|line| line["type"] == "event");
    let found = events.filter_map(|line| {
        let at = Duration::from_nanos(line["at_ns"].as_u64()?);
        Some((at, line["event"].get(kind)?))
    });
    found.collect()
}

/// The names that were said, in order.
fn said(outcome: &Outcome) -> Vec<String> {
    let names = events(outcome, "failpoint");
    let name = |(_, fact): &(Duration, &Value)| {
        format!("{}#{}", fact["name"].as_str().unwrap_or("?"), fact["nth"])
    };
    names.iter().map(name).collect()
}

#[test]
fn a_kill_between_two_steps_loses_the_file_and_one_after_them_does_not() {
    let between = run("KILL@failpoint:removed", &["a.txt"]);
    assert_eq!(between.code, Some(1), "{between:#?}");
    assert_eq!(said(&between), ["removed#1"], "{between:#?}");
    assert!(
        between.oracles().any(|oracle| oracle == "old-or-new"),
        "{between:#?}"
    );
    let after = run("KILL@failpoint:after-commit", &["a.txt"]);
    assert_eq!(after.code, Some(0), "{after:#?}");
    assert_eq!(said(&after), ["removed#1", "after-commit#1"], "{after:#?}");
}

#[test]
fn a_delay_holds_the_program_back_there() {
    const DELAY: Duration = Duration::from_millis(300);
    let outcome = run("delay=300ms@failpoint:removed", &["a.txt"]);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let moments: Vec<Duration> = events(&outcome, "failpoint")
        .iter()
        .map(|(at, _)| *at)
        .collect();
    assert_eq!(said(&outcome), ["removed#1", "after-commit#1"]);
    assert!(moments[1] - moments[0] >= DELAY, "{moments:?}");
}

#[test]
fn an_error_comes_to_the_next_call_after_it() {
    let outcome = run("ENOSPC@failpoint:removed", &["a.txt"]);
    assert_eq!(said(&outcome), ["removed#1"], "{outcome:#?}");
    assert_eq!(
        outcome.line("run").expect("a run")["status"]["exited"],
        1,
        "the file cannot be made: {outcome:#?}"
    );
}

#[test]
fn threads_come_one_at_a_time_and_each_is_let_go() {
    let outcome = run("INT@failpoint:after-commit#2", &["a.txt", "b.txt"]);
    let mut names = said(&outcome);
    names.sort();
    assert_eq!(
        names,
        ["after-commit#1", "after-commit#2", "removed#1", "removed#2"],
        "{outcome:#?}"
    );
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
}

#[test]
fn a_shell_speaks_the_protocol() {
    let script = r#"
    trap 'echo "asked after $count"; exit 143' TERM
    for count in 1 2 3 4; do failpoint step; done
    echo unasked"#;
    let outcome = shell(&["--fault", "TERM@failpoint:step#3"], script);
    assert_eq!(
        said(&outcome),
        ["step#1", "step#2", "step#3"],
        "{outcome:#?}"
    );
    let output: String = events(&outcome, "output")
        .iter()
        .filter_map(|(_, fact)| fact["bytes"].as_str())
        .collect();
    assert_eq!(output, "asked after 3\n", "{outcome:#?}");
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
}

#[test]
fn a_signal_that_nobody_takes_does_not_stop_it_for_good() {
    let script = "trap '' TERM; failpoint here; echo on";
    let outcome = shell(&["--fault", "TERM@failpoint:here"], script);
    assert_eq!(said(&outcome), ["here#1"]);
    let run = outcome.line("run").expect("a run");
    assert_eq!(run["status"]["exited"], 0, "{outcome:#?}");
}

#[test]
fn two_at_the_same_time_are_both_let_go() {
    // The one that comes first is held back, and the other waits behind it.
    let script = "failpoint one & failpoint two & wait; echo both";
    let outcome = shell(&["--fault", "delay=200ms@failpoint:one"], script);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let mut names = said(&outcome);
    names.sort();
    assert_eq!(names, ["one#1", "two#1"]);
}

#[test]
fn a_name_that_is_never_said_is_not_reached() {
    let outcome = run("INT@failpoint:nowhere", &["a.txt"]);
    assert_eq!(outcome.code, Some(4), "{outcome:#?}");
}

#[test]
fn nobody_is_told_who_did_not_ask() {
    let script = r#"test -z "${SIGPROOF_FAILPOINTS+set}" && ! { : >&198; } 2>&-"#;
    let without = call("run", &["--fault", "INT@100s"], &["bash", "-c", script]);
    let run = without.line("run").expect("a run");
    assert_eq!(run["status"]["exited"], 0, "{without:#?}");
    let with = call(
        "run",
        &["--failpoints", "--no-baseline"],
        &["bash", "-c", script],
    );
    let run = with.line("run").expect("a run");
    assert_eq!(run["status"]["exited"], 1, "{with:#?}");
}

#[test]
fn points_have_the_name_that_is_said() {
    let program = rust_program("failpoints");
    let command = [program.to_str().expect("a path"), "a.txt"];
    let outcome = call("points", &["--failpoints", "--only", "write"], &command);
    let names: Vec<&str> = outcome
        .lines
        .iter()
        .filter_map(|line| line["name"].as_str())
        .collect();
    for name in [
        "write(failpoint:removed)#1",
        "write(failpoint:after-commit)#1",
    ] {
        assert!(names.iter().any(|point| point.contains(name)), "{names:?}");
    }
}

#[test]
fn random_schedules_begin_where_the_program_says_so() {
    let program = rust_program("failpoints");
    let command = [program.to_str().expect("a path"), "a.txt"];
    let flags = [
        "--after",
        "failpoint:removed",
        "--fault",
        "KILL",
        "--runs",
        "40",
        "--seed",
        "1",
    ];
    let outcome = call("fuzz", &flags, &command);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    assert!(
        outcome.oracles().any(|oracle| oracle == "old-or-new"),
        "{outcome:#?}"
    );
}

#[test]
fn a_sweep_in_code_begins_where_the_program_says_so() {
    let place = tempfile::tempdir().expect("a directory");
    let input = place.path().join("a.txt");
    fs::write(&input, "words\n").expect("an input");
    let program = rust_program("failpoints").display().to_string();
    let target = Target::new([program.as_str(), "a.txt"]).input(&input);
    let sweep = Sweep::new("KILL").after("failpoint:removed");
    let verdicts = Test::new(target)
        .store(place.path().join("store"))
        .sweep_with(&sweep)
        .expect("swept");
    assert_eq!(verdicts.violated(), ["old-or-new", "rerun"]);
}

#[test]
fn what_is_no_name_is_refused() {
    for (step, hint) in [
        ("INT@failpoint:", "1 to 64"),
        ("INT@failpoint:two words", "1 to 64"),
        ("INT@failpoint:a#0", "from 1"),
        ("INT@failpoint:a#x", "from 1"),
    ] {
        let outcome = run(step, &["a.txt"]);
        assert_eq!(outcome.code, Some(2), "{step}: {outcome:#?}");
        assert!(outcome.stderr.contains(hint), "{step}: {}", outcome.stderr);
    }
}
