//! What is written down is true: flags that are named exist, the manual has every verb.

use crate::support::output::{check, sigproof_in, text};
use regex::Regex;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page of the documentation.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("core/README.md")];
    let mut directories = vec![root().join("docs")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("the documentation") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    assert!(pages.len() > 5, "{pages:?}");
    pages
}

/// The verbs that there are, as the command itself lists them.
fn verbs() -> BTreeSet<String> {
    let help = text(&sigproof_in(root(), &["--help"]));
    let (_, list) = help.split_once("Commands:").expect("a list of verbs");
    list.lines()
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn flags_that_are_named_exist() {
    let call = Regex::new(r"sigproof ([a-z]+)((?: [^ `|\n#][^`|\n#]*)?)").expect("a pattern");
    let flag = Regex::new(r"(?:^| )(--[a-z][a-z-]*)").expect("a pattern");
    let verbs = verbs();
    let mut named = 0;
    let mut files = pages();
    for template in fs::read_dir(root().join("ci/templates")).expect("templates") {
        files.push(template.expect("a file").path());
    }
    for file in files {
        let words = fs::read_to_string(&file)
            .expect("a page")
            .replace("\\\n", " ");
        for found in call.captures_iter(&words) {
            let verb = &found[1];
            if !verbs.contains(verb) {
                continue; // a sentence
            }
            let help = text(&sigproof_in(root(), &[verb, "--help"]));
            // What follows -- is the target's.
            let arguments = found[2].split(" -- ").next().unwrap_or_default();
            for flag in flag.captures_iter(arguments) {
                named += 1;
                assert!(
                    help.contains(&flag[1]),
                    "{}: {} has no {}",
                    file.display(),
                    &found[0],
                    &flag[1]
                );
            }
        }
    }
    assert!(named > 20, "only {named} flags were found");
}

#[test]
fn the_manual_has_every_verb_and_flag() {
    let here = tempfile::tempdir().expect("a directory");
    let output = sigproof_in(here.path(), &["man", "man1"]);
    check(&output, 0, &[], &["man"]);
    let flag = Regex::new(r"(?m)^ +(?:-[a-z], )?--([a-z-]+)").expect("a pattern");
    for verb in verbs() {
        if verb == "help" {
            continue;
        }
        let path = here.path().join(format!("man1/sigproof-{verb}.1"));
        let page = fs::read_to_string(&path).expect("a page for each verb");
        assert!(
            page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"),
            "{verb}"
        );
        let help = text(&sigproof_in(here.path(), &[&verb, "--help"]));
        for flag in flag.captures_iter(&help) {
            if &flag[1] != "help" {
                let written = flag[1].replace('-', "\\-");
                assert!(
                    page.contains(&written),
                    "{verb}: --{} is not in\n{page}",
                    &flag[1]
                );
            }
        }
    }
    let output = sigproof_in(here.path(), &["man", "/dev/null/x"]);
    check(&output, 3, &["/dev/null/x"], &["man"]);
}

#[test]
fn completions_know_the_verbs() {
    for shell in ["bash", "zsh", "fish"] {
        let output = sigproof_in(root(), &["completions", shell]);
        check(
            &output,
            0,
            &["sweep", "report", "html"],
            &["completions", shell],
        );
    }
}
