//! The reports that are files.

use super::asciicast::asciicast;
use super::github::annotations;
use super::html::html;
use super::junit::junit;
use super::markdown::{MARKDOWN_MAX, markdown};
use super::perfetto::perfetto;
use crate::session::Results;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Which reports are wanted, and where.
#[derive(Debug, Clone, Default)]
pub struct ReportFiles {
    /// One self-contained page.
    pub html: Option<PathBuf>,
    /// One page of Markdown.
    pub markdown: Option<PathBuf>,
    /// JUnit XML.
    pub junit: Option<PathBuf>,
    /// A trace for the Perfetto UI.
    pub perfetto: Option<PathBuf>,
    /// A recording for asciinema.
    pub asciicast: Option<PathBuf>,
    /// Annotations, and a job summary where `GITHUB_STEP_SUMMARY` names a file.
    pub github: bool,
    /// That file.
    pub github_summary: Option<PathBuf>,
}

/// Writes the reports. Answers what has to be printed: the annotations, which GitHub reads from a step's output.
///
/// # Errors
/// A sentence that names the file which could not be written.
pub fn write(results: &Results, wanted: &ReportFiles) -> Result<String, String> {
    if let Some(path) = &wanted.html {
        whole(path, &html(results))?;
    }
    if let Some(path) = &wanted.markdown {
        whole(path, &markdown(results, MARKDOWN_MAX))?;
    }
    if let Some(path) = &wanted.junit {
        whole(path, &junit(results).map_err(at(path))?)?;
    }
    if let Some(path) = &wanted.perfetto {
        whole(path, &perfetto(results))?;
    }
    if let Some(path) = &wanted.asciicast {
        let text = asciicast(results)
            .ok_or_else(|| format!("{}: there is no run that could be shown", path.display()))?;
        whole(path, &text)?;
    }
    if !wanted.github {
        return Ok(String::new());
    }
    if let Some(path) = &wanted.github_summary {
        append(path, results).map_err(at(path))?;
    }
    Ok(annotations(results))
}

/// Other steps' words may be in the file already: they count.
fn append(path: &Path, results: &Results) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let there = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let room = MARKDOWN_MAX.saturating_sub(there);
    file.write_all(markdown(results, room).as_bytes())
}

/// Writes the file whole, or not at all: a reader never sees half a page.
fn whole(path: &Path, text: &str) -> Result<(), String> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    fs::write(&part, text)
        .and_then(|()| fs::rename(&part, path))
        .map_err(|error| {
            let _ = fs::remove_file(&part);
            at(path)(error)
        })
}

fn at(path: &Path) -> impl Fn(io::Error) -> String {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}")
}
