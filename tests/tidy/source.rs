//! The sources of the workspace, and what of a text is code.

use std::{fs, path::Path};

/// A source as the rules see it.
pub struct Source {
    /// Relative to the workspace, with `/`.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// Every source file of the workspace, in the order of their paths.
pub fn files() -> Vec<Source> {
    of_kinds(&["rs", "c", "h", "py", "sh"])
}

/// Every page of Markdown, in the order of their paths.
pub fn pages() -> Vec<Source> {
    of_kinds(&["md"])
}

/// Whether a path of the repository is one.
pub fn exists(path: &str) -> bool {
    root().join(path).exists()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn of_kinds(kinds: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    walk(root(), kinds, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn walk(directory: &Path, kinds: &[&str], found: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).expect("a directory can be read") {
        let path = entry.expect("a directory can be read to its end").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let extension = path.extension().unwrap_or_default();
        let is_wanted = kinds.iter().any(|kind| extension == *kind);
        if path.is_symlink() {
            continue; // what it leads to is looked at in its place
        }
        if path.is_dir() {
            // What is built, and what tools keep for themselves.
            if name != "target" && !name.starts_with('.') {
                walk(&path, kinds, found);
            }
        } else if is_wanted {
            let relative = path.strip_prefix(root()).expect("inside the workspace");
            let text = fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            found.push(Source {
                path: relative.to_string_lossy().replace('\\', "/"),
                text,
            });
        }
    }
}

/// The code of a Rust text: comments and the contents of string and character literals are blanked, line by line, so
/// that lines keep their numbers.
pub fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest, code.chars().next_back());
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            code.push(' ');
            code.extend(
                rest[..length]
                    .chars()
                    .filter(|&character| character == '\n'),
            );
            rest = &rest[length..];
        }
    }
    code
}

/// How many bytes at the start of `rest` are a comment or a literal.
fn skipped(rest: &str, before: Option<char>) -> usize {
    let in_word = before.is_some_and(|character| character.is_alphanumeric() || character == '_');
    if rest.starts_with("//") {
        rest.find('\n').unwrap_or(rest.len())
    } else if rest.starts_with("/*") {
        rest.find("*/").map_or(rest.len(), |at| at + 2)
    } else if rest.starts_with('"') {
        quoted(rest, '"')
    } else if !in_word && (rest.starts_with("r\"") || rest.starts_with("r#")) {
        raw_string(rest)
    } else if rest.starts_with('\'') && is_character(rest) {
        quoted(rest, '\'')
    } else {
        0
    }
}

/// The length of a literal between two `quote`s, the first of which `rest` starts with.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of `r"…"`, `r#"…"#` and so on; 0 for a raw identifier.
fn raw_string(rest: &str) -> usize {
    let hashes = rest[1..]
        .chars()
        .take_while(|&character| character == '#')
        .count();
    let opening = 1 + hashes;
    if !rest[opening..].starts_with('"') {
        return 0;
    }
    let closing = format!("\"{}", "#".repeat(hashes));
    rest[opening + 1..]
        .find(&closing)
        .map_or(rest.len(), |at| opening + 1 + at + closing.len())
}

/// Whether a quote starts a character and not a lifetime.
fn is_character(rest: &str) -> bool {
    let mut characters = rest.chars().skip(1);
    match (characters.next(), characters.next()) {
        (Some('\\'), _) => true,
        (Some(_), Some(after)) => after == '\'',
        _ => false,
    }
}

#[test]
fn comments_and_literals_are_no_code() {
    let text = "let a = \"unsafe \\\" // no\"; // unsafe\nlet b = r#\"dbg!\n\"#; let c = '\"'; fn d<'a>(e: &'a str) {} /* unsafe\n*/ f";
    let code = code(text);
    assert!(!code.contains("unsafe") && !code.contains("dbg"), "{code}");
    assert_eq!(code.lines().count(), text.lines().count(), "{code}");
    for kept in [
        "let a =",
        "let b =",
        "let c =",
        "fn d<'a>(e: &'a str) {}",
        "f",
    ] {
        assert!(code.contains(kept), "{kept} is missing from {code}");
    }
    assert!(super::source::code("r#type + br").contains("r#type + br"));
}
