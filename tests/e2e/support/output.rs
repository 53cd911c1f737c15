//! What a command says, whatever its lines are broken at.

use std::fs;
use std::path::Path;
use std::process::Output;

/// Runs in a directory of its own.
pub fn sigproof_in(directory: &Path, arguments: &[&str]) -> Output {
    under_test::command()
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("sigproof runs")
}

pub fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout)
    )
}

/// The exit code and all of these words, however the lines are broken.
#[track_caller]
pub fn says(arguments: &[&str], code: i32, words: &[&str]) {
    let directory = tempfile::tempdir().expect("a directory");
    let output = sigproof_in(directory.path(), arguments);
    check(&output, code, words, arguments);
    assert_eq!(
        fs::read_dir(directory.path()).expect("it").count(),
        0,
        "something was left behind"
    );
}

#[track_caller]
pub fn check(output: &Output, code: i32, words: &[&str], arguments: &[&str]) {
    let said = text(output)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
    for word in words {
        assert!(
            said.contains(word),
            "{arguments:?}: {word:?} is not in\n{said}"
        );
    }
    assert!(!said.contains("panicked"), "{said}");
}
