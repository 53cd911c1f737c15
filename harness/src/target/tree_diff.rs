//! What changed in a work tree.
//!
//! An overlay keeps its changes apart, so that only they have to be read. A
//! copied tree is compared with a list made right after copying: a file whose
//! inode, size and change time are as before has not been written to.

use crate::facts::{Change, Entry, EntryKind, TreeDelta, text_shape};
use nix::sys::stat::FileStat;
use std::collections::{BTreeMap, HashMap};
use std::ffi::CString;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64, xxh3_64_with_seed};

/// A file's content is hashed up to here; more is judged by its size alone.
const HASHED_BYTES: u64 = 1 << 30;

/// Text of at most this size gets a shape of its own.
const SHAPE_BYTES: usize = 64 * 1024;

/// No kernel ticks more slowly than this.
const TICK_NS: i128 = 10_000_000;

/// One path as a listing sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    kind: EntryKind,
    mode: u32,
    size: u64,
    inode: u64,
    changed_ns: i128,
    modified_ns: i128,
}

/// All paths below a directory.
pub(crate) type Listing = BTreeMap<String, Stamp>;

/// A path's state, read from the disk.
pub(crate) fn entry(path: &Path) -> io::Result<Option<Entry>> {
    let stat = match nix::sys::stat::lstat(path) {
        Ok(stat) => stat,
        Err(nix::errno::Errno::ENOENT | nix::errno::Errno::ENOTDIR) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let kind = kind(&stat);
    let (size, hash, shape) = match kind {
        EntryKind::File => {
            let (hash, shape) = match content(path) {
                Ok(hashes) => hashes,
                // A file that its own owner may not read still is what it is.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => (0, 0),
                Err(error) => return Err(error),
            };
            (stat.st_size as u64, hash, shape)
        }
        EntryKind::Symlink => {
            let target = fs::read_link(path)?;
            let hash = xxh3_64(target.as_os_str().as_bytes());
            (0, hash, shape_of(target.as_os_str().as_bytes(), hash))
        }
        _ => (0, 0, 0),
    };
    Ok(Some(Entry {
        kind,
        mode: stat.st_mode & 0o7777,
        size,
        hash,
        shape,
    }))
}

/// Hash and shape of a file's content, read in pieces: a sparse file can be larger than the memory.
fn content(path: &Path) -> io::Result<(u64, u64)> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Xxh3Default::new();
    let mut start = Vec::new();
    let mut total = 0;
    let mut buffer = vec![0u8; SHAPE_BYTES];
    loop {
        let count = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..count]);
        total += count as u64;
        if start.len() < SHAPE_BYTES {
            start.extend_from_slice(&buffer[..count]);
        }
        if total >= HASHED_BYTES {
            // What lies beyond is judged by its size.
            break;
        }
    }
    let hash = hasher.digest();
    Ok((hash, shape_of(&start, hash)))
}

fn shape_of(content: &[u8], hash: u64) -> u64 {
    if content.len() >= SHAPE_BYTES || content.is_empty() {
        return hash;
    }
    match std::str::from_utf8(content) {
        // With a seed of its own, so that a text without anything to blank out is still known for one.
        Ok(text) if !text.contains('\0') => xxh3_64_with_seed(text_shape(text).as_bytes(), 1),
        _ => hash,
    }
}

fn kind(stat: &FileStat) -> EntryKind {
    match stat.st_mode & libc::S_IFMT {
        libc::S_IFREG => EntryKind::File,
        libc::S_IFDIR => EntryKind::Directory,
        libc::S_IFLNK => EntryKind::Symlink,
        libc::S_IFIFO => EntryKind::Fifo,
        libc::S_IFSOCK => EntryKind::Socket,
        _ => EntryKind::Device,
    }
}

/// Names in a directory, in order; a directory that is gone or closed is empty.
fn names(directory: &Path) -> Vec<std::ffi::OsString> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    names
}

/// Lists everything below a directory.
pub(crate) fn list(root: &Path) -> io::Result<Listing> {
    let mut listing = Listing::new();
    let mut open = vec![PathBuf::new()];
    while let Some(directory) = open.pop() {
        for name in names(&root.join(&directory)) {
            let relative = directory.join(name);
            let Ok(stat) = nix::sys::stat::lstat(&root.join(&relative)) else {
                continue;
            };
            let stamp = Stamp {
                kind: kind(&stat),
                mode: stat.st_mode & 0o7777,
                size: if kind(&stat) == EntryKind::Directory {
                    0
                } else {
                    stat.st_size as u64
                },
                inode: stat.st_ino,
                changed_ns: i128::from(stat.st_ctime) * 1_000_000_000
                    + i128::from(stat.st_ctime_nsec),
                modified_ns: i128::from(stat.st_mtime) * 1_000_000_000
                    + i128::from(stat.st_mtime_nsec),
            };
            listing.insert(relative.to_string_lossy().into_owned(), stamp);
            if stamp.kind == EntryKind::Directory {
                open.push(relative);
            }
        }
    }
    Ok(listing)
}

/// Compares a tree with the original that it was made from. `before` is the
/// listing of the tree itself right after it was made, or of the original when
/// the tree shows it (then inodes and change times tell nothing).
pub(crate) fn compare(
    before: &Listing,
    tree: &Path,
    original: &mut Original,
    same_files: bool,
) -> io::Result<TreeDelta> {
    let after = list(tree)?;
    let mut delta = TreeDelta::default();
    let untouched = |old: &Stamp, new: &Stamp| {
        let alike = (old.kind, old.mode, old.size) == (new.kind, new.mode, new.size);
        match old.kind {
            EntryKind::Directory => alike,
            _ if same_files => alike && (old.inode, old.changed_ns) == (new.inode, new.changed_ns),
            _ => alike && old.modified_ns == new.modified_ns,
        }
    };
    // A stamp is as coarse as the kernel's tick: what was made in the tick of the
    // listing may have been written to since without showing it.
    let fresh = before
        .values()
        .map(|stamp| stamp.changed_ns)
        .max()
        .unwrap_or(0)
        - TICK_NS;
    for (path, new) in &after {
        let old = before.get(path);
        let racy =
            |old: &Stamp| same_files && old.kind == EntryKind::File && old.changed_ns >= fresh;
        if old.is_some_and(|old| untouched(old, new) && !racy(old)) {
            continue;
        }
        let was = if old.is_some() {
            original.entry(path)?
        } else {
            None
        };
        record(&mut delta, path.clone(), was, entry(&tree.join(path))?);
    }
    for path in before.keys().filter(|path| !after.contains_key(*path)) {
        record(&mut delta, path.clone(), original.entry(path)?, None);
    }
    Ok(delta)
}

/// The content of the start state, read once.
pub(crate) struct Original {
    root: PathBuf,
    known: HashMap<String, Option<Entry>>,
}

impl Original {
    pub(crate) fn new(root: &Path) -> Original {
        Original {
            root: root.to_owned(),
            known: HashMap::new(),
        }
    }

    /// Whether a parent is no directory here: then the path was not there,
    /// whatever a link would lead to.
    fn below_a_link(&self, path: &str) -> bool {
        path.match_indices('/').any(|(at, _)| {
            !self
                .root
                .join(&path[..at])
                .symlink_metadata()
                .is_ok_and(|meta| meta.is_dir())
        })
    }

    fn entry(&mut self, path: &str) -> io::Result<Option<Entry>> {
        if let Some(entry) = self.known.get(path) {
            return Ok(entry.clone());
        }
        let entry = if self.below_a_link(path) {
            None
        } else {
            entry(&self.root.join(path))?
        };
        self.known.insert(path.to_owned(), entry.clone());
        Ok(entry)
    }
}

fn record(delta: &mut TreeDelta, path: String, before: Option<Entry>, after: Option<Entry>) {
    if before != after {
        delta.changes.insert(path, Change { before, after });
    }
}

/// Everything below a directory that was empty at the start.
pub(crate) fn additions(root: &Path, label: &str, delta: &mut TreeDelta) -> io::Result<()> {
    let mut open = vec![PathBuf::new()];
    while let Some(directory) = open.pop() {
        for name in names(&root.join(&directory)) {
            let relative = directory.join(name);
            let Some(entry) = entry(&root.join(&relative))? else {
                continue;
            };
            if entry.kind == EntryKind::Directory {
                open.push(relative.clone());
            }
            let path = format!("{label}/{}", relative.to_string_lossy());
            record(delta, path, None, Some(entry));
        }
    }
    Ok(())
}

/// Reads the changes out of an overlay's upper layer. Answers `None` when a
/// directory was renamed, which the upper layer alone does not tell.
pub(crate) fn overlay(upper: &Path, original: &mut Original) -> io::Result<Option<TreeDelta>> {
    let mut delta = TreeDelta::default();
    let mut open = vec![PathBuf::new()];
    while let Some(directory) = open.pop() {
        for name in names(&upper.join(&directory)) {
            let relative = directory.join(&name);
            let path = upper.join(&relative);
            let shown = relative.to_string_lossy().into_owned();
            let stat = nix::sys::stat::lstat(&path)?;
            let was = original.entry(&shown)?;
            if stat.st_mode & libc::S_IFMT == libc::S_IFCHR && stat.st_rdev == 0 {
                // A whiteout: it was removed.
                removed_below(original, &shown, &was, &mut delta)?;
                record(&mut delta, shown, was, None);
                continue;
            }
            let is = entry(&path)?;
            if kind(&stat) == EntryKind::Directory {
                let was_directory = was
                    .as_ref()
                    .is_some_and(|was| was.kind == EntryKind::Directory);
                if attribute(&path, "redirect") {
                    return Ok(None);
                }
                if was_directory && attribute(&path, "opaque") {
                    return Ok(None);
                }
                open.push(relative);
            } else {
                removed_below(original, &shown, &was, &mut delta)?;
            }
            record(&mut delta, shown, was, is);
        }
    }
    Ok(Some(delta))
}

/// When a directory is gone, so is everything that was in it.
fn removed_below(
    original: &mut Original,
    path: &str,
    was: &Option<Entry>,
    delta: &mut TreeDelta,
) -> io::Result<()> {
    if was
        .as_ref()
        .is_none_or(|was| was.kind != EntryKind::Directory)
    {
        return Ok(());
    }
    let below = list(&original.root.join(path))?;
    for name in below.keys() {
        let gone = format!("{path}/{name}");
        let was = original.entry(&gone)?;
        record(delta, gone, was, None);
    }
    Ok(())
}

/// Whether overlayfs has set this mark on a directory.
fn attribute(path: &Path, name: &str) -> bool {
    ["trusted", "user"].iter().any(|space| {
        let Ok(name) = CString::new(format!("{space}.overlay.{name}")) else {
            return false;
        };
        crate::sys::has_attribute(path, &name)
    })
}
