//! Hashes of files and directories, to tell whether they are what they were.

use crate::target::OWN;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use xxhash_rust::xxh3::Xxh3Default;

/// Entries of a directory that are looked at.
const ENTRIES_MAX: usize = 2_000;
/// Bytes in a directory that are looked at.
const BYTES_MAX: u64 = 16 << 20;

/// The hash (xxh3) of a file's content, or of names, modes and contents of a directory.
///
/// # Errors
/// What cannot be read, and a directory that is too large.
pub(crate) fn of(path: &Path) -> io::Result<String> {
    let mut hasher = Xxh3Default::new();
    if path.metadata()?.is_dir() {
        let mut left = (ENTRIES_MAX, BYTES_MAX);
        directory(path, &mut hasher, &mut left)?;
    } else {
        file(path, &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.digest()))
}

fn file(path: &Path, hasher: &mut Xxh3Default) -> io::Result<()> {
    let mut file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut buffer = [0u8; 64 * 1024];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

fn directory(
    directory_path: &Path,
    hasher: &mut Xxh3Default,
    left: &mut (usize, u64),
) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory_path)? {
        names.push(entry?.file_name());
    }
    names.sort();
    for name in names
        .into_iter()
        .filter(|name| OWN.iter().all(|own| name != own))
    {
        let path = directory_path.join(&name);
        let meta = path.symlink_metadata()?;
        let bytes = if meta.is_file() { meta.len() } else { 0 };
        let too_large = || io::Error::from(io::ErrorKind::FileTooLarge);
        left.0 = left.0.checked_sub(1).ok_or_else(too_large)?;
        left.1 = left.1.checked_sub(bytes).ok_or_else(too_large)?;
        hasher.update(name.as_encoded_bytes());
        hasher.update(&[0]);
        hasher.update(&meta.permissions().mode().to_le_bytes());
        if meta.is_dir() {
            directory(&path, hasher, left)?;
            hasher.update(b"..");
        } else if meta.is_symlink() {
            hasher.update(fs::read_link(&path)?.as_os_str().as_encoded_bytes());
        } else if meta.is_file() {
            hasher.update(&bytes.to_le_bytes());
            file(&path, hasher)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_of_a_directory_shows() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        fs::create_dir(path.join("sub")).unwrap();
        fs::write(path.join("sub/a"), "1").unwrap();
        let mut seen = vec![of(path).unwrap()];
        let mut changed = |what: &str| {
            let now = of(path).unwrap();
            assert!(!seen.contains(&now), "{what}");
            seen.push(now);
        };
        fs::write(path.join("sub/a"), "2").unwrap();
        changed("content");
        fs::write(path.join("b"), "").unwrap();
        changed("a file");
        fs::rename(path.join("b"), path.join("c")).unwrap();
        changed("a name");
        fs::set_permissions(path.join("c"), fs::Permissions::from_mode(0o700)).unwrap();
        changed("a mode");
        fs::rename(path.join("c"), path.join("sub/c")).unwrap();
        changed("a place");
        let now = of(path).unwrap();
        fs::create_dir(path.join(OWN[0])).unwrap();
        fs::write(path.join(OWN[0]).join("x.json"), "{}").unwrap();
        assert_eq!(of(path).unwrap(), now, "the store is no input");
    }

    #[test]
    fn what_is_too_large_has_no_hash() {
        let directory = tempfile::tempdir().unwrap();
        let large = File::create(directory.path().join("large")).unwrap();
        large.set_len(BYTES_MAX + 1).unwrap();
        assert!(of(directory.path()).is_err());
    }
}
