//! Every Python on this machine.

use super::tracee::{self, Call};
use crate::symbols::interpreter::{folded, runs_program};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

/// How many times the script says where it is.
const STACKS: usize = 101;

/// How many times a stack is taken for its time to be printed.
const TIMES: u32 = 500;

/// One place in a program: function, file and line.
type Position = (String, String, u32);

/// The interpreters in the search path, and those that pyenv has beside its shims.
fn interpreters() -> Vec<PathBuf> {
    let path = env::var_os("PATH").expect("a search path");
    let mut directories: Vec<PathBuf> = env::split_paths(&path).collect();
    for directory in directories.clone() {
        let versions = directory.join("../versions");
        let entries = fs::read_dir(versions).into_iter().flatten().flatten();
        directories.extend(entries.map(|entry| entry.path().join("bin")));
    }
    let mut found: Vec<PathBuf> = directories
        .iter()
        .filter(|directory| !directory.ends_with("shims"))
        .flat_map(|directory| (8..=14).map(move |minor| directory.join(format!("python3.{minor}"))))
        .filter_map(|program| program.canonicalize().ok())
        .collect();
    found.sort();
    found.dedup();
    assert!(!found.is_empty(), "no Python in {directories:?}");
    found
}

fn said(output: &str) -> Option<Vec<Position>> {
    let lines = output.strip_prefix("stack\n")?.lines();
    Some(
        lines
            .map(|line| {
                let mut fields = line.split('\t');
                let mut next = || fields.next().expect("three fields");
                let (function, file) = (next().to_owned(), next().to_owned());
                (function, file, next().parse().expect("a line"))
            })
            .collect(),
    )
}

fn found(call: &mut Call) -> Vec<Position> {
    let frames = call.take().frames;
    frames
        .into_iter()
        .map(|frame| {
            (
                frame.function.unwrap_or_default(),
                frame.file.unwrap_or_default(),
                frame.line.unwrap_or_default(),
            )
        })
        .collect()
}

/// Compares all stacks that the program says; returns how many those are.
fn compare(command: &[&str], directory: &Path) -> usize {
    let mut stacks = 0;
    tracee::run(command, directory, |call| {
        let Some(output) = call.output() else { return };
        let Some(wanted) = said(&output) else {
            // What wrote this may be another program, which becomes the interpreter.
            call.take();
            return;
        };
        stacks += 1;
        let wanted: Vec<Position> = folded(&wanted).cloned().collect();
        assert_eq!(found(call), wanted, "{command:?}");
    });
    stacks
}

fn script(directory: &Path) -> String {
    let script = directory.join("stacks.py");
    fs::write(&script, include_str!("stacks.py")).expect("a file");
    script.display().to_string()
}

#[test]
fn frames_are_those_that_python_itself_says() {
    let directory = tempfile::tempdir().expect("a directory");
    let script = script(directory.path());
    for python in interpreters() {
        let stacks = compare(&[&python.display().to_string(), &script], directory.path());
        println!("{}: {stacks} stacks", python.display());
        assert_eq!(stacks, STACKS, "{python:?}");
    }
}

/// What an observer sees of a program up to its own first call.
#[derive(Default)]
struct Start {
    /// Calls of the interpreter.
    calls: usize,
    /// Those of them at which Python code runs.
    busy: usize,
    /// At one of them it is that of a package that changes every start.
    customised: bool,
    begun: bool,
}

/// Looks at every call; that the program runs must be told at its first one.
fn follow(command: &[&str], directory: &Path) -> Start {
    let mut start = Start::default();
    tracee::run(command, directory, |call| {
        if start.begun {
            return;
        }
        let frames = call.take().frames;
        let begins = call.output().is_some_and(|output| output == "begin");
        assert_eq!(runs_program(&frames), begins, "{command:?}: {frames:#?}");
        start.begun = begins;
        start.calls += usize::from(!begins);
        start.busy += usize::from(!begins && !frames.is_empty());
        start.customised |= frames
            .iter()
            .any(|frame| frame.module == "sitecustomize.py" && !frame.runtime);
    });
    start
}

#[test]
fn the_start_of_the_interpreter_is_told_from_the_program() {
    let directory = tempfile::tempdir().expect("a directory");
    let package = directory.path().join("package");
    fs::create_dir(&package).expect("a directory");
    let begin = "import os; os.write(1, b'begin')\n";
    for (path, text) in [
        ("script.py", begin),
        ("package/__init__.py", ""),
        ("package/__main__.py", begin),
        ("sitecustomize.py", "import os\nos.listdir('.')\n"),
    ] {
        fs::write(directory.path().join(path), text).expect("a file");
    }
    for python in interpreters() {
        let python = python.display().to_string();
        for arguments in [&["script.py"][..], &["-m", "package"]] {
            let command = [&["env", "PYTHONPATH=.", python.as_str()], arguments].concat();
            let start = follow(&command, directory.path());
            assert!(start.begun && start.busy > 50, "{command:?}");
            assert!(start.customised, "{command:?}");
            assert!(start.calls > start.busy, "{command:?}");
        }
    }
}

#[test]
fn the_program_begins_in_the_package_that_is_run() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("package")).expect("a directory");
    let begin = "import os; os.write(1, b'begin')\n";
    fs::write(directory.path().join("package/__init__.py"), begin).expect("a file");
    fs::write(directory.path().join("package/__main__.py"), "").expect("a file");
    for python in interpreters() {
        let command = [&python.display().to_string(), "-m", "package"];
        let start = follow(&command, directory.path());
        assert!(start.begun && start.busy > 50, "{command:?}");
    }
}

#[test]
fn a_module_of_the_standard_library_can_be_the_program() {
    for python in interpreters() {
        let mut calls = 0;
        let command = [&python.display().to_string(), "-m", "site"];
        tracee::run(&command, Path::new("/"), |call| {
            if call.output().is_some() {
                calls += 1;
                let frames = call.take().frames;
                // At its end the interpreter writes what is left over.
                assert!(
                    runs_program(&frames) || frames.is_empty(),
                    "{command:?}: {frames:#?}"
                );
            }
        });
        assert!(calls > 0, "{command:?}");
    }
}

#[test]
fn what_a_stack_costs_does_not_grow_with_the_program() {
    let directory = tempfile::tempdir().expect("a directory");
    let script = directory.path().join("deep.py");
    // Ten frames; the last of the lines has a table that is longer than what is read at once.
    let text = format!(
        "import os\ndef deep(times):\n    if times:\n        deep(times - 1)\n    else:\n        os.write(1, b'here')\n{}deep(8)\n",
        "x = [1]\n".repeat(3000),
    );
    fs::write(&script, text).expect("a file");
    for python in interpreters() {
        let command = [&python.display().to_string(), "deep.py"];
        let mut stops = 0;
        tracee::run(&command, directory.path(), |call| {
            if call.output().is_some_and(|output| output == "here") {
                call.take(); // finds the interpreter
                let taken = call.take();
                assert_eq!(taken.frames.len(), 10, "{command:?}");
                // A page for each frame, and some for the thread, both functions and the longest table.
                assert!(taken.reads <= 10 + 20, "{command:?}: {}", taken.reads);
                stops += 1;
                let begin = Instant::now();
                for _ in 0..TIMES {
                    call.take();
                }
                let each = begin.elapsed() / TIMES;
                println!(
                    "{}: {each:?} for ten frames, {} reads",
                    command[0], taken.reads
                );
            }
        });
        assert_eq!(stops, 1, "{command:?}");
    }
}

#[test]
fn an_environment_and_a_script_that_starts_it_change_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let script = script(directory.path());
    let python = interpreters().remove(0);
    let made = Command::new(&python)
        .args(["-m", "venv", "--without-pip", "venv"])
        .current_dir(directory.path())
        .status();
    assert!(made.is_ok_and(|status| status.success()), "{python:?}");
    fs::write(
        directory.path().join("shim"),
        "#!/usr/bin/env bash\necho start\nexec venv/bin/python \"$@\"\n",
    )
    .expect("a file");
    let stacks = compare(&["bash", "shim", &script], directory.path());
    assert_eq!(stacks, STACKS, "{python:?}");
}
