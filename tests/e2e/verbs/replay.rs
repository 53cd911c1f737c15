//! What was found once is found again: ten times out of ten on targets with one thread.

use fixture_model::Fixture;
use std::fs;
use under_test::rust_program;

const TIMES: u64 = 10;

fn ten_of_ten(name: &str, extra: &[&str]) {
    let fixture = Fixture::named(name).unwrap_or_else(|| panic!("no fixture {name}"));
    let inputs = tempfile::tempdir().expect("a directory");
    fixture.write_inputs(inputs.path()).expect("inputs");
    let mut arguments = fixture.sigproof_arguments(inputs.path(), &rust_program);
    for (place, flag) in extra.iter().enumerate() {
        arguments.insert(1 + place, flag.into());
    }
    let outcome = under_test::json(&arguments).expect("a sweep");
    assert!(!outcome.findings.is_empty(), "{outcome:#?}");
    for finding in &outcome.findings {
        let file = finding.file.as_ref().expect("a stored failure");
        let replay =
            under_test::json(&["replay", "-n", &TIMES.to_string(), file]).expect("a replay");
        let said = replay.line("replay").expect("an answer");
        assert_eq!(
            (said["shown"].as_u64(), said["times"].as_u64()),
            (Some(TIMES), Some(TIMES)),
            "{finding:#?} {replay:#?}"
        );
        assert_eq!(replay.code, Some(1));
    }
}

#[test]
fn a_leftover_in_c() {
    ten_of_ten("c/temp-file-wrong", &[]);
}

#[test]
fn a_leftover_in_c_although_addresses_are_random() {
    ten_of_ten("c/temp-file-wrong", &["--keep-aslr"]);
}

#[test]
fn a_torn_output_in_c() {
    ten_of_ten("c/in-place-wrong", &[]);
}

#[test]
fn a_lock_in_python() {
    ten_of_ten("python/lock-wrong", &[]);
}

#[test]
fn a_wrong_status_in_python() {
    ten_of_ten("python/exit-zero-wrong", &[]);
}

#[test]
fn a_second_signal_in_a_handler() {
    ten_of_ten("c/in-handler-wrong", &[]);
}

#[test]
fn a_second_signal_in_a_clean_up() {
    ten_of_ten("c/in-cleanup-wrong", &[]);
}

#[test]
fn a_full_disk() {
    ten_of_ten("c/full-disk-wrong", &[]);
}

#[test]
fn a_lost_wakeup_in_c() {
    ten_of_ten("c/lost-wakeup-wrong", &["--deadline", "300ms"]);
}

#[test]
fn a_hidden_cursor_in_python() {
    ten_of_ten("python/cursor-wrong", &[]);
}

#[test]
fn a_point_that_is_not_there_any_more_is_said() {
    let inputs = tempfile::tempdir().expect("a directory");
    let script = inputs.path().join("script.sh");
    fs::write(&script, "echo a > out; echo b >> out\n").expect("a script");
    let tree = inputs.path().to_str().expect("a path");
    let outcome =
        under_test::json(&["sweep", "--in", tree, "--", "sh", "script.sh"]).expect("a sweep");
    let finding = outcome
        .findings
        .iter()
        .find(|finding| finding.oracle == "old-or-new")
        .expect("a torn output");
    let file = finding.file.as_ref().expect("a stored failure");
    fs::write(&script, "true\n").expect("a script");
    let replay = under_test::json(&["replay", file]).expect("a replay");
    assert_eq!(replay.code, Some(4), "{replay:#?}");
    assert!(replay.stderr.contains("not reached"), "{replay:#?}");
}
