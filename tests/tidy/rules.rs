//! Rules for one text at a time: a path and a text in, violations out.

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

/// No file is included by its path: what two programs share is a module of both, or a package. A fixture is one file.
pub fn included_by_path(path: &str, text: &str) -> Vec<Violation> {
    if !path.ends_with(".rs") || path.starts_with("fixtures/") {
        return Vec::new();
    }
    lines_with(
        text,
        |line| line.contains("#[path"),
        "a module by its path: give it a place among the modules",
    )
}

/// The processor is known in one place, which has the same names for each of them.
pub fn processors(allowed: &str, path: &str, text: &str) -> Vec<Violation> {
    if !path.ends_with(".rs") || path.starts_with(allowed) {
        return Vec::new();
    }
    lines_with(
        text,
        |line| words(line).any(|word| word == "target_arch"),
        "code for one processor: it belongs in the seam",
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

/// The lines of violations, for tests.
#[cfg(test)]
pub fn lines(found: &[Violation]) -> Vec<usize> {
    found.iter().map(|violation| violation.line).collect()
}

#[cfg(test)]
mod planted {
    use super::*;

    #[test]
    fn a_module_by_its_path_is_found() {
        let text = "#[path = \"../shared.rs\"]\nmod shared;\n// #[path]\n";
        assert_eq!(lines(&included_by_path("tests/run.rs", text)), [1]);
        assert_eq!(included_by_path("fixtures/rust/a.rs", text), []);
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
    fn code_for_one_processor_is_found_outside_the_seam() {
        let text = "// target_arch\n#[cfg(target_arch = \"x86_64\")]\nfn stop() -> bool { cfg!(not(target_arch = \"aarch64\")) }\n";
        let seam = "house/src/sys/arch/";
        assert_eq!(lines(&processors(seam, "house/src/floor.rs", text)), [2, 3]);
        assert_eq!(processors(seam, "house/src/sys/arch/mod.rs", text), []);
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
