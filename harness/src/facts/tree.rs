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

    /// Adds what there is now (`now` has each path as new), without what was there at the beginning (`begun`).
    pub(crate) fn add_since(&mut self, begun: Option<&TreeDelta>, now: TreeDelta) {
        let before = |path: &String| {
            let change = begun.and_then(|begun| begun.changes.get(path))?;
            change.after.clone()
        };
        let gone = begun.into_iter().flat_map(|begun| &begun.changes);
        let gone = gone.filter(|(path, _)| !now.changes.contains_key(*path));
        let gone: Vec<(String, Change)> = gone
            .map(|(path, change)| {
                let gone = Change {
                    before: change.after.clone(),
                    after: None,
                };
                (path.clone(), gone)
            })
            .collect();
        for (path, change) in now.changes {
            let before = before(&path);
            if before != change.after {
                self.changes.insert(path, Change { before, ..change });
            }
        }
        self.changes.extend(gone);
    }

    /// Nothing changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(hash: u64) -> Option<Entry> {
        Some(Entry {
            kind: EntryKind::File,
            mode: 0o644,
            size: 1,
            hash,
            shape: 1,
        })
    }

    fn new(files: &[(&str, u64)]) -> TreeDelta {
        let changes = files.iter().map(|(path, hash)| {
            let after = file(*hash);
            (
                (*path).to_owned(),
                Change {
                    before: None,
                    after,
                },
            )
        });
        TreeDelta {
            changes: changes.collect(),
        }
    }

    #[test]
    fn what_was_there_from_the_beginning_is_no_change() {
        let begun = new(&[("~/same", 1), ("~/changed", 2), ("~/gone", 3)]);
        let now = new(&[("~/same", 1), ("~/changed", 9), ("~/made", 4)]);
        let mut delta = TreeDelta::default();
        delta.add_since(Some(&begun), now);
        let change = |before, after| Change { before, after };
        let wanted = [
            ("~/changed".to_owned(), change(file(2), file(9))),
            ("~/gone".to_owned(), change(file(3), None)),
            ("~/made".to_owned(), change(None, file(4))),
        ];
        assert_eq!(delta.changes, wanted.into());
        let mut all = TreeDelta::default();
        all.add_since(None, new(&[("~/made", 4)]));
        assert_eq!(all.changes.len(), 1);
    }
}
