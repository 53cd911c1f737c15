//! Bad input gets a clear error and the documented exit code; nothing is lost and nothing panics.

#[path = "support/sigproof.rs"]
mod sigproof;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// Runs in a directory of its own.
fn sigproof_in(directory: &Path, arguments: &[&str]) -> Output {
    sigproof::command()
        .args(arguments)
        .current_dir(directory)
        .output()
        .expect("sigproof runs")
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout)
    )
}

/// The exit code and all of these words, however the lines are broken.
#[track_caller]
fn says(arguments: &[&str], code: i32, words: &[&str]) {
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
fn check(output: &Output, code: i32, words: &[&str], arguments: &[&str]) {
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

#[test]
fn a_program_that_is_not_there() {
    says(
        &["sweep", "--", "no-such-program"],
        2,
        &["no program no-such-program is in PATH"],
    );
    says(&["run", "--", "./nothing"], 2, &["there is no ./nothing"]);
    says(&["sweep", "--"], 2, &["CMD"]);
}

#[test]
fn a_program_that_cannot_be_executed() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("script"), "true\n").expect("a file");
    let output = sigproof_in(directory.path(), &["run", "--", "./script"]);
    check(&output, 2, &["is not executable", "chmod +x"], &[]);
    fs::set_permissions(
        directory.path().join("script"),
        fs::Permissions::from_mode(0o755),
    )
    .expect("chmod");
    let output = sigproof_in(directory.path(), &["run", "--", "./script"]);
    check(&output, 2, &["#!/bin/sh"], &[]);
    let output = sigproof_in(directory.path(), &["run", "--", "."]);
    check(&output, 2, &["is a directory, not a program"], &[]);
}

#[test]
fn words_that_cannot_be_read() {
    says(
        &["sweep", "--signal", "ITN", "--", "true"],
        2,
        &["no such signal: ITN", "did you mean INT?"],
    );
    says(
        &["run", "--signal", "INT@output:(", "--", "true"],
        2,
        &["bad pattern"],
    );
    says(
        &["run", "--signal", "INT", "--", "true"],
        2,
        &["a moment is missing"],
    );
    says(
        &["run", "--signal", "INT@5", "--", "true"],
        2,
        &["a number and a unit"],
    );
    says(&["sweep", "--keep", "[", "--", "true"], 2, &["bad pattern"]);
    says(
        &["sweep", "--oracles", "luck", "--", "true"],
        2,
        &["no such oracle", "leftovers"],
    );
    says(
        &["sweep", "--only", "frobnicate", "--", "true"],
        2,
        &["no system call frobnicate"],
    );
    says(
        &["sweep", "--deliver", "terminal", "--", "true"],
        2,
        &["--pty"],
    );
    says(&["sweep", "--jobs", "0", "--", "true"], 2, &["--jobs"]);
    says(
        &["sweep", "--pty-size", "0x0", "--pty", "--", "true"],
        2,
        &["24x80"],
    );
    says(&["swep"], 2, &["sweep"]);
}

#[test]
fn inputs_that_cannot_be_read() {
    says(
        &["sweep", "--in", "nothing", "--", "true"],
        2,
        &["cannot read nothing"],
    );
    says(
        &["run", "--stdin", "nothing", "--", "true"],
        2,
        &["cannot read nothing"],
    );
    says(&["replay", "nothing"], 2, &["nothing: No such file"]);
    let directory = tempfile::tempdir().expect("a directory");
    for name in ["a/x", "b/x"] {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, "").expect("a file");
    }
    let output = sigproof_in(
        directory.path(),
        &["run", "--in", "a/x", "--in", "b/x", "--", "true"],
    );
    check(&output, 2, &["two inputs are called x"], &[]);
    fs::write(directory.path().join("broken.json"), "{\"version\":1,").expect("a file");
    let output = sigproof_in(directory.path(), &["replay", "broken.json"]);
    check(&output, 2, &["broken.json is no stored failure"], &[]);
}

#[test]
fn too_much_to_copy() {
    let directory = tempfile::tempdir().expect("a directory");
    for number in 0..40 {
        fs::write(directory.path().join(format!("f{number}")), "").expect("a file");
    }
    let arguments = [
        "run",
        "--isolation",
        "copy",
        "--copy-limit",
        "30",
        "--",
        "true",
    ];
    let output = sigproof_in(directory.path(), &arguments);
    check(
        &output,
        2,
        &["too large to copy", "30 files", "--in FILE"],
        &arguments,
    );
}

#[test]
fn a_baseline_that_fails() {
    says(
        &["sweep", "--", "sh", "-c", "echo broken >&2; exit 3"],
        2,
        &["the undisturbed run fails", "exit status 3", "broken"],
    );
    says(
        &[
            "sweep",
            "--baseline-status",
            "3",
            "--",
            "sh",
            "-c",
            "exit 3",
        ],
        0,
        &["every contract holds"],
    );
    says(
        &["sweep", "--", "sh", "-c", "kill -SEGV $$"],
        2,
        &["killed by SIGSEGV"],
    );
    says(
        &["sweep", "--check", "false", "--", "true"],
        2,
        &["the check `false` fails after an undisturbed run"],
    );
}

#[test]
fn a_baseline_that_does_not_end() {
    says(
        &["sweep", "--timeout", "300ms", "--", "sleep", "100"],
        2,
        &["did not end within 0.3 s", "--no-baseline"],
    );
}

#[test]
fn a_baseline_that_leaves_a_process() {
    says(
        &[
            "sweep",
            "--grace",
            "100ms",
            "--",
            "sh",
            "-c",
            "sleep 100 > /dev/null 2>&1 & true",
        ],
        2,
        &["leaves a process behind: sleep 100", "--daemon"],
    );
}

#[test]
fn a_baseline_that_differs_from_run_to_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let counter = directory.path().join("counter");
    fs::write(&counter, "").expect("a file");
    let script = format!(
        "echo x >> {0}; test $(wc -l < {0}) -lt 3",
        counter.display()
    );
    // Out of the work tree on purpose: that is what makes it differ.
    says(
        &["sweep", "--empty", "--", "sh", "-c", &script],
        2,
        &["the undisturbed run fails"],
    );
}

#[test]
fn a_target_that_floods_its_output() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = sigproof_in(
        directory.path(),
        &["run", "--json", "--", "sh", "-c", "yes | head -c 30000000"],
    );
    check(
        &output,
        0,
        &["standard output: 30000000 bytes, of which 29672320 were not kept"],
        &[],
    );
    assert!(
        output.stdout.len() < 2_000_000,
        "{} bytes of report",
        output.stdout.len()
    );
}

#[test]
fn a_work_tree_that_runs_full() {
    says(
        &[
            "sweep",
            "--tree-limit",
            "1",
            "--",
            "dd",
            "if=/dev/zero",
            "of=big",
            "bs=1M",
            "count=3",
            "status=none",
        ],
        2,
        &["the undisturbed run fails", "No space left"],
    );
}

#[test]
fn a_store_that_cannot_be_written() {
    let arguments = [
        "sweep",
        "--empty",
        "--store",
        "/proc/store",
        "--",
        "sh",
        "-c",
        "echo a > x; echo b >> x",
    ];
    says(
        &arguments,
        1,
        &[
            "old-or-new",
            "cannot store a finding at /proc/store",
            "1 finding",
        ],
    );
}

#[test]
fn a_kernel_that_does_not_allow_tracing() {
    // Everything below strace is traced already, and nobody can be traced twice.
    let output = Command::new("strace")
        .args([
            "-f",
            "-o",
            "/dev/null",
            sigproof::SIGPROOF,
            "run",
            "--empty",
            "--",
            "true",
        ])
        .output()
        .expect("strace is installed");
    check(
        &output,
        3,
        &["does not allow tracing", "sigproof doctor"],
        &[],
    );
}

#[test]
fn errors_are_json_when_json_is_asked_for() {
    let outcome = sigproof::json(&["sweep", "--", "no-such-program"]).expect("JSON");
    assert_eq!(outcome.code, Some(2));
    let error = outcome.line("error").expect("an error");
    assert_eq!(error["version"], 1);
    assert_eq!(error["exit_code"], 2);
}

#[test]
fn help_and_completions_are_answers() {
    says(
        &["--help"],
        0,
        &["sweep", "Exit codes:", "point was not reached"],
    );
    says(&["sweep", "--help"], 0, &["--in <PATH>", "Examples:"]);
    says(&["--version"], 0, &["sigproof 0."]);
    for shell in ["bash", "zsh", "fish"] {
        says(&["completions", shell], 0, &["sigproof"]);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!(
            "{} points --empty -- true | true",
            sigproof::SIGPROOF
        ))
        .output()
        .expect("sh runs");
    assert!(output.stderr.is_empty(), "{}", text(&output));
}

#[test]
fn a_target_that_kills_its_supervisor_is_told_and_the_rest_goes_on() {
    // Only when it is interrupted: the baseline is sound.
    let script = "trap 'kill -9 $PPID; exit 1' INT; echo a; echo b; echo c";
    let outcome = sigproof::json(&[
        "sweep", "--empty", "--jobs", "1", "--", "bash", "-c", script,
    ])
    .expect("JSON");
    let summary = outcome.line("summary").expect("a summary");
    assert!(
        summary["failed_runs"].as_array().map(Vec::len) > Some(1),
        "{summary}"
    );
    assert!(
        summary["points_tried"].as_u64() > Some(0),
        "those before the trap are tried: {summary}"
    );
    assert_eq!(
        summary["failed_runs"][0]
            .as_str()
            .map(|run| run.contains("supervisor")),
        Some(true),
        "{summary}"
    );
}

#[test]
fn nothing_to_try_is_no_success() {
    says(
        &[
            "sweep",
            "--empty",
            "--path",
            "g*x",
            "--",
            "sh",
            "-c",
            "echo a > f",
        ],
        4,
        &["nothing was tried"],
    );
    says(
        &["points", "--only", "frobnicate", "--", "true"],
        2,
        &["no system call frobnicate"],
    );
}

#[test]
fn random_content_is_no_finding() {
    let script = "trap '' INT; cat /proc/sys/kernel/random/uuid > k.tmp; mv k.tmp k; head -c 30 /dev/urandom | base64";
    says(
        &[
            "sweep",
            "--empty",
            "--skip",
            "leftovers",
            "--",
            "sh",
            "-c",
            script,
        ],
        0,
        &["every contract holds"],
    );
}
