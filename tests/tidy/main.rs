//! Rules of the house that no compiler checks, on every source of the workspace.
//!
//! The tables that the owners of a part may have to adjust come first; those of forbidden names are in `forbidden.rs`.
//! A rule is a function from a path and a text, or from all sources, to violations, so that each is also tested on a
//! planted violation. Comments and the contents of string literals are no code: a rule about code does not see them.

mod comments;
mod cycles;
mod forbidden;
mod layers;
mod links;
mod names;
mod paths;
mod questions;
mod rules;
mod sizes;
mod source;

use layers::Layers;
use rules::Violation;
use source::Source;

/// Modules of a crate from the lowest to the highest: a module imports from its own and from lower ones.
const LAYERS: &[Layers] = &[
    Layers {
        root: "core/src/",
        order: &[
            "sync",
            "machine",
            "sys",
            "stage_cell",
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
                "stage_cell",
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
            "script",
            "target",
            "tracer",
            "supervisor",
            "oracle",
            "failure",
            "execute",
            "explore",
            "session",
            "options",
            "scenario",
            "report",
            "testing",
            "cli",
        ],
        // In `symbols` only the tests do, which trace a process.
        reserved: &[(
            "sys",
            &["target", "tracer", "supervisor", "schedule", "symbols"],
        )],
        // A report knows cases, and nothing of how they came about.
        narrow: &[("report", &["facts", "session"])],
    },
];

/// The directories of the crates, each with its `lib.rs` or `main.rs`.
const CRATES: &[&str] = &[
    "benches/src/",
    "ci/src/",
    "core/src/",
    "core/tests/e2e/",
    "harness/src/",
    "harness/tests/e2e/",
    "tests/corpus/",
    "tests/dist/",
    "tests/e2e/",
    "tests/integrations/",
    "tests/released/",
    "tests/tidy/",
    "tests/under-test/src/",
];

/// Where `unsafe` may be: the wrappers of system calls, what runs inside a signal handler and what hands it its data,
/// ptrace, the tests of the handler, which fork, and the bare handler that it is measured beside.
const UNSAFE_ALLOWED: &[&str] = &[
    "ci/witness/", // a data race, on purpose
    "benches/src/suite/raw.rs",
    "core/src/sys/",
    "core/src/signal/handler", // one file for each platform
    "core/src/signal/install.rs",
    "core/src/stage_cell/", // one pointer to words that live on the heap, or on a page
    "core/tests/",
    "harness/src/sys/",
    "harness/src/tracer/",
];

/// Where it is known which processor this is: the seam has the same names for each.
const PROCESSORS: &str = "harness/src/sys/arch/";

/// A file longer than this is likely to hold two things.
const LINES_MAX: usize = 500;

/// Longer files, each with the reason why it holds one thing all the same.
const LONG_FILES: &[(&str, &str)] = &[];

/// As many files a reader looks over at once.
const FILES_MAX: usize = 12;

/// A type whose inherent `impl` blocks stand in more files than this is several.
const IMPL_FILES_MAX: usize = 3;

/// How many characters a line with a comment has at most.
const COMMENT_WIDTH: usize = 120;

/// Where waiting is for a fact, never for a time. (Fixtures pass time on purpose: that is their work.)
const NO_SLEEP: &[&str] = &["core/", "harness/", "tests/", "benches/", "ci/"];

#[track_caller]
fn check_all(rule: impl Fn(&[Source]) -> Vec<(String, Violation)>) {
    let sources = source::files();
    assert!(
        sources.len() > 20,
        "only {} sources were found: the search is wrong",
        sources.len()
    );
    judge(&rule(&sources));
}

#[track_caller]
fn judge(found: &[(String, Violation)]) {
    let lines: Vec<String> = found
        .iter()
        .map(|(path, violation)| violation.at(path))
        .collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

#[track_caller]
fn check(rule: impl Fn(&str, &str) -> Vec<Violation>) {
    check_all(|sources| {
        let each = sources.iter().flat_map(|file| {
            let found = rule(&file.path, &file.text);
            found
                .into_iter()
                .map(|violation| (file.path.clone(), violation))
        });
        each.collect()
    });
}

#[test]
fn imports_point_down() {
    check(|path, text| layers::layers(LAYERS, path, text));
}

#[test]
fn no_two_files_need_each_other() {
    check_all(|sources| cycles::cycles(CRATES, sources));
}

#[test]
fn every_crate_is_looked_at() {
    let sources = source::files();
    let roots = sources.iter().filter_map(|file| {
        let (folder, name) = file.path.rsplit_once('/')?;
        (name == "lib.rs" || name == "main.rs").then(|| format!("{folder}/"))
    });
    let missing: Vec<String> = roots
        .filter(|root| !root.starts_with("ci/witness/") && !CRATES.contains(&root.as_str()))
        .collect();
    assert!(missing.is_empty(), "not in CRATES: {missing:?}");
}

#[test]
fn files_are_short() {
    check_all(|sources| {
        let each = sources.iter().flat_map(|file| {
            let found = sizes::length(LINES_MAX, LONG_FILES, &file.path, &file.text);
            found
                .into_iter()
                .map(|violation| (file.path.clone(), violation))
        });
        each.chain(sizes::excuses_for_nothing(LONG_FILES, sources))
            .collect()
    });
}

#[test]
fn folders_are_small() {
    check_all(|sources| sizes::folders(FILES_MAX, sources));
}

#[test]
fn types_are_in_one_piece() {
    check_all(|sources| sizes::scattered(IMPL_FILES_MAX, CRATES, sources));
}

#[test]
fn comments_have_one_width() {
    check(|path, text| comments::comment_width(COMMENT_WIDTH, path, text));
}

#[test]
fn names_are_the_fields() {
    check(|path, text| names::names(forbidden::FORBIDDEN, path, text));
}

#[test]
fn no_module_is_included_by_its_path() {
    check(rules::included_by_path);
}

#[test]
fn unsafe_code_is_where_it_is_expected() {
    check(|path, text| rules::unsafe_code(UNSAFE_ALLOWED, path, text));
}

#[test]
fn the_processor_is_known_in_one_place() {
    check(|path, text| rules::processors(PROCESSORS, path, text));
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
fn links_lead_somewhere() {
    let pages = source::pages();
    assert!(pages.len() > 5, "only {} pages were found", pages.len());
    judge(&links::links(&pages, source::exists));
}

#[test]
fn where_to_change_something_can_be_guessed() {
    let pages = source::pages();
    let page = pages.iter().find(|page| page.path == questions::PAGE);
    let found = questions::questions(&page.expect("the page").text, source::exists);
    let found = found
        .into_iter()
        .map(|violation| (questions::PAGE.to_owned(), violation));
    judge(&found.collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_to_do() {
    check(rules::unfinished);
}
