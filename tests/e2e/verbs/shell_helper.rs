//! The helper for shell scripts, in plain `sh`. `cargo ci integrations` tries it, and the others, with test runners.

use crate::support::output::text;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs a script that has the helper.
fn script(directory: &Path, program: &str, line: &str) -> Output {
    let helper = Path::new(env!("CARGO_MANIFEST_DIR")).join("integrations/bats/sigproof.bash");
    Command::new("sh")
        .args(["-c", &format!(". \"$HELPER\"\n{line}")])
        .current_dir(directory)
        .env("HELPER", helper)
        .env("SIGPROOF", program)
        .env_remove("BATS_VERSION")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("sh")
}

fn pages(directory: &Path) -> usize {
    let pages = fs::read_dir(directory.join(".sigproof/pages"));
    pages.map_or(0, Iterator::count)
}

#[test]
fn a_script_fails_with_what_was_found_and_keeps_its_page() {
    let here = tempfile::tempdir().expect("a directory");
    fs::write(here.path().join("names"), "one\ntwo\n").expect("a file");
    let sweep = "survives_ctrl_c --in names --";
    let program = under_test::program();
    let output = script(here.path(), &program, &format!("{sweep} cat names"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(
        pages(here.path()),
        0,
        "a page without a finding is not kept"
    );
    let output = script(
        here.path(),
        &program,
        &format!("{sweep} sed -i s/one/1/ names"),
    );
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for words in [
        "leftovers",
        "sigproof replay",
        "page      .sigproof/pages/test.html",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(pages(here.path()), 1);
    let output = script(
        here.path(),
        &program,
        "survives_run --empty --signal NONE@5ms -- true",
    );
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
}

#[test]
fn a_script_without_the_command_says_so_and_goes_on() {
    let here = tempfile::tempdir().expect("a directory");
    let output = script(here.path(), "/no/such/program", "survives_ctrl_c -- true");
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output);
    assert!(
        said.contains("skipped: sigproof: there is no command /no/such/program"),
        "{said}"
    );
}
