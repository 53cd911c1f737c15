//! Comments have one width.

use crate::rules::Violation;
use crate::source::code;

/// No comment reaches beyond `width` characters. Tables and examples in documentation have lines of their own length.
pub fn comment_width(width: usize, path: &str, text: &str) -> Vec<Violation> {
    let is_rust = path.ends_with(".rs");
    let code = if is_rust { code(text) } else { String::new() };
    let mut is_example = false;
    let mut found = Vec::new();
    for ((line, written), code) in (1..)
        .zip(text.lines())
        .zip(code.lines().chain(std::iter::repeat("")))
    {
        let words = said(written, is_rust);
        is_example ^= words.is_some_and(|words| words.starts_with("```"));
        let is_comment = match words {
            Some(words) => !(is_example || words.starts_with('|')),
            // After code a comment is one blank in what is only code; so is a literal that goes on in the next line.
            None => is_rust && code.ends_with(' ') && written.contains("//"),
        };
        let length = written.chars().count();
        if is_comment && length > width {
            let message = format!("a comment of {length} characters, more than {width}");
            found.push(Violation { line, message });
        }
    }
    found
}

/// What a line says that is all comment. In Rust only slashes begin one: a line with another mark is of a literal.
fn said(line: &str, is_rust: bool) -> Option<&str> {
    let line = line.trim_start();
    let marks: &[&str] = match is_rust {
        true => &["///", "//!", "//", "/*"],
        false => &["///", "//!", "//", "/*", "* ", "# "],
    };
    let mark = marks.iter().find(|mark| line.starts_with(**mark))?;
    Some(line[mark.len()..].trim_start())
}

#[cfg(test)]
mod planted {
    use super::*;
    use crate::rules::lines;

    #[test]
    fn a_wide_comment_is_found_in_every_language() {
        let texts = [
            ("a.rs", "//! 45678901\nfn f() {}\n"),
            ("a.rs", "/// 45678901\n"),
            ("a.rs", "f(); // 8901\n"),
            ("a.c", "/* 4567890 */\n"),
            ("a.py", "# 345678901\n"),
        ];
        for (path, text) in texts {
            assert_eq!(lines(&comment_width(10, path, text)), [1], "{text}");
            assert_eq!(comment_width(20, path, text), [], "{text}");
        }
    }

    #[test]
    fn code_tables_and_examples_are_no_comments() {
        let texts = [
            "let url = \"https://example.org\";\n",
            "#[arg(long = \"something\")]\n",
            "/// | a | table | as it is |\n",
            "const HEAD: &str = \"\\\n# 345678901\n\";\n",
            "/// ```\n/// f(0123456789);\n/// ```\n",
        ];
        for text in texts {
            assert_eq!(comment_width(10, "a.rs", text), [], "{text}");
        }
        let after = "/// ```\n/// ```\n/// 345678901\n";
        assert_eq!(lines(&comment_width(10, "a.rs", after)), [3]);
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert_eq!(comment_width(9, "a.rs", "// „ä ö ü\n"), []);
    }
}
