//! Copies of programs that are executed from their new place.

use std::path::Path;
use std::process::Command;

/// Copies a program with its mode. Another process does so: while this one had the copy open for writing, a child that
/// another test forks at that moment would have it open as well, and to execute it would fail (ETXTBSY).
pub fn copy_program(from: impl AsRef<Path>, to: &Path) {
    let status = Command::new("cp").arg(from.as_ref()).arg(to).status();
    assert!(status.expect("cp runs").success(), "no {}", to.display());
}
