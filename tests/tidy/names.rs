//! Words that nothing is called by any more: each was private, or meant several things.

use crate::rules::Violation;
use crate::source::code;
use regex::Regex;
use std::sync::LazyLock;

/// Words that do not come back, and what to say for them.
pub struct Forbidden {
    /// Where: the beginnings of paths.
    pub below: &'static str,
    /// Files of this name, without `.rs`, and folders of this name with `/`; with `/` in front of it only the folder
    /// directly below, where a word is right for a part of something else.
    pub files: &'static [(&'static str, &'static str)],
    /// Types of this name.
    pub types: &'static [(&'static str, &'static str)],
}

/// No file, folder or type has a forbidden name.
pub fn names(all: &[Forbidden], path: &str, text: &str) -> Vec<Violation> {
    let mut found = Vec::new();
    for table in all.iter().filter(|table| path.starts_with(table.below)) {
        found.extend(file_name(table, path));
        found.extend(type_names(table, path, text));
    }
    found
}

fn message(word: &str, better: &str) -> String {
    format!("`{word}` is no name any more: say {better}")
}

fn file_name(table: &Forbidden, path: &str) -> Option<Violation> {
    let inside = &path[table.below.len()..];
    let stem = inside.rsplit('/').next()?.strip_suffix(".rs")?;
    let is_it = |word: &str| match word.strip_suffix('/') {
        // Once for a folder, not for each of its files.
        Some(folder) => {
            let directly = folder.strip_prefix('/').unwrap_or(folder);
            inside == format!("{directly}/mod.rs") || inside.ends_with(&format!("/{folder}/mod.rs"))
        }
        None => stem == word,
    };
    let (word, better) = table.files.iter().find(|(word, _)| is_it(word))?;
    Some(Violation {
        line: 1,
        message: message(word, better),
    })
}

fn type_names(table: &Forbidden, path: &str, text: &str) -> Vec<Violation> {
    if !path.ends_with(".rs") {
        return Vec::new();
    }
    static DEFINITION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u:\b)(?:struct|enum|union|trait|type) ((?-u:\w+))").expect("a pattern")
    });
    let mut found = Vec::new();
    for (line, text) in (1..).zip(code(text).lines()) {
        for name in DEFINITION.captures_iter(text) {
            let better = table.types.iter().find(|(word, _)| *word == &name[1]);
            found.extend(better.map(|(word, better)| Violation {
                line,
                message: message(word, better),
            }));
        }
    }
    found
}

#[cfg(test)]
mod planted {
    use super::*;
    use crate::rules::lines;

    const TABLES: &[Forbidden] = &[Forbidden {
        below: "house/src/",
        files: &[("nook", "alcove"), ("den/", "study/"), ("/loft/", "attic/")],
        types: &[("Thing", "Door")],
    }];

    #[test]
    fn a_file_and_a_folder_of_a_forbidden_name_are_found() {
        for path in [
            "house/src/nook.rs",
            "house/src/room/nook.rs",
            "house/src/den/mod.rs",
            "house/src/room/den/mod.rs",
            "house/src/loft/mod.rs",
        ] {
            assert_eq!(lines(&names(TABLES, path, "")), [1], "{path}");
        }
        let found = names(TABLES, "house/src/nook.rs", "");
        assert_eq!(found[0].message, "`nook` is no name any more: say alcove");
        let fine = [
            "house/src/nooks.rs",
            "house/src/den.rs",
            "house/src/den/chair.rs",
            "house/src/garden/mod.rs",
            "house/src/barn/loft/mod.rs",
            "elsewhere/nook.rs",
        ];
        for path in fine {
            assert_eq!(names(TABLES, path, ""), [], "{path}");
        }
    }

    #[test]
    fn a_type_of_a_forbidden_name_is_found() {
        let text = "// struct Thing\nstruct Things;\npub(crate) enum Thing<T> {}\nlet a: Thing;\ntrait Thing {}\ntype Thing = u8;\n";
        let found = names(TABLES, "house/src/room.rs", text);
        assert_eq!(lines(&found), [3, 5, 6]);
        assert_eq!(names(TABLES, "elsewhere/room.rs", text), []);
    }
}
