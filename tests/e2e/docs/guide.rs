//! The guide is true: every command in it is run, in the order of the page, and says what the page shows.
//!
//! In a block of the kind `console` a line that begins with `$ ` is a command for bash; what follows is its output, in
//! which `[..]` stands for any text within a line and a line `...` for any lines. A comment `<!-- file: NAME -->` names
//! the file that the next block is. Each page has a directory of its own.

use regex::Regex;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

enum Part {
    Heading(String),
    File {
        name: String,
        content: String,
    },
    Call {
        line: usize,
        command: String,
        output: String,
    },
}

/// The parts of a page, in order.
fn parts(page: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut file: Option<String> = None;
    let mut lines = page.lines().enumerate().peekable();
    while let Some((_, line)) = lines.next() {
        if let Some(name) = line.strip_prefix("<!-- file: ") {
            file = name.strip_suffix(" -->").map(str::to_owned);
        }
        if let Some(heading) = line.strip_prefix("## ") {
            parts.push(Part::Heading(heading.to_owned()));
        }
        let Some(kind) = line.strip_prefix("```") else {
            continue;
        };
        let mut block = Vec::new();
        for (number, line) in lines.by_ref() {
            if line == "```" {
                break;
            }
            block.push((number + 1, line));
        }
        if let Some(name) = file.take() {
            let content = block.iter().map(|(_, line)| format!("{line}\n")).collect();
            parts.push(Part::File { name, content });
        } else if kind == "console" {
            for (line, text) in block {
                match (text.strip_prefix("$ "), parts.last_mut()) {
                    (Some(command), _) => parts.push(Part::Call {
                        line,
                        command: command.to_owned(),
                        output: String::new(),
                    }),
                    (None, Some(Part::Call { output, .. })) => {
                        output.push_str(text);
                        output.push('\n');
                    }
                    (None, _) => panic!("line {line}: output without a command"),
                }
            }
        }
    }
    parts
}

/// Whether the output is what the page shows.
fn matches(shown: &str, said: &str) -> bool {
    let mut pattern = String::from("(?s)^");
    for line in shown.lines() {
        if line == "..." {
            pattern.push_str("(?:[^\n]*\n)*?");
        } else {
            let pieces: Vec<String> = line.split("[..]").map(regex::escape).collect();
            pattern.push_str(&pieces.join("[^\n]*"));
            pattern.push('\n');
        }
    }
    pattern.push('$');
    Regex::new(&pattern).expect("a pattern").is_match(said)
}

/// The page, as a text.
fn page(name: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("docs/guide")
        .join(name);
    fs::read_to_string(page).expect("a page")
}

/// Follows a whole page.
fn follow(name: &str) {
    let calls = follow_where(name, |_| true);
    assert!(calls > 1, "{name}: only {calls} commands");
}

/// Puts every file of a page into a directory, and runs the commands of the sections whose heading is wanted. How many
/// that were.
fn follow_where(name: &str, wanted: impl Fn(&str) -> bool) -> usize {
    let here = tempfile::tempdir().expect("a directory");
    let bin = tempfile::tempdir().expect("a directory");
    std::os::unix::fs::symlink(under_test::program(), bin.path().join("sigproof")).expect("a link");
    // What `python3` is may be a script that looks for the interpreter. Go is installed by `cargo ci`, below the target
    // directory.
    let python = PathBuf::from(under_test::python());
    let target = PathBuf::from(under_test::program());
    let target = target
        .parent()
        .and_then(Path::parent)
        .expect("a target directory");
    let mut places = vec![bin.path().to_owned()];
    places.extend(python.parent().map(Path::to_owned));
    places.push(target.join("go/bin"));
    places.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let path = std::env::join_paths(places).expect("a search path");
    let mut calls = 0;
    let mut heading = String::new();
    for part in parts(&page(name)) {
        match part {
            Part::Heading(text) => heading = text,
            Part::Call { .. } if !wanted(&heading) => {}
            Part::File { name, content } => {
                let path = here.path().join(name);
                fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
                fs::write(path, content).expect("a file");
            }
            Part::Call {
                line,
                command,
                output,
            } => {
                calls += 1;
                let said = Command::new("bash")
                    .args(["-c", &command])
                    .current_dir(here.path())
                    .env("PATH", &path)
                    .env("COLUMNS", "100")
                    .env("GOCACHE", target.join("go-cache"))
                    .env_remove("CLICOLOR_FORCE")
                    .output()
                    .expect("bash runs");
                let text = String::from_utf8_lossy(&said.stdout);
                let said = format!("{text}{}", String::from_utf8_lossy(&said.stderr));
                assert!(
                    matches(&output, &said),
                    "{name}:{line}: $ {command}\nsays\n{said}\nand not\n{output}"
                );
            }
        }
    }
    calls
}

#[test]
fn first_gate() {
    follow("first-gate.md");
}

#[test]
fn graceful() {
    follow("graceful.md");
}

#[test]
fn failpoints() {
    follow("failpoints.md");
}

#[test]
fn race() {
    follow("race.md");
}

#[test]
fn messages() {
    follow("messages.md");
}

#[test]
fn exit_codes() {
    follow("exit-codes.md");
}

/// One test for each oracle of the page, so that they run side by side: some wait for seconds, by their nature.
mod catches {
    use super::*;

    const PAGE: &str = "catches.md";

    macro_rules! sections {
        ($($test:ident $oracle:literal)*) => {
            $(#[test]
            fn $test() {
                let calls = follow_where(PAGE, |heading| about(heading) == Some($oracle));
                assert_eq!(calls, 1, "the section about {} has one command", $oracle);
            })*

            const FOLLOWED: &[&str] = &[$($oracle),*];
        };
    }

    sections! {
        exits "exits"
        status "status"
        orphans "orphans"
        leftovers "leftovers"
        old_or_new "old-or-new"
        rerun "rerun"
        terminal "terminal"
        check "check"
        ask_first "ask-first"
        acknowledged "acknowledged"
        budget "budget"
        escalation "escalation"
        results "results"
        ignored "ignored"
        reach "reach"
        zombies "zombies"
    }

    /// The oracle that a section is about.
    fn about(heading: &str) -> Option<&str> {
        heading.strip_prefix('`')?.split('`').next()
    }

    #[test]
    fn no_command_is_left_out() {
        let mut oracle = None;
        for part in parts(&page(PAGE)) {
            match &part {
                Part::Heading(text) => oracle = about(text).map(str::to_owned),
                Part::File { .. } => {}
                Part::Call { line, .. } => assert!(
                    oracle
                        .as_deref()
                        .is_some_and(|name| FOLLOWED.contains(&name)),
                    "{PAGE}:{line}: no test follows this section"
                ),
            }
        }
    }
}

#[test]
fn fuzz() {
    follow("../fuzz.md");
}

/// A page for each language, from a program with a planted bug to a mended one.
mod start {
    use super::*;

    macro_rules! languages {
        ($($language:ident)*) => {
            $(#[test]
            fn $language() {
                follow(concat!("../start/", stringify!($language), ".md"));
            })*

            const FOLLOWED: &[&str] = &[$(stringify!($language)),*];
        };
    }

    languages! { c go node python rust shell }

    #[test]
    fn every_page_is_followed() {
        let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/start");
        for entry in fs::read_dir(pages).expect("pages") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy();
            assert!(
                FOLLOWED.contains(&&*name),
                "no test follows {}",
                path.display()
            );
        }
    }
}

#[test]
fn output_that_differs_is_seen() {
    let shown = "one\n...\n✗ three [..] end\n";
    assert!(matches(shown, "one\ntwo\n2\n✗ three 3 end\n"));
    assert!(matches(shown, "one\n✗ three  end\n"));
    assert!(!matches(shown, "one\n✗ three end\n"));
    assert!(!matches(shown, "one\n✗ three 3 end\nfour\n"));
    assert!(!matches(shown, "zero\none\n✗ three 3 end\n"));
    assert!(matches("", "") && !matches("", "something\n"));
}
