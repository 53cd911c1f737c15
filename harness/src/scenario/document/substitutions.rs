//! What stands in braces in the words of a scenario: `{bin:NAME}`, `{dir}`, `{env:NAME}`.

use crate::options::one_of;
use crate::scenario::diagnostic::Diagnostic;
use crate::schedule::ParseError;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;

/// A scenario file's text, to point into.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) path: PathBuf,
    /// The path as a person gave it.
    pub(crate) shown: PathBuf,
    pub(crate) text: Arc<str>,
}

impl Text {
    /// What is wrong at a place of the file.
    pub(crate) fn diagnostic(&self, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(message).at(&self.shown, &self.text, span)
    }

    /// A value there that cannot be read.
    pub(crate) fn problem(&self, span: Range<usize>, problem: ParseError) -> Diagnostic {
        Diagnostic::of(problem).at(&self.shown, &self.text, span)
    }

    /// Where a key (or the table of its name) stands; the start of the file when it does not.
    pub(crate) fn find_key(&self, key: &str) -> Range<usize> {
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            if let Some(column) = line.find(key)
                && line
                    .trim_start()
                    .starts_with(['[', key.chars().next().unwrap_or('[')])
            {
                return at + column..at + column + key.len();
            }
            at += line.len();
        }
        0..0
    }

    /// The directory of the file.
    pub(crate) fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

/// Where the binaries of a Cargo workspace are looked for.
#[derive(Debug, Clone, Default)]
pub struct Binaries {
    /// Directories that come before all others.
    pub directories: Vec<PathBuf>,
}

/// A word with what stands in braces known, not looked up yet.
enum Piece<'a> {
    Literal(&'a str),
    Binary(&'a str),
    Variable(&'a str),
    Directory,
}

const KINDS: [&str; 3] = ["bin", "env", "dir"];

/// Braces of other uses (a shell's, JSON) are left alone; one that looks like
/// ours and is not is a mistake.
fn pieces(word: &str) -> Result<Vec<Piece<'_>>, ParseError> {
    let mut pieces = Vec::new();
    let mut literal = 0;
    let mut at = 0;
    while let Some(open) = word[at..].find('{').map(|found| at + found) {
        at = open + 1;
        // The shell's own ${NAME}.
        if word[..open].ends_with('$') {
            continue;
        }
        let Some(close) = word[open..].find('}').map(|found| open + found) else {
            break;
        };
        let inside = &word[open + 1..close];
        let piece = match inside.split_once(':') {
            None if inside == "dir" => Piece::Directory,
            Some(("bin", name)) => Piece::Binary(named(name, "bin", "my-program")?),
            Some(("env", name)) => Piece::Variable(named(name, "env", "HOME")?),
            Some((kind, _)) if !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase()) => {
                let problem = ParseError::new(format!("no such substitution: {{{inside}}}"));
                return Err(problem.hint(one_of(kind, &KINDS)));
            }
            _ => continue,
        };
        pieces.push(Piece::Literal(&word[literal..open]));
        pieces.push(piece);
        literal = close + 1;
        at = literal;
    }
    pieces.push(Piece::Literal(&word[literal..]));
    Ok(pieces)
}

fn named<'a>(name: &'a str, kind: &str, example: &str) -> Result<&'a str, ParseError> {
    if name.is_empty() || name.contains('/') {
        return Err(ParseError::new(format!("{{{kind}:{name}}} names nothing"))
            .hint(format!("write {{{kind}:{example}}}")));
    }
    Ok(name)
}

/// Whether what stands in braces can be understood.
pub(crate) fn check(text: &Text, word: &Spanned<String>) -> Result<(), Diagnostic> {
    match pieces(word.get_ref()) {
        Ok(_) => Ok(()),
        Err(problem) => Err(text.problem(word.span(), problem)),
    }
}

/// The word with everything in braces replaced.
pub(crate) fn expand(
    text: &Text,
    word: &Spanned<String>,
    binaries: &Binaries,
) -> Result<String, Diagnostic> {
    let wrong = |problem| text.problem(word.span(), problem);
    let mut expanded = String::new();
    for piece in pieces(word.get_ref()).map_err(wrong)? {
        match piece {
            Piece::Literal(literal) => expanded.push_str(literal),
            Piece::Directory => expanded.push_str(&text.directory().display().to_string()),
            Piece::Variable(name) => expanded.push_str(&std::env::var(name).map_err(|_| {
                wrong(
                    ParseError::new(format!("the variable {name} is not set"))
                        .hint("set it before you start sigproof"),
                )
            })?),
            Piece::Binary(name) => {
                let path = binaries.find(name, text.directory()).map_err(wrong)?;
                expanded.push_str(&path.display().to_string());
            }
        }
    }
    Ok(expanded)
}

impl Binaries {
    /// Looks for a binary where Cargo puts it: in the directories given; where
    /// `CARGO_BIN_EXE_NAME` or `NEXTEST_BIN_EXE_NAME` says; beside this
    /// executable, if that lies in a target directory; in the target directory
    /// of the workspace around `near`, where the newest of a debug and a release
    /// build counts.
    fn find(&self, name: &str, near: &Path) -> Result<PathBuf, ParseError> {
        if let Some(path) = self
            .directories
            .iter()
            .map(|directory| directory.join(name))
            .find(|path| path.is_file())
        {
            return std::path::absolute(&path)
                .map_err(|error| ParseError::new(format!("{}: {error}", path.display())));
        }
        let told = ["CARGO_BIN_EXE_", "NEXTEST_BIN_EXE_"]
            .iter()
            .find_map(|prefix| std::env::var_os(format!("{prefix}{name}")));
        if let Some(path) = told.map(PathBuf::from).filter(|path| path.is_file()) {
            return Ok(path);
        }
        let mut searched = Vec::new();
        if let Some(directory) = own_target_directory() {
            searched.push(directory);
        } else if let Some(target) = target_directory(near) {
            searched.push(target.join("debug"));
            searched.push(target.join("release"));
        }
        let built = |path: &PathBuf| path.metadata().and_then(|meta| meta.modified()).ok();
        searched
            .iter()
            .map(|directory| directory.join(name))
            .filter(|path| path.is_file())
            .max_by_key(built)
            .ok_or_else(|| {
                let places: Vec<String> = searched
                    .iter()
                    .map(|directory| directory.display().to_string())
                    .collect();
                let places = match places.as_slice() {
                    [] => "there is no Cargo workspace around this file".to_owned(),
                    places => format!("it is not in {}", places.join(" or ")),
                };
                let release = match searched.as_slice() {
                    [only] if only.ends_with("release") => " --release",
                    _ => "",
                };
                ParseError::new(format!("no binary {name}: {places}")).hint(format!(
                    "build it with `cargo build{release} --bin {name}`, or name its directory with --bin-dir"
                ))
            })
    }
}

/// The directory of this executable, or the one above `deps`, when it is one
/// that Cargo builds into. (`~/.cargo/bin` is not.)
fn own_target_directory() -> Option<PathBuf> {
    let executable = std::env::current_exe().ok()?;
    let mut directory = executable.parent()?;
    if directory.ends_with("deps") {
        directory = directory.parent()?;
    }
    directory
        .join("deps")
        .is_dir()
        .then(|| directory.to_owned())
}

fn target_directory(near: &Path) -> Option<PathBuf> {
    if let Some(directory) = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"]
        .iter()
        .find_map(std::env::var_os)
    {
        return Some(directory.into());
    }
    near.ancestors()
        .find(|directory| directory.join("Cargo.lock").is_file())
        .map(|root| root.join("target"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(word: &str) -> Result<String, ParseError> {
        Ok(pieces(word)?
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => (*text).to_owned(),
                Piece::Binary(name) => format!("<b {name}>"),
                Piece::Variable(name) => format!("<v {name}>"),
                Piece::Directory => "<d>".to_owned(),
            })
            .collect())
    }

    #[test]
    fn braces_of_others_are_left_alone() {
        for word in [
            "{}",
            "{a,b}",
            "${bin:-x}",
            "{\"a\": 1}",
            "{",
            "}{",
            "${dir}",
            "{é}",
        ] {
            assert_eq!(shown(word), Ok(word.to_owned()));
        }
        assert_eq!(
            shown("{dir}/x-{bin:a-b}{env:HOME}").unwrap(),
            "<d>/x-<b a-b><v HOME>"
        );
    }

    #[test]
    fn what_looks_like_ours_and_is_not_is_told() {
        assert!(
            shown("{bim:x}")
                .unwrap_err()
                .to_string()
                .contains("did you mean `bin`?")
        );
        assert!(
            shown("{bin:}")
                .unwrap_err()
                .to_string()
                .contains("names nothing")
        );
    }

    #[test]
    fn a_given_directory_comes_first() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("sigproof-no-such"), "").unwrap();
        let binaries = Binaries {
            directories: vec![directory.path().to_owned()],
        };
        assert!(binaries.find("sigproof-no-such", Path::new("/")).is_ok());
        let error = binaries
            .find("sigproof-nothing", Path::new("/"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("cargo build"), "{error}");
    }
}
