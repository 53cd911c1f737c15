//! Finding scenario files.

use super::diagnostic::Diagnostic;
use crate::scenario::read::Scenario;
use std::fs;
use std::path::{Path, PathBuf};

/// Where scenarios are looked for when no path is given; the first that exists.
pub const USUAL_PLACES: [&str; 3] = ["ci/scenarios", "tests/scenarios", "scenarios"];

/// Scenario files with the names of their scenarios.
#[derive(Debug, Default)]
pub struct FoundFiles {
    /// Those that can be read, by name.
    pub scenarios: Vec<Scenario>,
    /// What is wrong with the others.
    pub diagnostics: Vec<Diagnostic>,
}

impl FoundFiles {
    /// Reads the files at these paths, and all files `*.toml` below those that
    /// are directories. A scenario is named after its file, with the directories
    /// below the path that was given, without the extension.
    pub fn at(paths: &[PathBuf]) -> FoundFiles {
        let mut files: Vec<(String, PathBuf)> = Vec::new();
        let mut found = FoundFiles::default();
        for path in paths {
            let before = files.len();
            if let Err(error) = list(path, &mut String::new(), &mut files, 0) {
                found
                    .diagnostics
                    .push(Diagnostic::new(error.to_string()).of_file(path));
            } else if files.len() == before {
                let message = "this directory holds no scenario file (*.toml)";
                found
                    .diagnostics
                    .push(Diagnostic::new(message).of_file(path));
            }
        }
        files.sort();
        files.dedup_by(|one, other| one.1 == other.1);
        for pair in files.windows(2) {
            if pair[0].0 == pair[1].0 {
                let diagnostic = Diagnostic::new(format!("two scenarios are called {}", pair[0].0))
                    .hint(format!("rename one; the other is {}", pair[0].1.display()));
                found.diagnostics.push(diagnostic.of_file(&pair[1].1));
            }
        }
        for (name, path) in &files {
            match Scenario::read(path, name) {
                Ok(scenario) => found.scenarios.push(scenario),
                Err(diagnostic) => found.diagnostics.push(diagnostic),
            }
        }
        found
    }
}

/// Directories below one another; a link in a circle ends here.
const DEPTH_MAX: usize = 16;

fn list(
    path: &Path,
    prefix: &mut String,
    files: &mut Vec<(String, PathBuf)>,
    depth: usize,
) -> std::io::Result<()> {
    let stem = |path: &Path| {
        let stem = path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    };
    if !path.metadata()?.is_dir() {
        files.push((format!("{prefix}{}", stem(path)), path.to_owned()));
        return Ok(());
    }
    if depth > DEPTH_MAX {
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    entries.sort();
    for entry in entries {
        let name = entry
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_directory = entry.is_dir();
        if name.starts_with('.') || (!is_directory && !name.ends_with(".toml")) {
            continue;
        }
        let length = prefix.len();
        if is_directory {
            prefix.push_str(&format!("{name}/"));
        }
        list(&entry, prefix, files, depth + 1)?;
        prefix.truncate(length);
    }
    Ok(())
}

/// Which scenarios of those that were found.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Parts of names, one of which must be there; all when empty.
    pub wanted: Vec<String>,
    /// Parts of names that must not be there.
    pub unwanted: Vec<String>,
    /// Names are given whole.
    pub exact: bool,
}

impl Filter {
    /// Whether this one is meant.
    pub fn takes(&self, name: &str) -> bool {
        let matches = |text: &String| {
            if self.exact {
                name == text
            } else {
                name.contains(text.as_str())
            }
        };
        (self.wanted.is_empty() || self.wanted.iter().any(matches))
            && !self.unwanted.iter().any(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_after_their_place() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        for path in [
            "b.toml",
            "sub/a.toml",
            "sub/deep/c.toml",
            ".hidden/x.toml",
            "sub/y.snap",
        ] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "[target]\ncommand = [\"true\"]\n[sweep]\n").unwrap();
        }
        let names = |paths: &[PathBuf]| {
            let found = FoundFiles::at(paths);
            assert!(found.diagnostics.is_empty(), "{:?}", found.diagnostics);
            found
                .scenarios
                .into_iter()
                .map(|scenario| scenario.name)
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&[root.to_owned()]), ["b", "sub/a", "sub/deep/c"]);
        assert_eq!(
            names(&[root.join("sub/a.toml"), root.join("sub/deep")]),
            ["a", "c"]
        );
        assert_eq!(names(&[root.join("b.toml"), root.join("b.toml")]), ["b"]);
        let found = FoundFiles::at(&[
            root.join("none"),
            root.join(".hidden"),
            root.join("sub/y.snap"),
        ]);
        assert_eq!(found.diagnostics.len(), 1, "{:?}", found.diagnostics);
    }

    #[test]
    fn a_filter_takes_parts_or_whole_names() {
        let filter = |wanted: &[&str], unwanted: &[&str], exact| Filter {
            wanted: wanted.iter().map(|text| (*text).to_owned()).collect(),
            unwanted: unwanted.iter().map(|text| (*text).to_owned()).collect(),
            exact,
        };
        assert!(filter(&[], &[], false).takes("seeds/first"));
        assert!(filter(&["first", "x"], &[], false).takes("seeds/first"));
        assert!(!filter(&["first"], &["seeds"], false).takes("seeds/first"));
        assert!(!filter(&["first"], &[], true).takes("seeds/first"));
    }
}
