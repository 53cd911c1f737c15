//! `--from`: runs that begin in the state that a finished run leaves.

use std::fs;
use under_test::{Outcome, python};

/// The first time it makes the settings; each further time it changes them in place, and puts back what was there
/// only at the end.
const SETTINGS: &str = r#"
import os, pathlib

cache = pathlib.Path.home() / "cache"
if not os.path.exists("settings"):
    with open("settings.tmp", "w") as file:
        file.write("mode = usual\n")
    os.rename("settings.tmp", "settings")
    cache.write_text("1")
else:
    with open("settings", "r+") as file:
        file.write("mode = quiet\n")
        file.flush()
        file.seek(0)
        file.write("mode = usual\n")
    cache.write_text("1")
"#;

fn sweep(flags: &[&str], source: &str) -> Outcome {
    let inputs = tempfile::tempdir().expect("a directory");
    fs::write(inputs.path().join("program.py"), source).expect("an input");
    let python = python();
    let at = inputs.path().to_str().expect("a path");
    let arguments = [
        &[
            "sweep",
            "--in",
            at,
            "--only",
            "write",
            "--path",
            "settings*",
        ],
        flags,
        &["--", &python, "program.py"],
    ]
    .concat();
    under_test::json(&arguments).expect("an answer")
}

fn is_torn(outcome: &Outcome) -> bool {
    let torn = |finding: &under_test::Finding| {
        finding.oracle == "old-or-new" && finding.subject == "settings"
    };
    outcome.findings.iter().any(torn)
}

#[test]
fn what_goes_wrong_the_second_time_only_is_found_from_finished() {
    let fresh = sweep(&["--from", "fresh"], SETTINGS);
    assert!(!is_torn(&fresh), "{fresh:#?}");
    for isolation in ["auto", "copy"] {
        let finished = sweep(&["--from", "finished", "--isolation", isolation], SETTINGS);
        assert!(is_torn(&finished), "{finished:#?}");
    }
    let both = sweep(&["--from", "fresh,finished"], SETTINGS);
    assert!(is_torn(&both), "{both:#?}");
}

#[test]
fn a_right_program_holds_from_finished() {
    let right = SETTINGS.replace("mode = quiet", "mode = usual");
    let finished = sweep(
        &[
            "--from",
            "finished",
            "--oracles",
            "old-or-new,leftovers,rerun",
        ],
        &right,
    );
    assert!(finished.findings.is_empty(), "{finished:#?}");
    assert_eq!(finished.code, Some(0), "{finished:#?}");
}
