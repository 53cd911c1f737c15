//! What a report says is what there is to be said, once.

use super::{Inputs, PYTHON, brief, clean, finds};
use std::process::{Command, Stdio};

#[test]
fn a_file_that_no_second_run_repairs_is_one_finding() {
    let script = "[ -e out ] && exit 0; echo 1 > out; echo 2 >> out";
    let outcome = Inputs::of(&[]).sweep(&[], &["bash", "-c", script]);
    finds(
        &outcome,
        "old-or-new",
        "and running it again does not repair it",
    );
    assert!(
        !outcome.oracles().any(|oracle| oracle == "rerun"),
        "{}",
        brief(&outcome)
    );
}

#[test]
fn the_line_that_says_why_is_quoted_without_escape_sequences() {
    let script = "if ! mkdir lock; then printf '\\033[31merror: the lock is held\\033[0m\\nhint: remove it\\n' >&2; exit 4; fi\n\
                  sort /dev/null; rmdir lock";
    let outcome = Inputs::of(&[]).sweep(&["--oracles", "rerun"], &["bash", "-c", script]);
    finds(&outcome, "rerun", "saying \"error: the lock is held\"");
}

#[test]
fn a_line_can_be_waited_for_among_others() {
    let script = "for i in 4 5 6; do echo line $i; done; sleep 1; echo done";
    let flags = ["--signal", "INT@output:^line 5$", "--oracles", "exits"];
    let outcome = Inputs::of(&[]).try_out("run", &flags, &["bash", "-c", script]);
    clean(&outcome);
}

#[test]
fn a_baseline_can_end_by_a_signal() {
    let script = "echo x > out; kill -TERM $$; sleep 1";
    let inputs = Inputs::of(&[]);
    let flags = ["--baseline-status", "143", "--oracles", "exits"];
    clean(&inputs.sweep(&flags, &["sh", "-c", script]));
    let wrong = inputs.sweep(&["--oracles", "exits"], &["sh", "-c", script]);
    assert_eq!(wrong.code, Some(2), "{}", brief(&wrong));
}

/// HOME and TMPDIR are told of where they can be the cause.
#[test]
fn a_hint_is_given_where_it_can_help() {
    let inputs = Inputs::of(&[]);
    let error = |script: &str| {
        let outcome = inputs.sweep(&[], &["sh", "-c", script]);
        outcome
            .lines
            .iter()
            .map(ToString::to_string)
            .collect::<String>()
            + &outcome.stderr
    };
    let plain = error("echo the sum is wrong; exit 3");
    assert!(
        plain.contains("exit status 3") && !plain.contains("HOME"),
        "{plain}"
    );
    let missing = error("cat ~/.config/x");
    assert!(missing.contains("HOME and TMPDIR are private"), "{missing}");
}

#[test]
fn one_program_among_the_descendants_gets_the_signal() {
    let script = "sleep 5 & tail -f /dev/null & wait %1; echo $? > out; kill %2; wait %2; exit 0";
    let flags = [
        "--no-baseline",
        "--signal",
        "TERM:exec:sleep@call:*sleep:clock_nanosleep#1@entry",
    ];
    let outcome = Inputs::of(&[]).try_out("run", &flags, &["bash", "-c", script]);
    clean(&outcome);
    let taken: Vec<_> = outcome
        .lines
        .iter()
        .filter_map(|line| line["event"].get("fault"))
        .collect();
    assert_eq!(
        taken[0]["fault"],
        "SIGTERM to the program sleep",
        "{}",
        brief(&outcome)
    );
    let wrong = Inputs::of(&[]).sweep(&["--deliver", "exec:/bin/sleep"], &["true"]);
    assert_eq!(wrong.code, Some(2));
}

/// `timeout` sends its signal twice within a millisecond, which is one request: what goes on is ended in order.
#[test]
fn a_timeout_is_one_interruption() {
    let directory = tempfile::tempdir().expect("a directory");
    let script = "import time\nfor i in range(40):\n    open('out%d' % i, 'w').close()\n    time.sleep(0.01)\n";
    let output = Command::new("timeout")
        .args([
            "-s",
            "INT",
            "4",
            &under_test::program(),
            "sweep",
            "--empty",
            "--exhaustive",
        ])
        .args(["--store", &directory.path().display().to_string()])
        .args(["--oracles", "exits", "--", PYTHON, "-c", script])
        .stdin(Stdio::null())
        .output()
        .expect("timeout");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("interrupted: "), "{said}");
    assert!(!said.contains("a run failed"), "{said}");
    assert!(!said.to_lowercase().contains("terminat"), "{said}");
}
