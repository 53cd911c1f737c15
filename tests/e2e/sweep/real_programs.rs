//! The main job on programs that nobody here wrote. What it finds is checked by another way where there is one.

use fixture_model::Fixture;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use under_test::{Outcome, rust_program};

const TEXT: &str = "one\ntwo\nthree\n";

/// Sweeps a command with a file `words.txt` of some size in its work tree.
fn sweep(flags: &[&str], command: &[&str]) -> Outcome {
    let inputs = tempfile::tempdir().expect("a directory");
    let words = inputs.path().join("words.txt");
    fs::write(&words, TEXT.repeat(2000)).expect("an input");
    let mut arguments: Vec<OsString> = vec!["sweep".into(), "--in".into(), words.into()];
    arguments.extend(flags.iter().map(Into::into));
    arguments.push("--".into());
    arguments.extend(command.iter().map(Into::into));
    under_test::json(&arguments).expect("a sweep")
}

/// Every finding's oracle and subject.
fn found(outcome: &Outcome) -> Vec<(String, String)> {
    outcome
        .findings
        .iter()
        .map(|finding| (finding.oracle.clone(), finding.subject.clone()))
        .collect()
}

fn pair(oracle: &str, subject: &str) -> (String, String) {
    (oracle.to_owned(), subject.to_owned())
}

#[test]
fn gzip_survives() {
    let outcome = sweep(&[], &["gzip", "-k", "words.txt"]);
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let summary = outcome.line("summary").expect("a summary");
    assert_eq!(summary["coverage"], 1.0, "{summary}");
    assert!(summary["points_found"].as_u64() >= Some(10), "{summary}");
}

#[test]
fn cp_leaves_a_torn_copy() {
    let outcome = sweep(&[], &["cp", "words.txt", "copy.txt"]);
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    assert!(
        found(&outcome).contains(&pair("old-or-new", "copy.txt")),
        "{outcome:#?}"
    );
    // By hand: the signal at the return of the open that creates the copy.
    assert!(
        strace_finds("openat", &["cp", "words.txt", "copy.txt"], |tree| {
            fs::metadata(tree.join("copy.txt")).is_ok_and(|meta| meta.len() == 0)
        }),
        "strace does not show what sigproof found"
    );
}

#[test]
fn sed_leaves_its_temporary_file() {
    let outcome = sweep(&[], &["sed", "-i", "s/o/0/", "words.txt"]);
    assert!(
        found(&outcome).contains(&pair("leftovers", "sed*")),
        "{outcome:#?}"
    );
    assert!(
        strace_finds("write", &["sed", "-i", "s/o/0/", "words.txt"], |tree| {
            fs::read_dir(tree)
                .expect("the tree")
                .flatten()
                .any(|entry| entry.file_name().to_string_lossy().starts_with("sed"))
        }),
        "strace does not show what sigproof found"
    );
}

#[test]
fn sort_in_place_loses_the_file() {
    let outcome = sweep(&[], &["sort", "-o", "words.txt", "words.txt"]);
    assert!(
        found(&outcome).contains(&pair("old-or-new", "words.txt")),
        "{outcome:#?}"
    );
    let again = "running it again does not repair it";
    assert!(
        outcome.findings.iter().any(|one| one.text.contains(again)),
        "{outcome:#?}"
    );
    assert!(
        strace_finds(
            "ftruncate",
            &["sort", "-o", "words.txt", "words.txt"],
            |tree| { fs::metadata(tree.join("words.txt")).is_ok_and(|meta| meta.len() == 0) }
        ),
        "strace does not show what sigproof found"
    );
}

#[test]
fn tar_leaves_half_an_archive() {
    let outcome = sweep(&[], &["tar", "czf", "words.tgz", "words.txt"]);
    assert!(
        found(&outcome).contains(&pair("old-or-new", "words.tgz")),
        "{outcome:#?}"
    );
    // The user's own check tells the same.
    let outcome = sweep(
        &[
            "--oracles",
            "check",
            "--check",
            "test ! -e words.tgz || tar tzf words.tgz",
        ],
        &["tar", "czf", "words.tgz", "words.txt"],
    );
    assert_eq!(
        outcome.oracles().collect::<Vec<_>>(),
        ["check"],
        "{outcome:#?}"
    );
}

#[test]
fn a_pipeline_leaves_a_torn_output() {
    let outcome = sweep(
        &[],
        &["bash", "-c", "sort words.txt | uniq | gzip > out.gz"],
    );
    assert!(
        found(&outcome).contains(&pair("old-or-new", "out.gz")),
        "{outcome:#?}"
    );
}

#[test]
fn a_python_script_is_torn_and_says_so_with_a_traceback() {
    let script = "open('a','w').write('x'*10000); open('b','w').write('y')";
    let python = Fixture::named("python/lock-right")
        .expect("a Python fixture")
        .program()
        .argv(&rust_program);
    let python = python[0].to_str().expect("a path");
    let outcome = sweep(&[], &[python, "-I", "-S", "-c", script]);
    let found = found(&outcome);
    assert!(
        found.contains(&pair("status", "an unhandled Python traceback")),
        "{outcome:#?}"
    );
    assert!(found.contains(&pair("old-or-new", "a")), "{outcome:#?}");
}

#[test]
fn a_git_commit_leaves_locks_but_no_false_alarm_of_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .arg("-C")
            .arg(directory.path())
            .args(arguments)
            .output()
            .expect("git");
        assert!(status.status.success(), "{status:?}");
    };
    git(&["init", "-q", "-b", "main"]);
    for (name, value) in [
        ("user.name", "A"),
        ("user.email", "a@example.org"),
        ("maintenance.auto", "false"),
        ("gc.auto", "0"),
    ] {
        git(&["config", name, value]);
    }
    for number in 0..30 {
        fs::write(
            directory.path().join(format!("file{number}")),
            number.to_string(),
        )
        .expect("a file");
    }
    git(&["add", "."]);
    git(&["commit", "-qm", "one"]);
    fs::write(directory.path().join("file1"), "changed").expect("a file");
    let before = tree_of(directory.path());
    let arguments = [
        "sweep",
        "--in",
        directory.path().to_str().expect("a path"),
        "--any",
        ".git/index",
        "--check",
        "git fsck --strict",
        "--",
        "sh",
        "-c",
        "git add . && exec git commit -qm two",
    ];
    let outcome = under_test::json(&arguments).expect("a sweep");
    let found = found(&outcome);
    assert!(
        found.contains(&pair("leftovers", ".git/index.lock")),
        "{outcome:#?}"
    );
    assert!(
        found.iter().any(|(oracle, _)| oracle == "rerun"),
        "{outcome:#?}"
    );
    assert!(
        !found.iter().any(|(oracle, _)| oracle == "check"),
        "git's objects are never damaged: {outcome:#?}"
    );
    // Dates and the names that follow from them differ from run to run.
    assert!(
        !found.contains(&pair("old-or-new", ".git/refs/heads/main")),
        "{outcome:#?}"
    );
    assert_eq!(
        tree_of(directory.path()),
        before,
        "the repository itself is untouched"
    );
}

/// Names and contents below a directory.
fn tree_of(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).expect("a directory").flatten() {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else {
                files.push((
                    entry.path().display().to_string(),
                    fs::read(entry.path()).expect("a file"),
                ));
            }
        }
    }
    files.sort();
    files
}

/// Whether SIGINT at the k-th call of this name, for some k, leaves what is looked for.
fn strace_finds(call: &str, command: &[&str], wrong: impl Fn(&Path) -> bool) -> bool {
    (1..=40).any(|k| {
        let tree = tempfile::tempdir().expect("a directory");
        fs::write(tree.path().join("words.txt"), TEXT.repeat(2000)).expect("an input");
        let status = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-e"])
            .arg(format!("inject={call}:signal=SIGINT:when={k}"))
            .args(command)
            .current_dir(tree.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .output();
        status.expect("strace is installed");
        wrong(tree.path())
    })
}
