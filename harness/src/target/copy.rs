//! Copying trees, within limits, and emptying them.

use super::target::Limits;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Trees of at most this many files and bytes are copied rather than layered.
const SMALL_FILES: usize = 24;
const SMALL_BYTES: u64 = 1 << 20;

/// What earlier sessions found is no part of a program's surroundings.
pub(crate) const OWN: [&str; 2] = [".sigproof", "sigproof-regressions"];

/// Why a work tree cannot be made.
#[derive(Debug)]
pub(crate) enum TreeError {
    /// An input is missing or cannot be read.
    Input { path: PathBuf, error: io::Error },
    /// Too much to copy.
    TooLarge {
        path: PathBuf,
        files: usize,
        bytes: u64,
        limits: Limits,
    },
    /// The harness's own place fails.
    Place { path: PathBuf, error: io::Error },
}

impl fmt::Display for TreeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TreeError::Input { path, error } => {
                write!(f, "cannot read {}: {error}", path.display())
            }
            TreeError::TooLarge {
                path,
                files,
                bytes,
                limits,
            } => write!(
                f,
                "{} is too large to copy ({files} files, {} MiB or more; the limit is {} files and {} MiB); \
                 name what the program needs with --in FILE or --in DIR, or raise the number of files with --copy-limit",
                path.display(),
                bytes >> 20,
                limits.copy_files,
                limits.copy_bytes >> 20,
            ),
            TreeError::Place { path, error } => {
                write!(f, "cannot make a work tree at {}: {error}", path.display())
            }
        }
    }
}

pub(crate) fn is_small(directory: &Path) -> bool {
    let mut budget = Budget {
        root: directory.to_owned(),
        files: 0,
        bytes: 0,
        limits: Limits {
            copy_files: SMALL_FILES,
            copy_bytes: SMALL_BYTES,
            ..Limits::default()
        },
    };
    measure(directory, &mut budget).is_ok()
}

fn measure(directory: &Path, budget: &mut Budget) -> Result<(), TreeError> {
    let input = |error| TreeError::Input {
        path: directory.to_owned(),
        error,
    };
    for entry in fs::read_dir(directory).map_err(input)? {
        let meta = entry
            .and_then(|entry| Ok((entry.path(), entry.metadata()?)))
            .map_err(input)?;
        budget.spend(meta.1.len())?;
        if meta.1.is_dir() {
            measure(&meta.0, budget)?;
        } else if meta.1.is_file() {
            // What cannot be read cannot be copied; an overlay shows it all the same.
            fs::File::open(&meta.0).map_err(input)?;
        }
    }
    Ok(())
}

/// What may still be copied.
pub(crate) struct Budget {
    root: PathBuf,
    files: usize,
    bytes: u64,
    limits: Limits,
}

impl Budget {
    pub(crate) fn new(root: &Path, limits: Limits) -> Budget {
        Budget {
            root: root.to_owned(),
            files: 0,
            bytes: 0,
            limits,
        }
    }

    fn spend(&mut self, bytes: u64) -> Result<(), TreeError> {
        self.files += 1;
        self.bytes += bytes;
        if self.files > self.limits.copy_files || self.bytes > self.limits.copy_bytes {
            return Err(TreeError::TooLarge {
                path: self.root.clone(),
                files: self.files,
                bytes: self.bytes,
                limits: self.limits,
            });
        }
        Ok(())
    }
}

/// Copies what a link leads to, under the link's own name: it was asked for by that name.
pub(crate) fn copy_followed(from: &Path, to: &Path, budget: &mut Budget) -> Result<(), TreeError> {
    let real = from.canonicalize().map_err(|error| TreeError::Input {
        path: from.to_owned(),
        error,
    })?;
    copy(&real, to, budget)
}

/// Copies a file, link or directory, with its times: programs look at them.
pub(crate) fn copy(from: &Path, to: &Path, budget: &mut Budget) -> Result<(), TreeError> {
    let input = |error| TreeError::Input {
        path: from.to_owned(),
        error,
    };
    let output = |error| TreeError::Place {
        path: to.to_owned(),
        error,
    };
    let meta = from.symlink_metadata().map_err(input)?;
    budget.spend(if meta.is_file() { meta.len() } else { 0 })?;
    if meta.is_dir() {
        fs::create_dir(to).map_err(output)?;
        copy_content(from, to, budget)?;
        fs::set_permissions(to, meta.permissions()).map_err(output)?;
    } else if meta.is_symlink() {
        let target = fs::read_link(from).map_err(input)?;
        std::os::unix::fs::symlink(target, to).map_err(output)?;
        return Ok(());
    } else if meta.is_file() {
        // Opened apart, so that an error names the right side.
        let mut source = fs::File::open(from).map_err(input)?;
        let mut target = fs::File::create(to).map_err(output)?;
        io::copy(&mut source, &mut target).map_err(output)?;
        target.set_permissions(meta.permissions()).map_err(output)?;
    } else {
        // FIFOs, sockets and devices of the person's directory are not content.
        return Ok(());
    }
    let times = fs::FileTimes::new()
        .set_modified(meta.modified().map_err(input)?)
        .set_accessed(meta.accessed().map_err(input)?);
    let target = fs::File::open(to).map_err(output)?;
    target.set_times(times).map_err(output)
}

pub(crate) fn copy_content(from: &Path, to: &Path, budget: &mut Budget) -> Result<(), TreeError> {
    let input = |error| TreeError::Input {
        path: from.to_owned(),
        error,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(from).map_err(input)? {
        names.push(entry.map_err(input)?.file_name());
    }
    // In the same order each time: some programs show files as the directory has them.
    names.sort();
    for name in names {
        if OWN.iter().all(|own| name != *own) {
            copy(&from.join(&name), &to.join(&name), budget)?;
        }
    }
    Ok(())
}

/// Removes what is in a directory, also what its owner has closed against itself.
pub(crate) fn empty(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            remove(&path)?;
        } else {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Removes a directory and what is in it.
pub(crate) fn remove(directory: &Path) -> io::Result<()> {
    if fs::remove_dir_all(directory).is_err() {
        open_up(directory);
        fs::remove_dir_all(directory)?;
    }
    Ok(())
}

/// Gives the owner all rights on every directory below.
fn open_up(directory: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // Failing here shows in the removal that follows.
    let _ = fs::set_permissions(directory, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
