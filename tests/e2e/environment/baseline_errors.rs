//! Targets and surroundings that make judging difficult: each is handled, and said.

use crate::support::output::{check, says, sigproof_in};
use std::fs;
use std::process::Command;

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
fn a_kernel_that_does_not_allow_tracing() {
    // Everything below strace is traced already, and nobody can be traced twice.
    let output = Command::new("strace")
        .args([
            "-f",
            "-o",
            "/dev/null",
            &under_test::program(),
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
fn a_target_that_kills_its_supervisor_is_told_and_the_rest_goes_on() {
    // Only when it is interrupted: the baseline is sound.
    let script = "trap 'kill -9 $PPID; exit 1' INT; echo a; echo b; echo c";
    let outcome = under_test::json(&[
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
