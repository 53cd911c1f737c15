//! Bad input gets a clear error and the documented exit code; nothing is lost and nothing panics.

use crate::support::output::{check, says, sigproof_in, text};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

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
fn a_program_for_another_processor() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = directory.path().join("program");
    // 64 bits, in this order of bytes: IBM's. 32 bits, in the other: ARM's.
    for (class, order, machine, name) in
        [(2, 2, [0, 22], "s390x"), (1, 1, [40, 0], "ARM (32 bits)")]
    {
        let mut head = [b"\x7fELF".as_slice(), &[class, order, 1]].concat();
        head.resize(18, 0);
        head.extend(machine);
        fs::write(&program, head).expect("a file");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("chmod");
        for verb in ["sweep", "run"] {
            let output = sigproof_in(directory.path(), &[verb, "--", "./program"]);
            let wanted = format!("is a program for {name}");
            check(&output, 2, &[&wanted, "can be followed here"], &[]);
        }
    }
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
        &["bad regular expression"],
    );
    says(
        &["run", "--signal", "INT", "--", "true"],
        2,
        &["--signal: INT: the trigger is missing"],
    );
    says(
        &["run", "--signal", "INT@5", "--", "true"],
        2,
        &["a number and a unit"],
    );
    says(&["sweep", "--keep", "[", "--", "true"], 2, &["bad glob ["]);
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
    for (fault, hint) in [
        ("ENOSCP", "did you mean ENOSPC?"),
        ("hangup", "--pty"),
        ("delay", "delay=TIME"),
        ("ENOSPC:group", "goes to nobody"),
        ("INT:nobody", "thread:NAME or exec:NAME"),
    ] {
        says(&["sweep", "--fault", fault, "--", "true"], 2, &[hint]);
    }
    says(
        &["sweep", "--pty", "--fault", "close", "--", "true"],
        2,
        &["use hangup"],
    );
    says(
        &["sweep", "--fault", "EIO", "--phase", "exit", "--", "true"],
        2,
        &[
            "--phase: EIO happens to the call itself",
            "leave the phases out",
        ],
    );
    says(
        &["sweep", "--fault", "EIO", "--signal", "INT", "--", "true"],
        2,
        &["--fault: both a signal and a fault"],
    );
    says(
        &["sweep", "--then", "INT", "--", "true"],
        2,
        &["--then: INT: the trigger is missing"],
    );
    says(
        &[
            "sweep",
            "--fault",
            "EIO",
            "--second",
            "in-handler",
            "--",
            "true",
        ],
        2,
        &["a second fault follows a signal"],
    );
    says(
        &["sweep", "--second", "in-bed", "--", "true"],
        2,
        &["in-handler, in-cleanup"],
    );
    says(
        &[
            "sweep",
            "--second",
            "in-handler",
            "--second-fault",
            "EIO",
            "--",
            "true",
        ],
        2,
        &["--second-fault: EIO cannot come second"],
    );
    says(
        &["sweep", "--jobs", "0", "--", "true"],
        2,
        &["--jobs", "the number of parallel runs cannot be 0"],
    );
    says(
        &["sweep", "--pty-size", "0x0", "--pty", "--", "true"],
        2,
        &["24x80"],
    );
}

/// A typo is answered with what was probably meant; nothing at all with the verbs.
#[test]
fn unknown_verbs_and_flags_get_a_suggestion() {
    says(&["swep"], 2, &["unrecognized subcommand 'swep'", "'sweep'"]);
    says(
        &["sweep", "--sigal", "INT", "--", "true"],
        2,
        &["unexpected argument '--sigal'", "'--signal'"],
    );
    says(
        &["sweep", "--oracles", "leftover", "--", "true"],
        2,
        &["no such oracle: leftover", "did you mean `leftovers`?"],
    );
    says(&[], 2, &["Usage: sigproof", "sweep", "Exit codes:"]);
}

/// The line that was meant follows what is wrong.
#[test]
fn a_wrong_beginning_is_answered_with_the_line_that_was_meant() {
    says(
        &["python3", "tool.py"],
        2,
        &["to see what Ctrl+C does to it: sigproof sweep -- python3 tool.py"],
    );
    says(
        &["sweep", "--empty", "ls", "-l"],
        2,
        &["put `--` before the program: sigproof sweep --empty -- ls -l"],
    );
    says(&["run"], 2, &["name the program, after `--`: sigproof run"]);
}

/// American spellings are the documented ones; British ones do the same.
#[test]
fn both_spellings_of_a_verb_and_of_flags_are_accepted() {
    for verb in ["minimize", "minimise"] {
        says(&[verb, "nothing"], 2, &["nothing: No such file"]);
    }
    for (color, serialize) in [("--color", "--serialize"), ("--colour", "--serialise")] {
        says(
            &[color, "never", "sweep", serialize, "--", "no-such-program"],
            2,
            &["no program no-such-program is in PATH"],
        );
    }
}

/// Colors are forced, so that what turns them off can be seen.
#[test]
fn no_color_turns_colors_off_and_a_flag_turns_them_on() {
    let error = |flags: &[&str], variables: &[(&str, &str)]| {
        let output = Command::new(under_test::program())
            .args(flags)
            .args(["report", "nothing"])
            .env_remove("NO_COLOR")
            .envs(variables.iter().copied())
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        text(&output).contains('\u{1b}')
    };
    let forced = ("CLICOLOR_FORCE", "1");
    let off = ("NO_COLOR", "1");
    assert!(error(&[], &[forced]));
    assert!(!error(&[], &[forced, off]));
    assert!(!error(&["--color", "never"], &[forced]));
    assert!(error(&["--color", "always"], &[off]));
    assert!(!error(&[], &[]), "standard error is no terminal");
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
fn errors_are_json_when_json_is_asked_for() {
    let outcome = under_test::json(&["sweep", "--", "no-such-program"]).expect("JSON");
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
            under_test::program()
        ))
        .output()
        .expect("sh runs");
    assert!(output.stderr.is_empty(), "{}", text(&output));
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
