//! Paths in Rust code that begin with `crate` or `super`, and what they mean.

/// A path as it is written, `use` groups spread out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// From 1.
    pub line: usize,
    /// `crate` or `super` first; `*` last where everything is imported.
    pub segments: Vec<String>,
    /// What the last segment is called here, if it is a `use` with `as`.
    pub alias: Option<String>,
    /// The modules inside the file that it is written in, from the outermost one.
    pub inside: Vec<String>,
    /// Whether one of them is for tests only.
    pub in_tests: bool,
}

impl Written {
    /// The path from the crate's root, written in a file that is this module; `None` if it leads out of the crate.
    pub fn absolute(&self, module: &[String]) -> Option<Vec<String>> {
        let names = self.segments.iter();
        if self.segments[0] == "crate" {
            return Some(names.skip(1).cloned().collect());
        }
        let mut base: Vec<String> = module.iter().chain(&self.inside).cloned().collect();
        let ups = names.clone().take_while(|name| *name == "super").count();
        base.truncate(base.len().checked_sub(ups)?);
        base.extend(names.skip(ups).cloned());
        Some(base)
    }
}

/// The module that a file is, by names from the crate's root; `inside` is its path below the root's directory.
pub fn module_of(inside: &str) -> Vec<String> {
    let stem = inside.strip_suffix(".rs").unwrap_or(inside);
    let mut names: Vec<String> = stem.split('/').map(str::to_owned).collect();
    let is_folders_own = ["mod", "lib", "main"].contains(&names[names.len() - 1].as_str());
    if is_folders_own {
        names.pop();
    }
    names
}

/// A word, `::` or another character, and its line.
type Token<'a> = (usize, &'a str);

fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    for (line, mut rest) in (1..).zip(code.lines()) {
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|character| !is_in_word(character));
            let length = match word.unwrap_or(rest.len()) {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                length => length,
            };
            if !first.is_whitespace() {
                found.push((line, &rest[..length]));
            }
            rest = &rest[length..];
        }
    }
    found
}

fn is_in_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn is_word(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The module, if it is one, that a `{` opens.
struct Open {
    module: Option<String>,
    for_tests: bool,
}

/// Every path in `code`, whose comments and literals are blank.
pub fn written(code: &str) -> Vec<Written> {
    written_from(code, &["crate", "super"])
}

/// Every path in `code` that begins with one of these words.
pub fn written_from(code: &str, starts: &[&str]) -> Vec<Written> {
    let tokens = tokens(code);
    let text = |at: usize| tokens.get(at).map_or("", |token| token.1);
    let (mut found, mut open) = (Vec::new(), Vec::<Open>::new());
    let (mut at, mut for_tests) = (0, false);
    while at < tokens.len() {
        match text(at) {
            "cfg" if text(at + 1) == "(" => {
                // All of what must hold: `cfg(test)`, `cfg(all(test, …))`.
                let all = 2 * usize::from(text(at + 2) == "all" && text(at + 3) == "(");
                for_tests |= text(at + 2 + all) == "test";
            }
            ";" => for_tests = false,
            "{" => {
                let is_module = at >= 2 && text(at - 2) == "mod";
                open.push(Open {
                    module: is_module.then(|| text(at - 1).to_owned()),
                    for_tests: is_module && for_tests,
                });
                for_tests = false;
            }
            "}" => drop(open.pop()),
            word if starts.contains(&word)
                && text(at + 1) == "::"
                && (at == 0 || text(at - 1) != "::") =>
            {
                let mut tree = Tree {
                    tokens: &tokens,
                    at,
                    found: Vec::new(),
                };
                tree.read(Vec::new());
                let inside: Vec<String> =
                    open.iter().filter_map(|open| open.module.clone()).collect();
                let in_tests = for_tests || open.iter().any(|open| open.for_tests);
                found.extend(tree.found.into_iter().map(|path| Written {
                    inside: inside.clone(),
                    in_tests,
                    ..path
                }));
                at = tree.at;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// A path, or a tree of them in braces.
struct Tree<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    found: Vec<Written>,
}

impl<'a> Tree<'a> {
    fn text(&self) -> &'a str {
        self.tokens.get(self.at).map_or("", |token| token.1)
    }

    fn line(&self) -> usize {
        self.tokens
            .get(self.at)
            .or(self.tokens.last())
            .map_or(1, |token| token.0)
    }

    fn next_is(&mut self, wanted: &str) -> bool {
        let is_it = self.text() == wanted;
        self.at += usize::from(is_it);
        is_it
    }

    /// Reads what follows the names in `path`.
    fn read(&mut self, mut path: Vec<String>) {
        let line = self.line();
        loop {
            match self.text() {
                "{" => return self.read_group(&path),
                "*" => path.push("*".to_owned()),
                word if is_word(word) => path.push(word.to_owned()),
                _ => break, // generic arguments of a path in an expression
            }
            self.at += 1;
            if !self.next_is("::") {
                break;
            }
        }
        let mut alias = None;
        if self.text() == "as" {
            alias = self.tokens.get(self.at + 1).map(|token| token.1.to_owned());
            self.at += 2;
        }
        self.found.push(Written {
            line,
            segments: path,
            alias,
            inside: Vec::new(),
            in_tests: false,
        });
    }

    fn read_group(&mut self, path: &[String]) {
        self.at += 1;
        while self.at < self.tokens.len() && !self.next_is("}") {
            let before = self.at;
            self.read(path.to_vec());
            self.next_is(",");
            self.at = self.at.max(before + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: &str) -> Vec<String> {
        let show = |path: Written| {
            let alias = path
                .alias
                .map_or(String::new(), |name| format!(" as {name}"));
            format!("{}: {}{alias}", path.line, path.segments.join("::"))
        };
        written(code).into_iter().map(show).collect()
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        let code = "use crate::{\n a::{b, c as d},\n e,\n};\nfn f(x: &super::super::T<u8>) { crate::g::h::<u8>(x); $crate::i!() }";
        let expected = [
            "2: crate::a::b",
            "2: crate::a::c as d",
            "3: crate::e",
            "5: super::super::T",
            "5: crate::g::h",
            "5: crate::i",
        ];
        assert_eq!(shown(code), expected);
        assert_eq!(
            shown("use a::crate_b::c; pub(crate) fn f() {} pub(in super) mod x;"),
            [""; 0]
        );
    }

    #[test]
    fn a_path_is_resolved_from_where_it_stands() {
        let code = "use super::a;\nmod inner { use super::super::b; }\n#[cfg(test)]\nmod tests { use crate::c; use super::*; }\nuse super::super::super::d;";
        let paths = written(code);
        let module = module_of("one/two.rs");
        let absolute: Vec<_> = paths
            .iter()
            .map(|path| path.absolute(&module).map(|names| names.join("::")))
            .collect();
        let expected = [
            Some("one::a"),
            Some("one::b"),
            Some("c"),
            Some("one::two::*"),
            None,
        ];
        assert_eq!(
            absolute.iter().map(Option::as_deref).collect::<Vec<_>>(),
            expected
        );
        let all_of = written(
            "#[cfg(all(test, unix))]\nmod tests { use super::a; }\n#[cfg(any(test, unix))]\nmod both { use super::b; }\n#[cfg(all(unix, test))]\nuse super::c;",
        );
        let all_of: Vec<bool> = all_of.iter().map(|path| path.in_tests).collect();
        assert_eq!(all_of, [true, false, false], "test has to stand first");
        let in_tests: Vec<bool> = paths.iter().map(|path| path.in_tests).collect();
        assert_eq!(in_tests, [false, false, true, true, false]);
    }

    #[test]
    fn a_file_is_a_module() {
        assert_eq!(module_of("one/mod.rs"), ["one"]);
        assert_eq!(module_of("one/two.rs"), ["one", "two"]);
        assert_eq!(module_of("lib.rs"), [""; 0]);
    }
}
