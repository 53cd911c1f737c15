//! With one run at a time there is one: the next one is got ready meanwhile, and waits for its turn.

#[test]
fn no_two_targets_run_at_a_time() {
    // The file is a real one, and the same in all runs: who finds it locked is not alone.
    let held = tempfile::NamedTempFile::new().expect("a file");
    let path = held.path().to_str().expect("a name in UTF-8");
    let flags = ["sweep", "--empty", "--jobs", "1", "--all", "--no-classes"];
    let target = ["--", "flock", "-n", "-E", "9", path, "sleep", "0.01"];
    let outcome = under_test::json(&[flags.as_slice(), &target].concat()).expect("an answer");
    let summary = outcome.line("summary").expect("a summary");
    assert!(summary["runs"].as_u64() > Some(100), "{outcome:#?}");
    // Somebody who has to give up comes to no later point.
    assert_eq!(summary["not_reached"], serde_json::json!([]));
    assert_eq!(summary["failed_runs"], serde_json::json!([]));
}
