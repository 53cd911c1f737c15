//! What a run changed in its work tree.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What a directory entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A device.
    Device,
}

impl EntryKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            EntryKind::File => "file",
            EntryKind::Directory => "directory",
            EntryKind::Symlink => "symbolic link",
            EntryKind::Fifo => "FIFO",
            EntryKind::Socket => "socket",
            EntryKind::Device => "device",
        }
    }
}

/// The state of one path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits.
    pub mode: u32,
    /// Size in bytes; 0 for what has no content.
    pub size: u64,
    /// Hash of the content, or of a symbolic link's target.
    pub hash: u64,
    /// Hash of the content's shape: its text with numbers and hexadecimal
    /// strings blanked out. Equal to `hash` for what is no text.
    pub shape: u64,
}

/// A path that is not as it was before the run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    /// Before the run; `None` when it was not there.
    pub before: Option<Entry>,
    /// After the run; `None` when it is gone.
    pub after: Option<Entry>,
}

/// Every path that a run changed. Paths are relative to the work tree; those in
/// the private home begin with `~/`, those in the private temporary directory
/// with `$TMPDIR/`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TreeDelta {
    /// By path.
    pub changes: BTreeMap<String, Change>,
}

impl TreeDelta {
    /// A number that two equal deltas share, to look up what was found for one.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// The change at a path, if there is one.
    pub fn get(&self, path: &str) -> Option<&Change> {
        self.changes.get(path)
    }

    /// Nothing changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
