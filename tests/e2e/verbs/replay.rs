//! What was found once is found again: ten times out of ten on targets with one thread.

use fixture_model::Fixture;
use serde_json::Value;
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

/// Leaves a file at every other signal: of two runs one shows it, the first or the last.
const EVERY_OTHER: &str = "trap 'n=$(cat COUNT); echo $((n + 1)) > COUNT; [ $((n % 2)) = 0 ] && : > left; trap - INT; \
                           kill -INT $$' INT; echo ready; : > out";

#[test]
fn the_run_that_is_told_of_shows_the_finding_where_one_does() {
    let inputs = tempfile::tempdir().expect("a directory");
    let count = inputs.path().join("count");
    fs::write(&count, "0\n").expect("a file");
    let script = EVERY_OTHER.replace("COUNT", &count.to_string_lossy());
    let sweep = [
        "sweep", "--empty", "--jobs", "1", "--only", "openat", "--path", "out", "--", "bash", "-c",
        &script,
    ];
    let outcome = under_test::json(&sweep).expect("a sweep");
    let mut findings = outcome.findings.iter();
    let finding = findings.find(|finding| finding.subject == "left");
    let file = finding.and_then(|finding| finding.file.as_ref());
    let file = file.unwrap_or_else(|| panic!("a stored failure: {outcome:#?}"));
    let replay = |times: &str| {
        let mut command = under_test::command();
        let output = command.args(["replay", "-n", times, file]).output();
        String::from_utf8_lossy(&output.expect("a replay").stdout).into_owned()
    };
    for _ in 0..2 {
        let said = replay("2");
        assert!(said.contains("1 of 2 runs"), "{said}");
        assert!(said.contains("✗ leftovers"), "{said}");
        assert!(!said.contains("unconfirmed"), "{said}");
        // The other one comes first the next time.
        replay("1");
    }
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

/// A point's name and key as earlier versions stored them: numbered processes, a count of the thread alone.
fn in_the_former_way(trigger: &mut Value) {
    let point = &mut trigger["point"];
    point["name"]["process"] = Value::from("bash/1:sort");
    let key = &point["key"];
    point["key"] = serde_json::json!({
        "process": "bash/1:sort",
        "thread": "",
        "number": key["number"],
        "ip": key["ip"],
        "nth": 1,
    });
}

#[test]
fn a_failure_that_an_earlier_version_stored_is_found_again() {
    let inputs = tempfile::tempdir().expect("a directory");
    let words = inputs.path().join("words.txt");
    fs::write(&words, "b\na\n").expect("an input");
    let script = "sort --output=words.txt words.txt; true";
    let words = words.to_str().expect("a path");
    let arguments = ["sweep", "--in", words, "--", "bash", "-c", script];
    let outcome = under_test::json(&arguments).expect("a sweep");
    let torn = outcome
        .findings
        .iter()
        .find(|finding| finding.oracle == "old-or-new")
        .unwrap_or_else(|| panic!("no torn file: {outcome:#?}"));
    let file = torn.file.as_ref().expect("a stored failure");
    let text = fs::read_to_string(file).expect("the stored failure");
    let mut stored: Value = serde_json::from_str(&text).expect("JSON");
    let steps = stored["schedule"]["steps"].as_array_mut().expect("steps");
    assert_eq!(
        steps[0]["trigger"]["point"]["name"]["process"], "bash>sort",
        "{text}"
    );
    in_the_former_way(&mut steps[0]["trigger"]);
    let former = inputs.path().join("former.json");
    fs::write(&former, stored.to_string()).expect("writable");
    let former = former.to_str().expect("a path");
    let replay = under_test::json(&["replay", "-n", "3", former]).expect("a replay");
    let said = replay.line("replay").expect("an answer");
    assert_eq!(said["shown"], 3, "{replay:#?}");
}
