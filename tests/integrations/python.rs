//! The plug-in for pytest.

use crate::{
    copied, fails, has, installed, root, runner, shows_everything, succeeds, without_ptrace,
};
use std::fs;
use std::path::Path;
use std::process::Command;

/// pytest with the plug-in of this repository.
fn pytest(command: &mut Command) -> &mut Command {
    command
        .env("PYTHONPATH", root().join("integrations/pytest/src"))
        .args(["-m", "pytest", "-p", "pytest_sigproof.plugin", "-v"])
}

fn python() -> std::path::PathBuf {
    installed("runners/bin/python")
}

fn in_example(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = runner(python(), directory);
    pytest(&mut command).args(arguments);
    command
}

#[test]
fn a_planted_bug_fails_its_test_and_a_mended_program_does_not() {
    let here = copied("integrations/pytest/example");
    let text = fails(&mut in_example(here.path(), &["--junitxml=out.xml"]));
    has(
        &text,
        &[
            "test_tool FAILED",
            "test_mended PASSED",
            "test_what_is_kept_on_purpose PASSED",
            "test_a_result_that_is_looked_at PASSED",
            "test_one_run PASSED",
            "test_a_service PASSED",
            "scenarios/tool.toml::tool PASSED",
            "1 failed, 6 passed",
        ],
    );
    shows_everything(&text, here.path());
    let junit = fs::read_to_string(here.path().join("out.xml")).expect("a report");
    has(&junit, &["sigproof_html"]);
    let pages = fs::read_dir(here.path().join(".sigproof/pytest")).expect("pages");
    assert_eq!(pages.count(), 3, "those with a finding, and no others");
}

#[test]
fn a_scenario_that_is_violated_is_a_failed_test() {
    let here = copied("integrations/pytest/example");
    let path = here.path().join("scenarios/tool.toml");
    let scenario = fs::read_to_string(&path).expect("a scenario");
    fs::write(&path, scenario.replace("prefix = [\"to.txt\"]", "")).expect("a scenario");
    let text = fails(&mut in_example(here.path(), &["scenarios"]));
    has(&text, &["old-or-new: ", "sigproof replay", "1 failed"]);
    fs::write(&path, "[target]\ncommand = 1\n").expect("a scenario");
    let text = fails(&mut in_example(here.path(), &["scenarios"]));
    has(&text, &["tool.toml", "1 failed"]);
    // Other files of this kind are nobody's scenario.
    fs::write(
        here.path().join("pyproject.toml"),
        "[tool.pytest.ini_options]\n",
    )
    .expect("a file");
    has(
        &fails(&mut in_example(
            here.path(),
            &["--collect-only", "pyproject.toml"],
        )),
        &["no tests collected"],
    );
}

#[test]
fn workers_of_xdist_share_the_tests() {
    let here = copied("integrations/pytest/example");
    let text = fails(&mut in_example(here.path(), &["-n", "2"]));
    has(&text, &["1 failed, 6 passed"]);
    shows_everything(&text, here.path());
}

#[test]
fn markers_and_options_choose_tests_and_limit_their_time() {
    let here = copied("integrations/pytest/example");
    let text = fails(&mut in_example(here.path(), &["-m", "not sigproof"]));
    has(&text, &["7 deselected"]);
    // What is asked for goes to the command, which knows it or not.
    let text = fails(&mut in_example(
        here.path(),
        &["--sigproof-for", "soon", "-k", "mended"],
    ));
    has(&text, &["--for", "soon"]);
    has(
        &succeeds(&mut in_example(
            here.path(),
            &["--sigproof-for", "60s", "-k", "mended"],
        )),
        &["1 passed"],
    );
}

/// A green test says so where the time was over before everything was tried.
#[test]
fn what_was_tried_in_part_is_a_warning() {
    let here = copied("integrations/pytest/src");
    let script = "import pathlib, warnings\nfrom pytest_sigproof import client, plugin\n\
                  def said(tried):\n    line = {'type': 'summary', 'classes': 6, 'classes_tried': tried, \
                  'verdict': 'holds', 'exit_code': 0}\n    result = client.result(('tool', 'build'), 0, [line], '')\n    \
                  with warnings.catch_warnings(record=True) as caught:\n        warnings.simplefilter('always')\n        \
                  plugin.outcome(lambda: result, pathlib.Path('no-page'))\n    return [str(one.message) for one in caught]\n\
                  print(said(6), said(3))";
    let mut command = runner(python(), here.path());
    has(
        &succeeds(command.args(["-c", script])),
        &["[] ['tool build: every contract holds where it was tried: 3 of 6 classes']"],
    );
}

/// It says that it is typed: a strict checker has nothing to say.
#[test]
fn the_types_are_right() {
    let here = copied("integrations/pytest/src");
    let mypy = |cache: &Path| {
        let mut command = runner(python(), here.path());
        command
            .args(["-m", "mypy", "--strict", "pytest_sigproof", "--cache-dir"])
            .arg(cache);
        command
    };
    let cache = tempfile::tempdir().expect("a directory");
    succeeds(&mut mypy(cache.path()));
    let path = here.path().join("pytest_sigproof/client.py");
    let client = fs::read_to_string(&path).expect("a module");
    fs::write(&path, client.replace("-> List[str]:", "-> List[int]:")).expect("a module");
    has(&fails(&mut mypy(cache.path())), &["client.py"]);
}

#[test]
fn without_ptrace_tests_are_skipped_with_the_reason() {
    let here = copied("integrations/pytest/example");
    let mut command = without_ptrace(python(), here.path());
    let text = succeeds(pytest(&mut command).arg("-rs"));
    has(&text, &["7 skipped", "--cap-add SYS_PTRACE"]);
    let mut command = in_example(here.path(), &["-rs"]);
    let text = succeeds(command.env("SIGPROOF", "/no/such/program"));
    has(&text, &["7 skipped", "/no/such/program"]);
}
