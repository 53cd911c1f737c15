//! Whether a run left a directory as it was, so that it need not be made anew.

use crate::sys::mounts;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Mode, owner, group and size of `run` and of what a target may write to in it. In memory a
/// directory's size says how many entries it has.
pub(crate) type PrivateDirs = [(u32, u32, u32, u64); 3];

/// How the private directories look now; `None` when their sizes tell nothing.
pub(crate) fn private(run: &Path) -> Option<PrivateDirs> {
    let looks = |path: &Path| {
        let meta = path.symlink_metadata().ok()?;
        Some((meta.mode(), meta.uid(), meta.gid(), meta.size()))
    };
    let home = run.join("home");
    if !mounts::is_in_memory(&home) {
        return None;
    }
    Some([looks(run)?, looks(&home)?, looks(&run.join("tmp"))?])
}

/// An overlay's upper layer: nothing is in it, and nothing was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UpperLayer {
    rights: (u32, u32, u32),
    /// Change and modification, in seconds and nanoseconds.
    times: [(i64, i64); 2],
    /// Bytes of the names of its attributes.
    attributes: usize,
}

/// How the upper layer looks; `None` when there is something in it, or when that cannot be told.
pub(crate) fn upper(path: &Path) -> Option<UpperLayer> {
    let meta = path.symlink_metadata().ok()?;
    if !mounts::is_in_memory(path) || meta.size() > EMPTY_BYTES {
        return None;
    }
    Some(UpperLayer {
        rights: (meta.mode(), meta.uid(), meta.gid()),
        times: [
            (meta.ctime(), meta.ctime_nsec()),
            (meta.mtime(), meta.mtime_nsec()),
        ],
        attributes: mounts::attribute_names(path)?,
    })
}

/// What an empty directory in memory takes: its own two names.
const EMPTY_BYTES: u64 = 40;
