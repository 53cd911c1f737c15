//! The rules: a path and a text in, violations out.

use crate::source::code;

/// One place where a rule is broken.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation {
    /// From 1.
    pub line: usize,
    /// What is wrong, and what to do about it.
    pub message: String,
}

impl Violation {
    /// `path:line: message`, as compilers say it.
    pub fn at(&self, path: &str) -> String {
        format!("{path}:{}: {}", self.line, self.message)
    }
}

/// The modules of one crate.
pub struct Layers {
    /// Where they are, with a slash at the end.
    pub root: &'static str,
    /// From the lowest to the highest.
    pub order: &'static [&'static str],
    /// Modules that only these others may import, whatever the order says.
    pub reserved: &'static [(&'static str, &'static [&'static str])],
    /// Modules that import only these others, of all that are below them.
    pub narrow: &'static [(&'static str, &'static [&'static str])],
}

impl Layers {
    fn objection(&self, from: &str, to: &str) -> Option<String> {
        let rank = |module| self.order.iter().position(|&layer| layer == module);
        if from == to {
            return None;
        }
        if let Some((_, users)) = self.reserved.iter().find(|(module, _)| *module == to) {
            return (!users.contains(&from))
                .then(|| format!("only {} may import {to}", users.join(", ")));
        }
        if let Some((_, imported)) = self.narrow.iter().find(|(module, _)| *module == from)
            && !imported.contains(&to)
        {
            return Some(format!("{from} imports only {}", imported.join(", ")));
        }
        match (rank(from), rank(to)) {
            (None, _) => Some(format!(
                "{from} has no place in the order of layers: give it one in tests/tidy/main.rs"
            )),
            (_, None) => Some(format!(
                "{to} is no layer: import from the module that defines it"
            )),
            (Some(ours), Some(theirs)) if theirs > ours => {
                Some(format!("{from} imports {to}, a higher layer"))
            }
            _ => None,
        }
    }
}

/// `use crate::X` inside the module Y only if X is not above Y.
pub fn layers(all: &[Layers], path: &str, text: &str) -> Vec<Violation> {
    let Some((layers, inside)) = all
        .iter()
        .find_map(|layers| Some((layers, path.strip_prefix(layers.root)?)))
    else {
        return Vec::new();
    };
    let module = inside
        .split('/')
        .next()
        .unwrap_or_default()
        .trim_end_matches(".rs");
    if matches!(module, "lib" | "main") {
        return Vec::new(); // a crate's root puts its layers together
    }
    let mut found = Vec::new();
    let code = code(text);
    for (at, _) in code.match_indices("crate::") {
        let line = code[..at].lines().count().max(1);
        for name in imported(&code[at + "crate::".len()..]) {
            found.extend(
                layers
                    .objection(module, name)
                    .map(|message| Violation { line, message }),
            );
        }
    }
    found
}

/// The first names of a path: one, or those of a group in braces.
fn imported(path: &str) -> Vec<&str> {
    let word = |text| {
        let text: &str = text;
        text.split(|character: char| !character.is_alphanumeric() && character != '_')
            .next()
            .unwrap_or_default()
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![word(path)];
    };
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut expecting = true;
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expecting = true,
            _ if expecting && !character.is_whitespace() => {
                names.push(word(&group[at..]));
                expecting = false;
            }
            _ => {}
        }
    }
    names
}

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

/// `unsafe` only below the `allowed` paths.
pub fn unsafe_code(allowed: &[&str], path: &str, text: &str) -> Vec<Violation> {
    if !path.ends_with(".rs") || allowed.iter().any(|prefix| path.starts_with(prefix)) {
        return Vec::new();
    }
    lines_with(
        text,
        |line| words(line).any(|word| word == "unsafe"),
        "unsafe code: it belongs in a sys module",
    )
}

/// No `thread::sleep` below the paths `covered`.
pub fn sleeping(covered: &[&str], path: &str, text: &str) -> Vec<Violation> {
    if !path.ends_with(".rs") || !covered.iter().any(|prefix| path.starts_with(prefix)) {
        return Vec::new();
    }
    lines_with(
        text,
        |line| line.contains("thread::sleep"),
        "a sleep: wait for a fact, with a deadline",
    )
}

/// No test that never runs.
pub fn parked(path: &str, text: &str) -> Vec<Violation> {
    if !path.ends_with(".rs") {
        return Vec::new();
    }
    lines_with(
        text,
        |line| line.contains("#[ignore"),
        "a parked test: mend it or remove it",
    )
}

/// A fixture starts with a comment.
pub fn first_line(path: &str, text: &str) -> Vec<Violation> {
    let start = match path.rsplit('.').next() {
        _ if !path.starts_with("fixtures/") => return Vec::new(),
        Some("rs") => "//",
        Some("c" | "h") => "/*",
        _ => "# ",
    };
    if text.starts_with(start) {
        return Vec::new();
    }
    vec![Violation {
        line: 1,
        message: format!(
            "a fixture's first line, after {start}, says what is right or wrong with it"
        ),
    }]
}

/// No code that says that it is not finished.
pub fn unfinished(path: &str, text: &str) -> Vec<Violation> {
    if !path.ends_with(".rs") {
        return Vec::new();
    }
    let marks = ["todo!", "unimplemented!", "dbg!"];
    lines_with(
        text,
        |line| marks.iter().any(|mark| line.contains(mark)),
        "a mark of unfinished work",
    )
}

fn lines_with(text: &str, is_wrong: impl Fn(&str) -> bool, message: &str) -> Vec<Violation> {
    let numbered = (1..).zip(code(text).lines().map(str::to_owned).collect::<Vec<_>>());
    numbered
        .filter(|(_, line)| is_wrong(line))
        .map(|(line, _)| Violation {
            line,
            message: message.to_owned(),
        })
        .collect()
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character: char| !character.is_alphanumeric() && character != '_')
}

#[cfg(test)]
mod planted {
    use super::*;

    const LAYERS: &[Layers] = &[Layers {
        root: "house/src/",
        order: &["cellar", "sys", "floor", "attic"],
        reserved: &[("sys", &["floor"])],
        narrow: &[("attic", &["floor"])],
    }];

    fn lines(found: &[Violation]) -> Vec<usize> {
        found.iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn an_import_upwards_is_found() {
        let text = "use crate::cellar::Coal;\nuse crate::attic::Trunk;\n// crate::attic\n";
        let found = layers(LAYERS, "house/src/floor/room.rs", text);
        assert_eq!(lines(&found), [2]);
        assert_eq!(
            found[0].at("a.rs"),
            "a.rs:2: floor imports attic, a higher layer"
        );
    }

    #[test]
    fn every_name_of_a_group_is_looked_at() {
        let text = "use crate::{\n    cellar::{Coal, attic},\n    floor, attic::Trunk,\n};\n";
        let found = layers(LAYERS, "house/src/floor.rs", text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains("imports attic"), "{found:?}");
    }

    #[test]
    fn a_reserved_module_is_kept_from_higher_layers_too() {
        let text = "use crate::sys::call;\n";
        assert_eq!(layers(LAYERS, "house/src/floor/room.rs", text), []);
        assert_eq!(lines(&layers(LAYERS, "house/src/attic/mod.rs", text)), [1]);
        assert_eq!(lines(&layers(LAYERS, "house/src/cellar/mod.rs", text)), [1]);
    }

    #[test]
    fn a_narrow_module_imports_what_it_may_and_nothing_else() {
        let text = "use crate::floor::Chair;\nuse crate::cellar::Coal;\n";
        assert_eq!(lines(&layers(LAYERS, "house/src/attic/mod.rs", text)), [2]);
        assert_eq!(layers(LAYERS, "house/src/floor.rs", text), []);
    }

    #[test]
    fn a_module_without_a_layer_is_found_on_both_sides() {
        assert_eq!(
            lines(&layers(LAYERS, "house/src/shed.rs", "\nuse crate::cellar;")),
            [2]
        );
        assert_eq!(
            lines(&layers(LAYERS, "house/src/floor.rs", "use crate::Coal;")),
            [1]
        );
        assert_eq!(
            layers(LAYERS, "house/src/lib.rs", "pub use crate::attic::Trunk;"),
            []
        );
        assert_eq!(
            layers(LAYERS, "elsewhere/src/floor.rs", "use crate::attic;"),
            []
        );
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
    }

    #[test]
    fn unsafe_code_is_found_outside_its_place() {
        let text = "#![deny(unsafe_op_in_unsafe_fn)]\n// unsafe\nlet text = \"unsafe\";\nunsafe { call() }\n";
        assert_eq!(
            lines(&unsafe_code(
                &["house/src/sys/"],
                "house/src/floor.rs",
                text
            )),
            [4]
        );
        assert_eq!(
            unsafe_code(&["house/src/sys/"], "house/src/sys/call.rs", text),
            []
        );
    }

    #[test]
    fn a_sleep_is_found() {
        let text = "fn wait() {\n    std::thread::sleep(LONG);\n}\n";
        assert_eq!(lines(&sleeping(&["tests/"], "tests/run.rs", text)), [2]);
        assert_eq!(sleeping(&["tests/"], "fixtures/rust/work.rs", text), []);
    }

    #[test]
    fn a_parked_test_is_found() {
        assert_eq!(
            lines(&parked(
                "tests/run.rs",
                "#[test]\n#[ignore = \"later\"]\nfn run() {}\n"
            )),
            [2]
        );
    }

    #[test]
    fn a_fixture_without_a_first_comment_is_found() {
        assert_eq!(
            lines(&first_line(
                "fixtures/python/a.py",
                "import os\n# Wrong: late\n"
            )),
            [1]
        );
        assert_eq!(
            lines(&first_line("fixtures/c/a.c", "#include <x.h>\n")),
            [1]
        );
        assert_eq!(
            lines(&first_line("fixtures/shell/a.sh", "#!/bin/sh\n")),
            [1]
        );
        assert_eq!(first_line("fixtures/rust/a.rs", "//! Right.\n"), []);
        assert_eq!(first_line("tests/a.rs", "use std;\n"), []);
    }

    #[test]
    fn unfinished_work_is_found() {
        let text = "fn one() { todo!() }\n// todo!\nfn two() { unimplemented!(\"it\") }\nlet three = dbg!(3);\n";
        assert_eq!(lines(&unfinished("core/src/a.rs", text)), [1, 3, 4]);
    }
}
