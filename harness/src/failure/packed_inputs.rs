//! The inputs of a target as data, so that a stored failure can be repeated where they are not.

use crate::target::{OWN, Source, Target};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Files, links and directories that are stored at most.
const ENTRIES_MAX: usize = 64;
/// Bytes that are stored at most.
const BYTES_MAX: u64 = 64 * 1024;

/// The content of a work tree at its start, and of standard input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedInputs {
    /// This is all that is needed: what lies at the paths of the inputs is more, and is not used.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
    /// In order: a directory before what is in it.
    pub entries: Vec<PackedFile>,
    /// What standard input reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<Content>,
}

/// One file, link or directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedFile {
    /// Its path, relative to the work tree.
    pub path: String,
    /// Permission bits.
    pub mode: u32,
    /// When it was modified, in nanoseconds since 1970: programs look at that.
    pub modified_ns: u64,
    /// What is in it.
    pub content: Content,
}

/// What is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A directory.
    Directory,
    /// Where a link leads to.
    Link(String),
    /// A file of text.
    Text(String),
    /// A file of bytes, in hexadecimal digits.
    Hex(String),
}

impl Content {
    fn of(bytes: Vec<u8>) -> Content {
        match String::from_utf8(bytes) {
            Ok(text) => Content::Text(text),
            Err(error) => {
                let bytes = error.into_bytes();
                Content::Hex(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
            }
        }
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        let wrong = || io::Error::new(io::ErrorKind::InvalidData, "no hexadecimal digits");
        match self {
            Content::Text(text) => Ok(text.clone().into_bytes()),
            Content::Hex(digits) => digits
                .as_bytes()
                .chunks(2)
                .map(|pair| {
                    let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
                    u8::from_str_radix(pair, 16).map_err(|_| wrong())
                })
                .collect(),
            Content::Directory | Content::Link(_) => Err(wrong()),
        }
    }
}

impl PackedInputs {
    /// Packs the inputs of a target; `None` when they are too large, cannot be read, or are not there.
    pub fn of(target: &Target) -> Option<PackedInputs> {
        let mut packing = Packing::default();
        match &target.source {
            Source::View(directory) | Source::Directory(directory) => {
                packing.directory(directory, "")?;
            }
            Source::Files(files) => {
                for file in files {
                    let name = file.file_name()?.to_str()?;
                    // It was asked for by that name: what a link leads to is meant.
                    packing.one(&file.canonicalize().ok()?, name)?;
                }
            }
            Source::Empty => {}
        }
        let stdin = match &target.stdin {
            Some(path) => {
                let size = path.metadata().ok().filter(fs::Metadata::is_file)?.len();
                packing.spend(size)?;
                Some(Content::of(fs::read(path).ok()?))
            }
            None => None,
        };
        let entries = packing.entries;
        (!entries.is_empty() || stdin.is_some()).then_some(PackedInputs {
            alone: false,
            entries,
            stdin,
        })
    }

    /// Unpacks it into an empty directory: `tree` and `stdin` in it. Answers the target that uses them.
    pub fn unpack(&self, into: &Path, target: &Target) -> io::Result<Target> {
        let tree = into.join("tree");
        fs::create_dir(&tree)?;
        for entry in &self.entries {
            entry.unpack(&tree)?;
        }
        // Directories last, and the inner ones first: what is put into one changes its time.
        for entry in self.entries.iter().rev() {
            entry.finish(&tree)?;
        }
        let stdin = match &self.stdin {
            Some(content) => {
                let path = into.join("stdin");
                fs::write(&path, content.bytes()?)?;
                Some(path)
            }
            None => None,
        };
        Ok(Target {
            source: match target.source {
                Source::Empty => Source::Empty,
                _ => Source::Directory(tree),
            },
            stdin,
            ..target.clone()
        })
    }
}

impl PackedFile {
    /// Where it goes: never out of the directory.
    fn place(&self, tree: &Path) -> io::Result<PathBuf> {
        use std::path::Component;
        let path = Path::new(&self.path);
        let inside = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if self.path.is_empty() || !inside {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{:?} is no path in a work tree", self.path),
            ));
        }
        Ok(tree.join(path))
    }

    fn unpack(&self, tree: &Path) -> io::Result<()> {
        let path = self.place(tree)?;
        // A parcel that was made smaller has the files of a directory without it.
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
            // A link in place of a directory would lead out.
            if !parent.canonicalize()?.starts_with(tree.canonicalize()?) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("{:?} leads out of the work tree", self.path),
                ));
            }
        }
        match &self.content {
            Content::Directory => fs::create_dir_all(&path),
            Content::Link(to) => symlink(to, &path),
            content => fs::write(&path, content.bytes()?),
        }
    }

    fn finish(&self, tree: &Path) -> io::Result<()> {
        let path = self.place(tree)?;
        if matches!(self.content, Content::Link(_)) {
            return Ok(());
        }
        let modified = UNIX_EPOCH + Duration::from_nanos(self.modified_ns);
        let file = fs::File::open(&path)?;
        file.set_times(
            fs::FileTimes::new()
                .set_modified(modified)
                .set_accessed(modified),
        )?;
        fs::set_permissions(&path, fs::Permissions::from_mode(self.mode))
    }
}

/// What was packed so far.
#[derive(Default)]
struct Packing {
    entries: Vec<PackedFile>,
    bytes: u64,
}

impl Packing {
    fn spend(&mut self, bytes: u64) -> Option<()> {
        self.bytes += bytes;
        (self.entries.len() < ENTRIES_MAX && self.bytes <= BYTES_MAX).then_some(())
    }

    fn directory(&mut self, directory: &Path, below: &str) -> Option<()> {
        let entries = fs::read_dir(directory).ok()?;
        let mut names: Vec<OsString> = entries
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<_>>()
            .ok()?;
        names.sort();
        for name in names {
            if OWN.iter().any(|own| name == *own) {
                continue;
            }
            let text = name.to_str()?;
            let path = if below.is_empty() {
                text.to_owned()
            } else {
                format!("{below}/{text}")
            };
            self.one(&directory.join(&name), &path)?;
        }
        Some(())
    }

    fn one(&mut self, from: &Path, path: &str) -> Option<()> {
        let meta = from.symlink_metadata().ok()?;
        let content = if meta.is_dir() {
            Content::Directory
        } else if meta.is_symlink() {
            Content::Link(fs::read_link(from).ok()?.to_str()?.to_owned())
        } else if meta.is_file() {
            self.spend(meta.len())?;
            Content::of(fs::read(from).ok()?)
        } else {
            // FIFOs, sockets and devices are no content.
            return Some(());
        };
        self.spend(0)?;
        // The time of a link is nobody's.
        let since = match meta.is_symlink() {
            true => SystemTime::UNIX_EPOCH,
            false => meta.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        };
        let since = since.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.entries.push(PackedFile {
            path: path.to_owned(),
            mode: meta.permissions().mode() & 0o7777,
            modified_ns: u64::try_from(since.as_nanos()).unwrap_or(0),
            content,
        });
        if meta.is_dir() {
            self.directory(from, path)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(directory: &Path) -> Target {
        fs::create_dir(directory.join("sub")).unwrap();
        fs::write(directory.join("sub/text"), "zeile\n").unwrap();
        fs::write(directory.join("bytes"), [0, 255, 16]).unwrap();
        fs::set_permissions(directory.join("bytes"), fs::Permissions::from_mode(0o750)).unwrap();
        symlink("sub/text", directory.join("link")).unwrap();
        fs::create_dir(directory.join(OWN[0])).unwrap();
        let mut target = Target::new(["true"]);
        target.source = Source::Directory(directory.to_owned());
        target.stdin = Some(directory.join("sub/text"));
        target
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        let from = tempfile::tempdir().unwrap();
        let target = written(from.path());
        let packed = PackedInputs::of(&target).unwrap();
        let text = serde_json::to_string(&packed).unwrap();
        let packed: PackedInputs = serde_json::from_str(&text).unwrap();
        let to = tempfile::tempdir().unwrap();
        let unpacked = packed.unpack(to.path(), &target).unwrap();
        let again = PackedInputs::of(&unpacked).unwrap();
        assert_eq!(again, packed);
        let paths: Vec<&str> = again.entries.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, ["bytes", "link", "sub", "sub/text"]);
    }

    #[test]
    fn what_is_large_is_not_packed() {
        let from = tempfile::tempdir().unwrap();
        let target = written(from.path());
        fs::write(from.path().join("large"), vec![b'x'; 70_000]).unwrap();
        assert_eq!(PackedInputs::of(&target), None);
        fs::remove_file(from.path().join("large")).unwrap();
        for number in 0..ENTRIES_MAX {
            fs::write(from.path().join(format!("{number}")), "").unwrap();
        }
        assert_eq!(PackedInputs::of(&target), None);
        assert_eq!(
            PackedInputs::of(&Target::new(["true"])),
            None,
            "there is nothing to pack"
        );
    }

    #[test]
    fn nothing_is_unpacked_outside() {
        let entry = |path: &str, content: Content| PackedFile {
            path: path.into(),
            mode: 0o644,
            modified_ns: 0,
            content,
        };
        let text = || Content::Text(String::new());
        for entries in [
            vec![entry("../x", text())],
            vec![entry("/x", text())],
            vec![entry("", text())],
            vec![
                entry("out", Content::Link("/".into())),
                entry("out/tmp", text()),
            ],
        ] {
            let to = tempfile::tempdir().unwrap();
            let packed = PackedInputs {
                entries,
                ..PackedInputs::default()
            };
            let error = packed
                .unpack(to.path(), &Target::new(["true"]))
                .unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{packed:?}");
        }
    }
}
