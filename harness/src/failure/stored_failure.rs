//! Failing runs as small files that can be replayed.

use super::packed_inputs::PackedInputs;
use crate::error::Error;
use crate::failure::digest;
use crate::oracle::Contract;
use crate::schedule::Schedule;
use crate::target::Isolation;
use crate::target::{Source, Target};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3Default;

/// A failing run: everything that is needed to repeat it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredFailure {
    /// The format, [`StoredFailure::VERSION`].
    pub version: u32,
    /// What was run.
    pub target: Target,
    /// The inputs, with a hash of their content.
    pub inputs: Vec<Input>,
    /// How it was kept apart.
    pub isolation: Isolation,
    /// What was asked of it.
    pub contract: Contract,
    /// What was done to it.
    pub schedule: Schedule,
    /// Every call was recorded, not only those with an effect.
    pub all_calls: bool,
    /// What was found.
    pub expected: ExpectedVerdict,
    /// The seed of the session that found it, when it was one of random schedules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Operating system and processor.
    #[serde(default)]
    pub system: String,
    /// The program's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<Input>,
    /// The inputs themselves, when they are small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(alias = "parcel")] // its name before 0.2
    pub packed: Option<PackedInputs>,
}

/// One input of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Where it was.
    pub path: PathBuf,
    /// Hash of its content (xxh3); `None` for a directory that is too large.
    pub hash: Option<String>,
}

/// The violation that a replay should show again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedVerdict {
    /// The oracle.
    pub oracle: String,
    /// What it was about.
    pub subject: String,
    /// What was wrong.
    pub text: String,
}

impl StoredFailure {
    /// The version of the format. Another version is refused, never guessed at.
    pub const VERSION: u32 = 1;

    /// Lists the inputs of a target with their hashes.
    pub fn inputs_of(target: &Target) -> Vec<Input> {
        let paths: Vec<&Path> = match &target.source {
            Source::View(path) | Source::Directory(path) => vec![path],
            Source::Files(paths) => paths.iter().map(PathBuf::as_path).collect(),
            Source::Empty => Vec::new(),
        };
        let paths = paths.into_iter().chain(target.stdin.as_deref());
        paths.map(Input::of).collect()
    }

    /// Writes it to a file, whole or not at all.
    ///
    /// # Errors
    /// A file that cannot be written (a full disk).
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::harness(error.to_string()))?;
        let part = path.with_extension("json.part");
        let written = File::create(&part).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        });
        written
            .and_then(|()| fs::rename(&part, path))
            .map_err(|error| {
                let _ = fs::remove_file(&part);
                Error::harness(format!(
                    "cannot store a finding at {}: {error}",
                    path.display()
                ))
            })
    }

    /// Reads a stored failure.
    ///
    /// # Errors
    /// A file that cannot be read, is no stored failure, or is one of another version.
    pub fn read(path: &Path) -> Result<StoredFailure, Error> {
        let shown = path.display();
        let text =
            fs::read_to_string(path).map_err(|error| Error::usage(format!("{shown}: {error}")))?;
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let found: Version = serde_json::from_str(&text).map_err(|error| {
            Error::usage(format!("{shown} is no stored failure of sigproof: {error}"))
        })?;
        if found.version != StoredFailure::VERSION {
            return Err(Error::usage(format!(
                "{shown} is of format version {}, this sigproof reads version {}",
                found.version,
                StoredFailure::VERSION
            )));
        }
        serde_json::from_str(&text).map_err(|error| {
            Error::usage(format!(
                "{shown}:{}:{}: {error}",
                error.line(),
                error.column()
            ))
        })
    }
}

impl Input {
    /// What lies at this path.
    pub fn of(path: &Path) -> Input {
        Input {
            path: path.to_owned(),
            hash: digest::of(path).ok(),
        }
    }

    /// How it differs from what it was, in words.
    pub fn changed(&self) -> Option<String> {
        if !self.path.exists() {
            return Some(format!("{} is not there any more", self.path.display()));
        }
        let same = self.hash.is_none() || digest::of(&self.path).ok() == self.hash;
        (!same).then(|| format!("{} has changed since", self.path.display()))
    }
}

/// A directory of stored failures.
#[derive(Debug, Clone)]
pub struct Store {
    directory: PathBuf,
}

impl Store {
    /// The store at this directory, which is made when something is put into it.
    pub fn at(directory: &Path) -> Store {
        Store {
            directory: directory.to_owned(),
        }
    }

    /// Stores a failure under a name that says what it is. Answers the path.
    ///
    /// # Errors
    /// A directory that cannot be made or written to (a full disk): nothing
    /// half-written is left.
    pub fn put(&self, failure: &StoredFailure) -> Result<PathBuf, Error> {
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |error: io::Error| {
                Error::harness(format!("cannot store a finding at {path}: {error}"))
            }
        };
        fs::create_dir_all(&self.directory).map_err(failed(&self.directory))?;
        let ignore = self.directory.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(failed(&ignore))?;
        }
        let text = serde_json::to_string_pretty(failure)
            .map_err(|error| Error::harness(error.to_string()))?;
        let program = failure.target.command.first().map_or("", String::as_str);
        let program = program.rsplit('/').next().unwrap_or(program);
        let mut hasher = Xxh3Default::new();
        hasher.update(text.as_bytes());
        let name = format!(
            "{}-{}-{:08x}.json",
            plain(program),
            failure.expected.oracle,
            hasher.digest() as u32
        );
        let path = self.directory.join(name);
        failure.write(&path)?;
        Ok(path)
    }
}

fn plain(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> StoredFailure {
        StoredFailure {
            version: StoredFailure::VERSION,
            target: Target::new(["gzip", "-k", "a"]),
            inputs: Vec::new(),
            isolation: Isolation::Auto,
            contract: Contract::default(),
            schedule: Schedule::undisturbed(),
            all_calls: false,
            expected: ExpectedVerdict {
                oracle: "leftovers".into(),
                subject: "a.gz".into(),
                text: "a.gz is left".into(),
            },
            seed: Some(7),
            system: "linux x86_64".into(),
            program: None,
            packed: None,
        }
    }

    #[test]
    fn a_failure_comes_back_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::at(&directory.path().join("store"));
        let path = store.put(&failure()).unwrap();
        assert!(
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("gzip-leftovers-")
        );
        assert_eq!(StoredFailure::read(&path).unwrap(), failure());
        assert_eq!(
            store.put(&failure()).unwrap(),
            path,
            "the same failure is stored once"
        );
    }

    #[test]
    fn what_is_no_failure_is_refused_with_a_reason() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.json");
        for (text, reason) in [
            ("hello", "no stored failure"),
            ("{\"version\": 99}", "format version 99"),
            ("{\"version\": 1, \"colour\": 1}", "x.json:1:"),
        ] {
            fs::write(&path, text).unwrap();
            let error = StoredFailure::read(&path).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        let error = StoredFailure::read(&directory.path().join("none")).unwrap_err();
        assert!(error.is_usage(), "{error:?}");
    }
}
