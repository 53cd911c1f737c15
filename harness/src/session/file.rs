//! Results on disk.

use super::model::Results;
use serde::Deserialize;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Why a results file could not be read. It names the file and what to do.
#[derive(Debug)]
pub struct ReadError {
    path: PathBuf,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Io(io::Error),
    Version(u32),
    Truncated,
    Foreign(String),
    Broken(serde_json::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.why {
            Why::Io(error) => write!(f, "{path}: {error}"),
            Why::Version(version) => write!(
                f,
                "{path} holds results of format version {version}, and this sigproof reads version {}; \
                 use the sigproof that wrote it, or run again",
                Results::VERSION
            ),
            Why::Truncated => write!(
                f,
                "{path} is cut short: its end is missing (a full disk, a session that was killed, an upload that broke \
                 off); run again"
            ),
            Why::Foreign(what) => write!(
                f,
                "{path} is no results file of sigproof ({what}); `sigproof sweep --results FILE` writes one"
            ),
            Why::Broken(error) => write!(f, "{path}:{}:{}: {error}", error.line(), error.column()),
        }
    }
}

impl std::error::Error for ReadError {}

impl Results {
    /// Reads a results file.
    ///
    /// # Errors
    /// A file that cannot be read, is of another version, is cut short, or holds something else.
    pub fn read(path: &Path) -> Result<Results, ReadError> {
        let failed = |why| ReadError {
            path: path.to_owned(),
            why,
        };
        let text = fs::read(path).map_err(|error| failed(Why::Io(error)))?;
        #[derive(Deserialize)]
        struct Head {
            version: u32,
            tool: Option<serde::de::IgnoredAny>,
            cases: Option<serde::de::IgnoredAny>,
        }
        let why = |error: serde_json::Error| {
            let begins_well = text.trim_ascii_start().starts_with(b"{\"version\":");
            if error.is_eof() && begins_well {
                Why::Truncated
            } else if error.is_syntax() || error.is_eof() {
                Why::Foreign(error.to_string())
            } else {
                Why::Broken(error)
            }
        };
        let head: Head = match serde_json::from_slice(&text) {
            Ok(head) => head,
            Err(error) if error.is_data() => {
                return Err(failed(Why::Foreign(error.to_string())));
            }
            Err(error) => return Err(failed(why(error))),
        };
        if head.tool.is_none() && head.cases.is_none() {
            // A stored failure has a version, too.
            return Err(failed(Why::Foreign(
                "it has a version, but neither a tool nor cases".to_owned(),
            )));
        }
        if head.version != Results::VERSION {
            return Err(failed(Why::Version(head.version)));
        }
        serde_json::from_slice(&text).map_err(|error| failed(why(error)))
    }

    /// Writes a results file: whole, or not at all.
    ///
    /// # Errors
    /// A directory that is not there, a full disk: nothing half-written is left under that name.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let written = File::create(&part).and_then(|file| {
            let mut out = BufWriter::new(file);
            serde_json::to_writer(&mut out, self)?;
            out.write_all(b"\n")?;
            out.into_inner()?.sync_all()
        });
        written
            .and_then(|()| fs::rename(&part, path))
            .inspect_err(|_| {
                let _ = fs::remove_file(&part);
            })
    }
}
