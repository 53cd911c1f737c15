//! Expected texts in files that `cargo insta review` understands, or in the
//! scenario file itself.
//!
//! A snapshot that differs is put beside the old one, with `.new` at its end,
//! unless the variable `CI` is set: there nobody reviews it.

use crate::error::Error;
use crate::facts::Run;
use crate::oracle::{Messages, is_expected, keep_elisions, screens_of, transcript_of};
use crate::scenario::read::Scenario;
use crate::session::Difference;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One expected text.
pub(crate) struct Snapshot {
    pub(crate) kind: SnapshotKind,
    location: SnapshotLocation,
    /// What is expected; `None` for a snapshot that nobody has accepted yet.
    pub(crate) expected: Option<String>,
}

/// What it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SnapshotKind {
    Transcript,
    Screen,
}

enum SnapshotLocation {
    File(PathBuf),
    /// In the scenario file.
    Inline {
        file: PathBuf,
        span: Range<usize>,
    },
}

impl SnapshotKind {
    /// Its name, which is also the subject of its evidence.
    pub(crate) fn name(self) -> &'static str {
        match self {
            SnapshotKind::Transcript => "transcript",
            SnapshotKind::Screen => "screen",
        }
    }

    fn of(self, run: &Run, messages: &Messages) -> String {
        match self {
            SnapshotKind::Transcript => transcript_of(run, &messages.redactions),
            SnapshotKind::Screen => screens_of(run, &messages.redactions),
        }
    }

    fn expected_of(self, messages: &mut Messages) -> &mut Option<String> {
        match self {
            SnapshotKind::Transcript => &mut messages.transcript,
            SnapshotKind::Screen => &mut messages.screens,
        }
    }
}

impl Snapshot {
    /// Those of a scenario, as they were accepted.
    pub(crate) fn load(scenario: &Scenario) -> Result<Vec<Snapshot>, Error> {
        let files = [
            (SnapshotKind::Transcript, &scenario.snapshots.transcript),
            (SnapshotKind::Screen, &scenario.snapshots.screen),
        ];
        let mut loaded = Vec::new();
        for (kind, path) in files {
            let Some(path) = path else {
                continue;
            };
            loaded.push(Snapshot {
                kind,
                expected: read(path)?,
                location: SnapshotLocation::File(path.clone()),
            });
        }
        if let (Some(span), Some(messages)) =
            (&scenario.snapshots.inline, &scenario.contract.messages)
        {
            loaded.push(Snapshot {
                kind: SnapshotKind::Transcript,
                expected: messages.transcript.clone(),
                location: SnapshotLocation::Inline {
                    file: scenario.path.clone(),
                    span: span.clone(),
                },
            });
        }
        Ok(loaded)
    }

    /// Makes it part of the contract.
    pub(crate) fn require(&self, messages: &mut Messages) {
        *self.kind.expected_of(messages) = self.expected.clone();
    }

    /// Where it is, for a report.
    pub(crate) fn file(&self) -> &Path {
        match &self.location {
            SnapshotLocation::File(path) => path,
            SnapshotLocation::Inline { file, .. } => file,
        }
    }

    /// What this run gives.
    pub(crate) fn actual(&self, run: &Run, messages: &Messages) -> String {
        self.kind.of(run, messages)
    }

    /// The difference to what this run gives, if there is one.
    pub(crate) fn difference(&self, run: &Run, messages: &Messages) -> Option<Difference> {
        let actual = self.actual(run, messages);
        let expected = self.expected.clone().unwrap_or_default();
        if self.expected.is_some() && is_expected(&expected, &actual) {
            return None;
        }
        Some(Difference {
            name: self.kind.name().to_owned(),
            file: Some(self.file().display().to_string()),
            expected,
            actual,
        })
    }

    /// Writes what differs beside the file, for a review; removes that file when
    /// nothing differs any more.
    pub(crate) fn propose(
        &self,
        scenario: &Scenario,
        difference: Option<&Difference>,
    ) -> io::Result<()> {
        let SnapshotLocation::File(path) = &self.location else {
            return Ok(());
        };
        let proposal = proposal_of(path);
        match difference {
            None => match fs::remove_file(&proposal) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
            Some(_) if std::env::var_os("CI").is_some() => Ok(()),
            Some(difference) => write(&proposal, scenario, self.kind, &difference.actual),
        }
    }

    /// Replaces the expected text; parts that a person left out stay left out.
    pub(crate) fn accept(&self, scenario: &Scenario, actual: &str) -> io::Result<()> {
        let text = match &self.expected {
            Some(expected) => keep_elisions(expected, actual),
            None => actual.to_owned(),
        };
        match &self.location {
            SnapshotLocation::File(path) => {
                write(path, scenario, self.kind, &text)?;
                match fs::remove_file(proposal_of(path)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                    _ => Ok(()),
                }
            }
            SnapshotLocation::Inline { file, span } => {
                let mut content = fs::read_to_string(file)?;
                if content.get(span.clone()).is_none() {
                    return Err(io::Error::other("the file has changed meanwhile"));
                }
                content.replace_range(span.clone(), &toml_text(&text));
                fs::write(file, content)
            }
        }
    }
}

fn proposal_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// A text as TOML: as it is, between three quotes, if it can be.
fn toml_text(text: &str) -> String {
    let plain = |c: char| c == '\n' || c == '\t' || !c.is_control();
    if text.contains("'''") || text.ends_with('\'') || !text.chars().all(plain) {
        return toml::Value::String(text.to_owned()).to_string();
    }
    format!("'''\n{}\n'''", text.trim_end_matches('\n'))
}

/// Between these lines stands what insta knows of a snapshot.
const FENCE: &str = "---";

fn read(path: &Path) -> Result<Option<String>, Error> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::usage(error.to_string()).at_path(path)),
    };
    let mut lines = text.lines();
    if lines.next() != Some(FENCE) || !lines.any(|line| line == FENCE) {
        let message = format!("no snapshot: its header between two lines {FENCE} is missing");
        return Err(Error::usage(message)
            .at_path(path)
            .with_hint("remove it, and accept a new one"));
    }
    Ok(Some(lines.collect::<Vec<_>>().join("\n")))
}

fn write(path: &Path, scenario: &Scenario, kind: SnapshotKind, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let source = serde_json::to_string(&scenario.path.display().to_string())?;
    let text = format!(
        "{FENCE}\nsource: {source}\nexpression: {}\n{FENCE}\n{}\n",
        kind.name(),
        text.trim_end_matches('\n')
    );
    fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_survives_toml() {
        for text in [
            "a\nb",
            "it's\n\\d",
            "'''",
            "ends with '",
            "bell \u{7}",
            "\ttab",
        ] {
            let document = format!("text = {}\n", toml_text(text));
            let table: toml::Table = toml::from_str(&document).expect(&document);
            let read = table["text"].as_str().expect("a text");
            assert_eq!(read.trim_end_matches('\n'), text, "{document}");
        }
    }
}
