//! The wheel, in a virtual environment.

use crate::{clean, has, is_root, is_usable, open_directory, published, said, succeeds};
use std::fs;
use std::path::{Path, PathBuf};

/// An environment with the wheel and these packages of the index.
fn environment(home: &Path, packages: &[&str]) -> PathBuf {
    let environment = home.join("env");
    // The environment must not refer to the one that this test runs in.
    succeeds(
        clean(under_test::python(), home)
            .args(["-m", "venv"])
            .arg(&environment),
    );
    let bin = environment.join("bin");
    let quiet = [
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "install",
    ];
    succeeds(
        clean(bin.join("python"), home)
            .args(quiet)
            .arg("--no-index")
            .arg(published("x86_64.whl")),
    );
    if !packages.is_empty() {
        let mut install = clean(bin.join("python"), home);
        // Where the index is, the person who runs this knows.
        for (name, value) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("PIP_") || name.to_lowercase().ends_with("_proxy") {
                install.env(name, value);
            }
        }
        install.env("HOME", std::env::var_os("HOME").unwrap_or_default());
        succeeds(install.args(quiet).args(packages));
    }
    bin
}

#[test]
fn a_wheel_brings_the_command_its_manual_and_completions() {
    let home = open_directory();
    let bin = environment(home.path(), &[]);
    is_usable(home.path(), || clean(bin.join("sigproof"), home.path()));
    let share = home.path().join("env/share");
    for path in [
        "man/man1/sigproof-sweep.1",
        "bash-completion/completions/sigproof",
        "sigproof/sigproof.bash",
    ] {
        assert!(share.join(path).is_file(), "no {path}");
    }
    // An ordinary user, who owns nothing of it.
    if is_root() {
        let theirs = open_directory();
        is_usable(theirs.path(), || {
            let mut command = clean("setpriv", theirs.path());
            command
                .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
                .arg(bin.join("sigproof"));
            command
        });
    }
}

/// The file that a page of the documentation names by a comment.
fn file_of(page: &str, name: &str) -> String {
    let start = format!("<!-- file: {name} -->\n");
    let (_, rest) = page
        .split_once(&start)
        .unwrap_or_else(|| panic!("no file {name}"));
    let (_, rest) = rest.split_once('\n').expect("a block");
    let (file, _) = rest.split_once("```").expect("the end of the block");
    file.to_owned()
}

#[test]
fn the_plugin_of_the_wheel_fails_the_test_of_its_readme_with_what_was_found() {
    let page = include_str!("../../integrations/pytest/README.md");
    let home = open_directory();
    let bin = environment(home.path(), &["pytest"]);
    for name in ["tool.py", "test_tool.py"] {
        fs::write(home.path().join(name), file_of(page, name)).expect("a file");
    }
    let mut pytest = clean(bin.join("python"), home.path());
    let (code, text) = said(pytest.args(["-m", "pytest"]));
    assert_eq!(code, Some(1), "{text}");
    has(
        &text,
        &["✗ leftovers:", "sigproof replay", "page: ", "1 failed"],
    );
}
