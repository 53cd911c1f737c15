//! Tests of a program as its author writes them, with `sigproof::testing`.

use sigproof::testing::{Contract, Error, Target, Test};
use std::path::Path;
use std::process::Command;

/// A script, its failing runs stored in a directory that goes away.
fn script(text: &str, store: &Path) -> Test {
    Test::new(Target::new(["sh", "-c", text])).store(store)
}

#[test]
fn a_right_program_holds_and_its_transcript_is_a_snapshot() {
    let store = tempfile::tempdir().expect("a directory");
    // As assert_cmd finds it.
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("confirm"));
    command.args(["--step-ms", "1", "--long", "2"]);
    let verdicts = Test::new(Target::of(&command).terminal(24, 80))
        .store(store.path())
        .run(["INT@output:'step 2'"])
        .expect("it can be run");
    verdicts.assert_holds();
    insta::assert_snapshot!(verdicts.transcript(), @r"
    ready
    step 1/5
    step 2/5
    ^C
    Press Ctrl+C again to stop...
    step 3/5
    step 4/5
    step 5/5
    plugin teardown
    global teardown
    finished
    ");
    assert!(
        verdicts
            .screens()
            .contains("<yellow>Press Ctrl+C again to stop...</>")
    );
}

#[test]
fn a_failed_assertion_tells_all_that_is_needed() {
    let store = tempfile::tempdir().expect("a directory");
    let verdicts = script("echo begun; echo x > t; echo oh >&2; rm t", store.path())
        .run(["INT@call:write#3"])
        .expect("it can be run");
    assert_eq!(verdicts.violated(), ["leftovers"]);
    let failure = std::panic::catch_unwind(|| verdicts.assert_holds()).expect_err("it fails");
    let message = failure.downcast_ref::<String>().expect("a message");
    for words in [
        "command   sh -c 'echo begun; echo x > t; echo oh >&2; rm t'",
        "✗ leftovers    t (file, 2 bytes) is left behind",
        "shown in 3 of 3 runs",
        "sigproof replay ",
        "SIGNAL #1: SIGINT to the group",
        "standard output, 1 of 1 lines:\n    begun",
        "standard error, 1 of 1 lines:\n    oh",
    ] {
        assert!(
            message.contains(words),
            "{words:?} is missing in\n{message}"
        );
    }
}

#[test]
fn sweeps_and_random_schedules_find_what_a_contract_does_not_allow() {
    let store = tempfile::tempdir().expect("a directory");
    let careless = script("echo a > x; echo b >> x", store.path());
    assert_eq!(
        careless.sweep("INT").expect("swept").violated(),
        ["old-or-new"]
    );
    let found = careless.fuzz(["INT", "TERM"], 40, 1).expect("fuzzed");
    assert_eq!(found.violated(), ["old-or-new"]);
    assert!(found.run().is_some_and(|run| run.status.is_some()));
    // The same program with a promise that it keeps.
    let contract = Contract::default().prefix("x");
    let allowed = careless.contract(contract);
    allowed.sweep("INT").expect("swept").assert_holds();
    allowed
        .fuzz(["INT", "TERM"], 40, 1)
        .expect("fuzzed")
        .assert_holds();
}

#[test]
fn what_cannot_be_done_is_an_error_that_says_what_to_do() {
    let test = Test::new(Target::new(["true"]));
    let said = |outcome: Result<_, Error>| outcome.expect_err("an error").to_string();
    assert!(said(test.run(["INT"])).contains("the trigger is missing"));
    assert!(said(test.sweep("hangup")).contains("there is no terminal to close"));
    assert!(said(test.sweep("ENOSPACE")).contains("did you mean ENOSPC?"));
    let missing = Test::new(Target::new(["no-such-program"]));
    assert!(said(missing.sweep("INT")).contains("no-such-program"));
    let failing = Test::new(Target::new(["false"]));
    assert!(said(failing.run(["INT@1ms"])).contains("the undisturbed run fails"));
}

#[test]
fn a_server_is_tested_without_a_baseline() {
    let store = tempfile::tempdir().expect("a directory");
    let server = script("echo ready; exec sleep 1000", store.path()).without_baseline();
    let verdicts = server.run(["TERM@output:ready"]).expect("it can be run");
    verdicts.assert_holds();
    let run = verdicts.run().expect("a run");
    assert!(
        run.status
            .is_some_and(|status| status.to_string().contains("SIGTERM"))
    );
}
