//! One thing a file, and its neighbours few enough to be looked over.

use crate::rules::Violation;
use crate::source::{Source, code};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

/// No Rust file is longer than `lines_max`, unless it is excused; no excuse outlives its reason.
pub fn length(
    lines_max: usize,
    excused: &[(&str, &str)],
    path: &str,
    text: &str,
) -> Vec<Violation> {
    let lines = text.lines().count();
    let excuse = excused.iter().find(|(known, _)| *known == path);
    let message = match excuse {
        _ if !path.ends_with(".rs") => return Vec::new(),
        None if lines > lines_max => {
            format!("{lines} lines, more than {lines_max}: it holds two things, find the seam")
        }
        Some((_, "")) => "it is excused without a reason".to_owned(),
        Some(_) if lines <= lines_max => format!("{lines} lines: it needs no excuse any more"),
        _ => return Vec::new(),
    };
    vec![Violation {
        line: lines,
        message,
    }]
}

/// Excuses for files that are not there.
pub fn excuses_for_nothing(
    excused: &[(&str, &str)],
    sources: &[Source],
) -> Vec<(String, Violation)> {
    let is_there = |path: &str| sources.iter().any(|file| file.path == path);
    excused
        .iter()
        .filter(|(path, _)| !is_there(path))
        .map(|(path, _)| {
            let message = "it is excused, and not there".to_owned();
            ((*path).to_owned(), Violation { line: 1, message })
        })
        .collect()
}

/// A folder without sub-folders has at most `files_max` Rust files. The programs of `fixtures/` are a list.
pub fn folders(files_max: usize, sources: &[Source]) -> Vec<(String, Violation)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut parents = BTreeSet::new();
    let is_counted = |path: &str| path.ends_with(".rs") && !path.starts_with("fixtures/");
    for file in sources.iter().filter(|file| is_counted(&file.path)) {
        let (folder, _) = file.path.rsplit_once('/').unwrap_or_default();
        *counts.entry(folder).or_default() += 1;
        parents.extend(folder.match_indices('/').map(|(at, _)| &folder[..at]));
    }
    counts
        .into_iter()
        .filter(|(folder, files)| *files > files_max && !parents.contains(folder))
        .map(|(folder, files)| {
            let message = format!(
                "{files} files and no sub-folder, more than {files_max}: put together what belongs together"
            );
            (format!("{folder}/"), Violation { line: 1, message })
        })
        .collect()
}

/// A type and where it is defined.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Type {
    name: String,
    path: String,
}

/// No type has inherent `impl` blocks in more than `files_max` files; `roots` are the directories of crates.
pub fn scattered(files_max: usize, roots: &[&str], sources: &[Source]) -> Vec<(String, Violation)> {
    let mut found = Vec::new();
    for root in roots {
        for (of, files) in impl_files(root, sources) {
            if files.len() > files_max {
                let message = format!(
                    "impl blocks of {} stand in {} files, more than {files_max}: take it apart ({})",
                    of.name,
                    files.len(),
                    files.into_iter().collect::<Vec<_>>().join(", ")
                );
                found.push((of.path, Violation { line: 1, message }));
            }
        }
    }
    found
}

/// The files with inherent `impl` blocks of each type.
fn impl_files(root: &str, sources: &[Source]) -> BTreeMap<Type, BTreeSet<String>> {
    let is_ours = |file: &&Source| file.path.starts_with(root) && file.path.ends_with(".rs");
    let files: Vec<(&str, String)> = sources
        .iter()
        .filter(is_ours)
        .map(|file| (file.path.as_str(), code(&file.text)))
        .collect();
    let definition = r"(?-u:\b(?:struct|enum|union) (\w+))";
    let definition = Regex::new(definition).expect("a pattern");
    let mut defined: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (path, code) in &files {
        for name in definition.captures_iter(code) {
            defined.entry(name[1].to_owned()).or_default().push(path);
        }
    }
    let mut found: BTreeMap<Type, BTreeSet<String>> = BTreeMap::new();
    for (path, code) in &files {
        for name in inherent(code) {
            let places = defined.get(&name).into_iter().flatten();
            // Types of one name: the one that is defined nearest is meant.
            let Some(place) = places.max_by_key(|place| common(place, path)) else {
                continue; // another crate's, or a macro's
            };
            let of = Type {
                name,
                path: (*place).to_owned(),
            };
            found.entry(of).or_default().insert((*path).to_owned());
        }
    }
    found
}

/// How long the common beginning of two paths is; the whole is longer than any part.
fn common(one: &str, other: &str) -> usize {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b);
    same.count() + usize::from(one == other)
}

/// The types of the inherent `impl` blocks of a code.
fn inherent(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("impl") {
        let (before, rest) = (&code[..at], &code[at + "impl".len()..]);
        let line = before.rsplit('\n').next().unwrap_or_default().trim();
        // Elsewhere in a line it is `impl Trait`, for a type.
        if !(line.is_empty() || line == "unsafe") || !rest.starts_with(['<', ' ']) {
            continue;
        }
        let head = rest.split(['{', ';']).next().unwrap_or_default();
        let head = without_generics(head);
        let mut words = head.split_whitespace().take_while(|word| *word != "where");
        if let (Some(path), None) = (words.next(), words.next()) {
            found.extend(path.rsplit("::").next().map(str::to_owned));
        }
    }
    found
}

/// What remains without the text between `<` and `>`. An arrow is no bracket.
fn without_generics(head: &str) -> String {
    let mut depth = 0_usize;
    let mut rest = String::new();
    let mut before = ' ';
    for character in head.chars() {
        match character {
            '<' => depth += 1,
            '>' if before != '-' => depth = depth.saturating_sub(1),
            _ if depth == 0 => rest.push(character),
            _ => {}
        }
        before = character;
    }
    rest
}

#[cfg(test)]
mod planted {
    use super::*;
    use crate::rules::lines;

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_long_file_is_found_unless_it_is_excused_and_an_excuse_must_be_needed() {
        let excused: &[(&str, &str)] = &[("excused.rs", "a table"), ("mute.rs", "")];
        assert_eq!(lines(&length(2, excused, "long.rs", "1\n2\n3\n")), [3]);
        assert_eq!(length(2, excused, "short.rs", "1\n2\n"), []);
        assert_eq!(length(2, excused, "excused.rs", "1\n2\n3\n"), []);
        assert_eq!(lines(&length(2, excused, "excused.rs", "1\n")), [1]);
        assert_eq!(lines(&length(2, excused, "mute.rs", "1\n2\n3\n")), [3]);
        assert_eq!(length(2, excused, "long.py", "1\n2\n3\n"), []);
        let sources = [source("excused.rs", "")];
        let found = excuses_for_nothing(excused, &sources);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "mute.rs");
    }

    #[test]
    fn a_folder_of_too_many_files_is_found_unless_it_is_divided() {
        let mut sources = vec![
            source("house/src/a.rs", ""),
            source("house/src/b.rs", ""),
            source("house/src/c.rs", ""),
            source("house/src/d.py", ""),
        ];
        let found = folders(2, &sources);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "house/src/");
        assert_eq!(folders(3, &sources), []);
        sources.push(source("house/src/room/e.rs", ""));
        assert_eq!(folders(2, &sources), []);
    }

    #[test]
    fn a_type_in_too_many_files_is_found() {
        let sources = [
            source(
                "house/src/a.rs",
                "pub struct Door<T>(T);\nimpl<T: Fn() -> u8> Door<T> {}\n",
            ),
            source("house/src/b.rs", "impl super::a::Door<u8> {}\n"),
            source(
                "house/src/c.rs",
                "unsafe impl Door<u8>\nwhere\n    u8: Copy,\n{}\n",
            ),
            source(
                "house/src/d.rs",
                "impl Clone for Door<u8> {}\n// impl Door {}\n",
            ),
            source("other/src/e.rs", "struct Door;\nimpl Door {}\n"),
        ];
        let roots = ["house/src/", "other/src/"];
        let found = scattered(2, &roots, &sources);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, "house/src/a.rs");
        let message = &found[0].1.message;
        assert!(message.contains("Door stand in 3 files"), "{message}");
        assert_eq!(scattered(3, &roots, &sources), []);
    }

    #[test]
    fn types_of_one_name_are_told_apart() {
        let sources = [
            source("house/src/unix/a.rs", "struct Door;\nimpl Door {}\n"),
            source("house/src/unix/b.rs", "impl Door {}\n"),
            source("house/src/windows/a.rs", "struct Door;\nimpl Door {}\n"),
            source("house/src/windows/b.rs", "impl Door {}\n"),
        ];
        assert_eq!(scattered(2, &["house/src/"], &sources), []);
        assert_eq!(scattered(1, &["house/src/"], &sources).len(), 2);
    }
}
