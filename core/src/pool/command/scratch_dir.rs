//! A directory that goes with a program.

use std::fs;
use std::io;
use std::path::{self, Path, PathBuf};

/// A directory that is removed with everything in it when this is dropped.
#[derive(Debug)]
pub(super) struct ScratchDir(PathBuf);

impl ScratchDir {
    /// Makes the directory if it is not there.
    ///
    /// # Errors
    /// Those of making a directory, with its path.
    pub(super) fn make(directory: &Path) -> io::Result<ScratchDir> {
        let directory = path::absolute(directory)?;
        fs::create_dir_all(&directory).map_err(|error| about("make", &directory, &error))?;
        Ok(ScratchDir(directory))
    }

    /// Its absolute path.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Removes it now.
    ///
    /// # Errors
    /// Those of removing the directory, with its path.
    pub(super) fn remove(mut self) -> io::Result<()> {
        let directory = std::mem::take(&mut self.0);
        remove(&directory).map_err(|error| about("remove", &directory, &error))
    }

    /// Leaves the directory to the guardian.
    pub(super) fn leave(mut self) {
        self.0.clear();
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        if self.0.as_os_str().is_empty() {
            return;
        }
        // There is another error to tell of.
        let _ = remove(&self.0);
    }
}

fn remove(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn about(what: &str, directory: &Path, error: &io::Error) -> io::Error {
    let text = format!("cannot {what} {}: {error}", directory.display());
    io::Error::new(error.kind(), text)
}
