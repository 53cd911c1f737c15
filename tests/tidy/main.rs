//! Rules of the house that no compiler checks, on every source of the workspace.
//!
//! The tables that the owners of a part may have to adjust come first. A rule is a function from a path and a text to
//! violations (`tidy/rules.rs`), so that each is also tested on a planted violation. Comments and the contents of
//! string literals are no code: a rule about code does not see them.

mod rules;
mod source;

use rules::{Layers, Violation};

/// Modules of a crate from the lowest to the highest: a module imports from its own and from lower ones.
const LAYERS: &[Layers] = &[
    Layers {
        root: "core/src/",
        order: &[
            "sync",
            "machine",
            "sys",
            "signal",
            "token",
            "feedback",
            "pool",
            "controller",
            "failpoint",
        ],
        reserved: &[(
            "sys",
            &[
                "machine",
                "signal",
                "token",
                "feedback",
                "pool",
                "failpoint",
            ],
        )],
        narrow: &[],
    },
    Layers {
        root: "harness/src/",
        order: &[
            "error",
            "facts",
            "sys",
            "schedule",
            "symbols",
            "target",
            "tracer",
            "supervisor",
            "oracle",
            "failure",
            "execute",
            "explore",
            "session",
            "scenario",
            "report",
            "testing",
            "cli",
        ],
        reserved: &[("sys", &["target", "tracer", "supervisor", "schedule"])],
        // A report knows cases, and nothing of how they came about.
        narrow: &[("report", &["facts", "session"])],
    },
];

/// Where `unsafe` may be: the wrappers of system calls, what runs inside a signal handler and what hands it its data,
/// ptrace, the tests of the handler, which fork, and the bare handler that it is measured beside.
const UNSAFE_ALLOWED: &[&str] = &[
    "ci/witness/", // a data race, on purpose
    "benches/src/suite/raw.rs",
    "core/src/sys/",
    "core/src/signal/handler", // one file for each platform
    "core/src/signal/install.rs",
    "core/tests/",
    "harness/src/sys/",
    "harness/src/tracer/",
];

/// A file longer than this holds two things.
const LINES_MAX: usize = 400;

/// Longer files, each with the reason why it holds one thing all the same.
const LONG_FILES: &[(&str, &str)] = &[(
    "core/src/machine/step_tests.rs",
    "one table: every pair of state and event",
)];

/// Where waiting is for a fact, never for a time. (Fixtures pass time on purpose: that is their work.)
const NO_SLEEP: &[&str] = &["core/", "harness/", "tests/", "benches/", "ci/"];

fn check(rule: impl Fn(&str, &str) -> Vec<Violation>) {
    let mut files = 0;
    let mut found = Vec::new();
    for file in source::files() {
        files += 1;
        found.extend(
            rule(&file.path, &file.text)
                .into_iter()
                .map(|violation| violation.at(&file.path)),
        );
    }
    assert!(
        files > 20,
        "only {files} sources were found: the search is wrong"
    );
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn imports_point_down() {
    check(|path, text| rules::layers(LAYERS, path, text));
}

#[test]
fn files_are_short() {
    check(|path, text| rules::length(LINES_MAX, LONG_FILES, path, text));
}

#[test]
fn unsafe_code_is_where_it_is_expected() {
    check(|path, text| rules::unsafe_code(UNSAFE_ALLOWED, path, text));
}

#[test]
fn nobody_sleeps() {
    check(|path, text| rules::sleeping(NO_SLEEP, path, text));
}

#[test]
fn no_test_is_parked() {
    check(rules::parked);
}

#[test]
fn a_fixture_says_first_what_it_is() {
    check(rules::first_line);
}

#[test]
fn nothing_is_left_to_do() {
    check(rules::unfinished);
}
