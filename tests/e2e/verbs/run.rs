//! `sigproof run` repeats what it finds, and stores it.

use std::path::Path;
use under_test::{Outcome, json};

/// One run of a script that is sent SIGINT once it is ready.
fn run(script: &str) -> Outcome {
    let signal = "INT:process@output:ready";
    json(&[
        "run",
        "--empty",
        "--signal",
        signal,
        "--oracles",
        "leftovers",
        "--",
        "sh",
        "-c",
        script,
    ])
    .expect("JSON Lines")
}

/// A script that does `clean_up` when it is interrupted.
fn interrupted(clean_up: &str) -> String {
    format!("trap '{clean_up}; exit 130' INT\necho ready\n:\n")
}

#[test]
fn what_shows_each_time_is_violated_and_stored() {
    let outcome = run(&interrupted("echo x > left"));
    let [finding] = outcome.findings.as_slice() else {
        panic!("{outcome:#?}");
    };
    assert_eq!((finding.seen, finding.times, finding.flaky), (3, 3, false));
    let file = finding.file.as_deref().expect("a stored run");
    assert!(Path::new(file).exists(), "{file}");
    let end = outcome.line("run").expect("an end");
    assert_eq!(end["verdict"], "violated", "{end}");
    assert_eq!(outcome.code, Some(1));
}

#[test]
fn what_does_not_show_again_is_flaky() {
    // Outside of the work tree, which is new in each run.
    let outside = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let mark = outside.path().join("mark");
    let mark = mark.display();
    let clean_up = format!("[ -e {mark} ] || echo x > left; : > {mark}");
    let outcome = run(&interrupted(&clean_up));
    let [finding] = outcome.findings.as_slice() else {
        panic!("{outcome:#?}");
    };
    assert_eq!((finding.seen, finding.times, finding.flaky), (1, 3, true));
    let end = outcome.line("run").expect("an end");
    assert_eq!(end["verdict"], "flaky", "{end}");
    assert_eq!(outcome.code, Some(5));
}
