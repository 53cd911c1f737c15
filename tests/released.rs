//! Bugs in released programs, each found by the one command that docs/released.md shows.
//!
//! Not among the default suites: `cargo ci released` installs the programs (released/install.sh) and runs this.

use serde_json::Value;
use std::path::PathBuf;

/// Where a program is installed. It is the working directory: the target sees a private view of it.
fn installed(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    let place = target.join("released").join(name);
    assert!(
        place.is_dir(),
        "{} is not there: run released/install.sh",
        place.display()
    );
    place
}

/// Runs a command line of docs/released.md, which must be one of its lines, and answers the exit code and what it says.
fn documented(name: &str, line: &str) -> (Option<i32>, Vec<Value>) {
    let page = include_str!("../docs/released.md");
    assert!(
        page.lines().any(|shown| shown.trim() == line),
        "docs/released.md does not show {line:?}"
    );
    // Split by a shell, as a reader's is.
    let store = tempfile::tempdir().expect("a directory");
    let mut words = line.splitn(3, ' ').skip(1);
    let verb = words.next().expect("a verb");
    let rest = words.next().expect("arguments");
    let script = format!("exec \"$SIGPROOF\" {verb} --json --store \"$STORE\" {rest}");
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg(&script)
        .current_dir(installed(name))
        .env("SIGPROOF", under_test::program())
        .env("STORE", store.path())
        .stdin(std::process::Stdio::null())
        .output()
        .expect("sigproof");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert!(
        !lines.is_empty(),
        "{line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.code(), lines)
}

/// True when one of these lines is a finding or a violated verdict of this oracle whose text has this in it.
fn says(lines: &[Value], oracle: &str, part: &str) -> bool {
    lines
        .iter()
        .any(|line| line["oracle"] == oracle && line.to_string().contains(part))
}

#[test]
fn pip_leaves_a_package_that_cannot_be_imported() {
    let (code, lines) = documented(
        "pip",
        r#"sigproof sweep --check 'venv/bin/python -c "import six"' -- venv/bin/python -m pip install --no-index --find-links wheels six==1.16.0"#,
    );
    assert_eq!(code, Some(1), "{lines:#?}");
    assert!(says(&lines, "check", "No module named"), "{lines:#?}");
}

#[test]
fn ninja_ends_with_0_after_ctrl_c() {
    let (code, lines) = documented(
        "ninja",
        "sigproof sweep --oracles status --ok-status 2 -- venv/bin/ninja",
    );
    assert_eq!(code, Some(1), "{lines:#?}");
    assert!(
        says(&lines, "status", "exit status 0 after SIGINT"),
        "{lines:#?}"
    );
}

#[test]
fn the_ninja_before_does_not() {
    let (code, lines) = documented(
        "ninja",
        "sigproof sweep --oracles status --ok-status 2 -- before/bin/ninja",
    );
    assert_eq!(code, Some(0), "{lines:#?}");
}

#[test]
fn concurrently_ends_with_0_after_ctrl_c() {
    let (code, lines) = documented(
        "concurrently",
        "sigproof run --signal INT@output:ready -- node_modules/.bin/concurrently 'echo ready; sleep 1; echo done > out.txt'",
    );
    assert_eq!(code, Some(1), "{lines:#?}");
    assert!(
        says(&lines, "status", "exit status 0 after SIGINT"),
        "{lines:#?}"
    );
}

#[test]
fn a_bar_of_rich_hides_the_cursor() {
    let (code, lines) = documented("rich", "sigproof sweep --pty -- venv/bin/python bar.py");
    assert_eq!(code, Some(1), "{lines:#?}");
    assert!(says(&lines, "terminal", "cursor hidden"), "{lines:#?}");
}

#[test]
fn a_bar_of_progress_hides_the_cursor() {
    let (code, lines) = documented(
        "progress",
        "sigproof sweep --pty --after output:work -- venv/bin/python bar.py",
    );
    assert_eq!(code, Some(1), "{lines:#?}");
    assert!(says(&lines, "terminal", "cursor hidden"), "{lines:#?}");
}
