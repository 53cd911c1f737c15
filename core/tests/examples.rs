//! Every example, run on a terminal and stopped by real Ctrl+C, does what its
//! first lines say.
#![cfg(target_os = "linux")]

#[path = "support/screen.rs"]
mod screen;
#[path = "support/terminal.rs"]
mod terminal;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use terminal::Terminal;

/// One example: how it is started, what it shows before each Ctrl+C, and what
/// it shows at the end.
struct Example {
    name: &'static str,
    arguments: &'static [&'static str],
    before_each_press: &'static [&'static str],
    at_the_end: &'static [&'static str],
}

const EXAMPLES: &[Example] = &[
    Example {
        name: "bars",
        arguments: &["100", "200"],
        before_each_press: &[
            "begun     [",
            "Press Ctrl+C again to terminate active tasks",
        ],
        at_the_end: &[
            "Second interrupt",
            "Returning partial results",
            "/100 tasks completed",
        ],
    },
    Example {
        name: "command",
        arguments: &["sh", "-c", "echo begun; exec sleep 1000"],
        before_each_press: &["begun", "Press Ctrl+C again to stop..."],
        at_the_end: &["Stop confirmed", "clean up", "\"phase-interrupted\""],
    },
    Example {
        name: "confirm",
        arguments: &["10000"],
        before_each_press: &["step 0", "Press Ctrl+C again to stop..."],
        at_the_end: &["interrupted at stage 2 by SIGINT", "teardown done"],
    },
    Example {
        name: "feedback",
        arguments: &[],
        before_each_press: &["working", "Really?", "Draining, at most five seconds"],
        at_the_end: &["Cutting", "interrupted at stage 2 by SIGINT"],
    },
    Example {
        name: "processes",
        arguments: &["100", "200"],
        before_each_press: &["task 0", "Press Ctrl+C again to terminate active tasks"],
        at_the_end: &["Second interrupt", "Returning partial results"],
    },
    Example {
        name: "threads",
        arguments: &["100", "200"],
        before_each_press: &["task 0", "Press Ctrl+C again to terminate active tasks"],
        at_the_end: &["Second interrupt", "Returning partial results"],
    },
    Example {
        name: "tokio",
        arguments: &[],
        before_each_press: &["step 1", "Graceful Cancellation"],
        at_the_end: &["cut short"],
    },
];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// Beside this test; built now if only the tests were.
fn program(name: &str) -> PathBuf {
    let test = env::current_exe().expect("the test binary");
    let target = test.parent().and_then(Path::parent).expect("target/debug");
    let path = target.join("examples").join(name);
    if !path.exists() {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "sigproof-core"])
            .args(["--features", "full", "--example", name])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(status.expect("cargo runs").success(), "{name} builds");
    }
    path
}

#[test]
fn every_example_is_run() {
    let stored: BTreeSet<String> = fs::read_dir(sources())
        .expect("the examples")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let run: BTreeSet<String> = EXAMPLES
        .iter()
        .map(|example| example.name.to_owned())
        .collect();
    assert_eq!(stored, run);
    for name in stored {
        let source = fs::read_to_string(sources().join(format!("{name}.rs"))).expect("a source");
        assert!(
            source.lines().count() < 60,
            "{name} is too long for an example"
        );
    }
}

#[test]
fn examples_stop_as_they_say() {
    for example in EXAMPLES {
        let mut command = Command::new(program(example.name));
        command.args(example.arguments);
        let mut terminal = Terminal::run(command, 100);
        for text in example.before_each_press {
            terminal.expect(&[text]);
            terminal.press_ctrl_c();
        }
        let signal = terminal.end();
        let (name, picture) = (example.name, terminal.picture());
        for text in example.at_the_end {
            assert!(picture.contains(text), "{name}: no {text:?} on\n{picture}");
        }
        assert_eq!(signal, Some(libc::SIGINT), "{name}\n{picture}");
        assert!(terminal.shows_cursor() && terminal.echoes_keys(), "{name}");
    }
}
