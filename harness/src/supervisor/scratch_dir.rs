//! Directories on disk that belong to the harness.
//!
//! With namespaces there is one empty directory for all, over which each
//! supervisor mounts a file system that only it sees. Without them each session
//! has a directory of its own, held by a lock: one whose lock is free belongs
//! to a session that was killed, and is removed by the next.

use crate::target::empty_directory;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A session's directory.
pub(crate) struct ScratchDir {
    root: PathBuf,
    session: Option<(PathBuf, File)>,
}

const PREFIX: &str = "session-";
const UNNAMED: &str = "new-";
const LOCK: &str = "lock";

impl ScratchDir {
    /// Finds a directory that does not lie below `avoid`, which a private view is going
    /// to cover.
    pub(crate) fn find(avoid: Option<&Path>) -> io::Result<ScratchDir> {
        let uid = nix::unistd::geteuid();
        let mut last = io::Error::other(
            "every directory for temporary files is below the working directory; \
             start sigproof in another directory or use --in or --empty",
        );
        for parent in ["/tmp", "/dev/shm", "/var/tmp", "/run"] {
            let root = Path::new(parent).join(format!("sigproof-{uid}"));
            if avoid.is_some_and(|avoid| root.starts_with(avoid)) {
                continue;
            }
            match claim(&root) {
                Ok(()) => {
                    return Ok(ScratchDir {
                        root,
                        session: None,
                    });
                }
                Err(error) => {
                    last = io::Error::other(format!("{}: {error}", root.display()));
                }
            }
        }
        Err(last)
    }

    /// The directory that all supervisors with namespaces mount over.
    pub(crate) fn shared(&self) -> PathBuf {
        self.root.clone()
    }

    /// A directory for one supervisor without namespaces.
    pub(crate) fn own(&mut self, index: usize) -> io::Result<PathBuf> {
        if self.session.is_none() {
            self.session = Some(self.begin()?);
        }
        let (session, _) = self.session.as_ref().expect("just made");
        let own = session.join(index.to_string());
        fs::create_dir_all(&own)?;
        Ok(own)
    }
}

impl ScratchDir {
    /// Makes a session's directory. It gets its name when its lock is held, so
    /// that nobody ever takes it for one that was left behind.
    fn begin(&self) -> io::Result<(PathBuf, File)> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = format!(
                "{}-{}",
                std::process::id(),
                NEXT.fetch_add(1, Ordering::Relaxed)
            );
            let unnamed = self.root.join(format!("{UNNAMED}{number}"));
            remove(&unnamed)?;
            fs::create_dir(&unnamed)?;
            let lock = File::create(unnamed.join(LOCK))?;
            lock.lock()?;
            let session = self.root.join(format!("{PREFIX}{number}"));
            match fs::rename(&unnamed, &session) {
                Ok(()) => return Ok((session, lock)),
                // One of the same number was left behind, or is another container's.
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => remove(&unnamed)?,
                Err(error) => return Err(error),
            }
        }
    }
}

/// Removes a directory, also when a target has closed parts of it.
fn remove(directory: &Path) -> io::Result<()> {
    if !directory.exists() {
        return Ok(());
    }
    empty_directory(directory)?;
    fs::remove_dir(directory)
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        if let Some((session, _lock)) = &self.session {
            // What cannot be removed now is removed by the next session, which says so.
            let _ = remove(session);
        }
    }
}

/// Makes sure that a directory is there and is this user's alone.
fn claim(root: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(root) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => return other,
    }
    let meta = root.symlink_metadata()?;
    if !meta.is_dir() || meta.uid() != nix::unistd::geteuid().as_raw() || meta.mode() & 0o077 != 0 {
        return Err(io::Error::other(
            "it exists and is not a directory of this user alone",
        ));
    }
    Ok(())
}

/// Removes what killed sessions left. Returns what was removed.
pub(crate) fn remove_stale() -> Vec<PathBuf> {
    let uid = nix::unistd::geteuid();
    let mut removed = Vec::new();
    for parent in ["/tmp", "/dev/shm", "/var/tmp", "/run"] {
        let root = Path::new(parent).join(format!("sigproof-{uid}"));
        for entry in fs::read_dir(&root).into_iter().flatten().flatten() {
            if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
                continue;
            }
            let session = entry.path();
            let free = match File::open(session.join(LOCK)) {
                Ok(lock) => !matches!(lock.try_lock(), Err(TryLockError::WouldBlock)),
                // Killed while it was being removed.
                Err(_) => true,
            };
            if free && remove(&session).is_ok() {
                removed.push(session);
            }
        }
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_outside_the_view_is_chosen() {
        let scratch = ScratchDir::find(Some(Path::new("/tmp"))).expect("another directory");
        assert!(!scratch.shared().starts_with("/tmp"));
        assert!(ScratchDir::find(Some(Path::new("/"))).is_err());
    }

    #[test]
    fn a_session_in_use_is_not_stale() {
        let mut scratch = ScratchDir::find(None).expect("scratch");
        let own = scratch.own(0).expect("own");
        assert!(!remove_stale().iter().any(|path| own.starts_with(path)));
        assert!(own.exists());
        drop(scratch);
        assert!(!own.exists());
    }
}
