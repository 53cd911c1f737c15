//! `integrations/` with the real test runners: each example has a program with a planted bug, whose test fails with
//! what was found, and a mended one, whose test passes. And the files for CI services, with the programs that judge
//! them.
//!
//! Not among the default suites: `cargo ci integrations` installs the runners and runs this.

mod ci_files;
mod go;
mod node;
mod python;
mod shell;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a step of `cargo ci` has installed.
fn installed(name: &str) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let place = target.join(name);
    assert!(
        place.exists(),
        "{} is not there: run `cargo ci integrations`",
        place.display()
    );
    place
}

/// A copy of a directory of the repository, to be worked in.
fn copied(directory: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a directory");
    let from = root().join(directory).join(".");
    let status = Command::new("cp")
        .arg("-r")
        .arg(from)
        .arg(copy.path())
        .status();
    assert!(status.expect("cp").success());
    copy
}

/// A command in this directory, for which `sigproof` is the program under test.
fn runner(program: impl AsRef<std::ffi::OsStr>, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(directory)
        .env("SIGPROOF", under_test::program())
        .env("NO_COLOR", "1")
        .env_remove("FORCE_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(std::process::Stdio::null());
    command
}

/// The same where the system refuses ptrace.
fn without_ptrace(program: impl AsRef<std::ffi::OsStr>, directory: &Path) -> Command {
    let mut command = runner(under_test::python(), directory);
    command
        .arg(root().join("tests/dist/no_ptrace.py"))
        .arg(program.as_ref());
    command
}

/// A directory in which `sigproof` is the program under test, first in a search path.
fn search_path() -> (tempfile::TempDir, std::ffi::OsString) {
    let bin = tempfile::tempdir().expect("a directory");
    std::os::unix::fs::symlink(under_test::program(), bin.path().join("sigproof")).expect("a link");
    let rest = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(bin.path().to_owned()).chain(std::env::split_paths(&rest));
    let path = std::env::join_paths(path).expect("a search path");
    (bin, path)
}

/// Runs it: whether it succeeded, and what it says.
fn said(command: &mut Command) -> (bool, String) {
    let shown = format!("{command:?}");
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{shown}: {error}"));
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    println!("$ {shown}\n{text}");
    (output.status.success(), text)
}

#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let (success, text) = said(command);
    assert!(success, "{command:?}\n{text}");
    text
}

#[track_caller]
fn fails(command: &mut Command) -> String {
    let (success, text) = said(command);
    assert!(!success, "{command:?} succeeds\n{text}");
    text
}

/// All of `words` are in the text.
#[track_caller]
fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in\n{text}");
    }
}

/// What every failure shows: the finding, its timeline, the command that repeats it (which does so, in this directory),
/// and a page that is there.
#[track_caller]
fn shows_everything(text: &str, directory: &Path) {
    has(
        text,
        &[
            "leftovers: report.tmp",
            "SIGNAL",
            "sigproof explain leftovers",
        ],
    );
    let after = |word: &str| {
        let (_, rest) = text
            .split_once(word)
            .unwrap_or_else(|| panic!("no {word:?} in\n{text}"));
        rest.lines().next().expect("a line").trim().to_owned()
    };
    let page = after("page: ");
    let page = fs::read_to_string(directory.join(&page)).expect(&page);
    assert!(page.starts_with("<!doctype html>"));
    let stored = after("sigproof replay ");
    let mut replay = runner(under_test::program(), directory);
    let (_, told) = said(replay.arg("replay").arg(&stored));
    has(&told, &["leftovers"]);
}
