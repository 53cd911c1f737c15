//! Targets that go to an extreme: each is handled, nothing of it lives on, and what could not be done is said.

use crate::support::copy::copy_program;
use crate::support::output::{check, sigproof_in, text};
use fixture_model::Helper;
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use under_test::{json, rust_program};

/// A fixture under a name that nothing else on this machine has.
fn under_a_name_of_its_own(directory: &Path, stem: &str) -> PathBuf {
    let argv = Helper::named(stem)
        .expect("the fixture")
        .program()
        .argv(&rust_program);
    let copy = directory.join(format!("{stem}-{}", std::process::id()));
    copy_program(&argv[0], &copy);
    copy
}

/// Whether a process of this name is alive.
fn lives(program: &Path) -> bool {
    let name = program.to_str().expect("a path").as_bytes();
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    processes
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .any(|command| command.starts_with(name))
}

#[test]
fn two_hundred_children_are_all_gone_after_each_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = under_a_name_of_its_own(directory.path(), "fork-many");
    let mut arguments: Vec<OsString> =
        under_test::words("sweep --empty --path child-7.txt --path child-199.txt --");
    arguments.extend([program.clone().into(), "200".into()]);
    let outcome = json(&arguments).expect("a sweep");
    let summary = outcome.line("summary").expect("a summary");
    assert_eq!(
        summary["failed_runs"],
        Value::Array(Vec::new()),
        "{summary:#}"
    );
    // The opening and the writing of two files, at least.
    assert!(summary["points_tried"].as_u64() >= Some(4), "{summary:#}");
    let missed = &summary["not_reached"];
    assert_eq!(*missed, Value::Array(Vec::new()), "{summary:#}");
    assert!(
        outcome
            .oracles()
            .all(|oracle| !["orphans", "exits"].contains(&oracle)),
        "{:#?}",
        outcome.findings
    );
    assert!(!lives(&program), "a child lives on");
}

#[test]
fn two_hundred_children_that_ignore_everything_are_told_and_killed() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = under_a_name_of_its_own(directory.path(), "ignore-all");
    let script = format!(
        "for n in $(seq 200); do {} > /dev/null & done; exit 0",
        program.display()
    );
    let output = sigproof_in(
        directory.path(),
        &[
            "run",
            "--no-baseline",
            "--empty",
            "--grace",
            "300ms",
            "--",
            "bash",
            "-c",
            &script,
        ],
    );
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    // Those with one command are told together.
    let words: Vec<&str> = said.split_whitespace().collect();
    let said_of = words.join(" ");
    let told = said_of
        .matches("is still alive after the target's end")
        .count();
    let more = words
        .windows(4)
        .filter(|words| words[1..] == ["more", "like", "it)"])
        .filter_map(|words| words[0].strip_prefix('(')?.parse::<usize>().ok());
    // What is repeated is judged again, and may find others alive: never fewer.
    assert!(told + more.sum::<usize>() >= 200, "{said}");
    assert!(!lives(&program), "one of them lives on");
}

#[test]
fn a_gigabyte_of_output_is_counted_and_not_kept() {
    const BYTES: &str = "1000000000";
    let directory = tempfile::tempdir().expect("a directory");
    let arguments = [
        "run",
        "--no-baseline",
        "--json",
        "--empty",
        "--",
        "head",
        "-c",
        BYTES,
        "/dev/zero",
    ];
    let output = sigproof_in(directory.path(), &arguments);
    check(
        &output,
        0,
        &[&format!("standard output: {BYTES} bytes, of which")],
        &arguments,
    );
    assert!(
        output.stdout.len() < 4_000_000,
        "{} bytes of report",
        output.stdout.len()
    );
}

#[test]
fn a_target_that_ignores_every_signal_is_told_and_killed() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = under_a_name_of_its_own(directory.path(), "ignore-all");
    for signal in ["INT", "TERM", "HUP", "QUIT"] {
        let step = format!("{signal}@call:write(stdout)#1");
        let name = program.to_str().expect("a path");
        let arguments = [
            "run",
            "--no-baseline",
            "--empty",
            "--deadline",
            "300ms",
            "--signal",
            &step,
            "--",
            name,
        ];
        let output = sigproof_in(directory.path(), &arguments);
        check(
            &output,
            1,
            &["✗ exits", "still running 300 ms after the last signal"],
            &arguments,
        );
        assert!(!lives(&program), "it lives on after {signal}");
    }
}

/// A program that is set-uid to somebody else, and which says as whom it runs.
fn set_uid(directory: &Path) -> Option<PathBuf> {
    let program = directory.join("whoami");
    copy_program("/usr/bin/id", &program);
    std::os::unix::fs::chown(&program, Some(54321), Some(54321)).ok()?;
    // The bits go with a change of the owner.
    fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).expect("its bits");
    Some(program)
}

#[test]
fn a_set_uid_program_runs_with_its_rights_or_it_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755))
        .expect("a directory of ours");
    // Of an ordinary user nothing can be given away; programs of the system have what is needed.
    let own = set_uid(directory.path());
    let (program, argument) = match &own {
        Some(own) => (own.to_str().expect("a path"), "-u"),
        None => ("/usr/bin/passwd", "--help"),
    };
    let arguments = [
        "sweep",
        "--json",
        "--empty",
        "--isolation",
        "copy",
        "--",
        program,
        argument,
    ];
    let output = sigproof_in(directory.path(), &arguments);
    let said = text(&output);
    let lost = said.contains("is set-uid, but runs without the rights of its owner");
    let honoured = Command::new(program)
        .arg("-u")
        .output()
        .expect("it runs")
        .stdout
        == b"54321\n";
    assert_eq!(output.status.code(), Some(0), "{said}");
    // With all rights the kernel lets a traced program have its own, unless the file system forbids it; else it does
    // not.
    let kept = honoured && nix::unistd::geteuid().is_root();
    assert_eq!(lost, !kept, "{said}");
}

#[test]
fn an_ordinary_user_is_told_that_a_set_uid_program_has_lost_its_rights() {
    if !nix::unistd::geteuid().is_root() {
        return; // then the test above is about an ordinary user
    }
    let directory = tempfile::tempdir().expect("a directory");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777))
        .expect("a directory of ours");
    // Where the program was built may be closed to others.
    let sigproof = directory.path().join("sigproof");
    copy_program(under_test::program(), &sigproof);
    let output = Command::new("setpriv")
        .args(["--reuid", "54323", "--regid", "54323", "--clear-groups"])
        .arg(&sigproof)
        .args([
            "run",
            "--empty",
            "--signal",
            "INT@call:write(stdout)#1",
            "--",
            "sh",
            "-c",
            "/usr/bin/passwd --help; true",
        ])
        .current_dir(directory.path())
        .env("HOME", directory.path())
        .output()
        .expect("setpriv is there");
    let said = text(&output)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(
        said.contains("passwd is set-uid, but runs without the rights of its owner"),
        "{said}"
    );
}

#[test]
fn a_call_that_the_kernel_makes_again_is_one_call() {
    let forks = Helper::named("fork-many")
        .expect("the fixture")
        .program()
        .argv(&rust_program);
    // The first signal is pending when the first fork begins, which is therefore made twice; the second waits for the
    // second fork of the program, not for the second time that the call is entered. Neither has an effect.
    let mut arguments = under_test::words(
        "run --no-baseline --empty --signal URG:process@call:clone@entry --signal WINCH:process@call:clone#2 --",
    );
    arguments.extend(forks);
    arguments.push("3".into());
    let outcome = json(&arguments).expect("a run");
    let told: Vec<&str> = outcome
        .lines
        .iter()
        .filter_map(|line| line["event"].as_object())
        .flat_map(|event| event.keys())
        .map(String::as_str)
        .filter(|event| ["child", "fault"].contains(event))
        .collect();
    assert_eq!(
        told,
        ["fault", "child", "child", "fault", "child"],
        "{outcome:#?}"
    );
}
