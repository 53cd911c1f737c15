//! The archive, the package for Debian, and the list of checksums.

use crate::{clean, has, is_usable, open_directory, published, said, succeeds, unpack};
use std::fs;

#[test]
fn the_archive_runs_from_wherever_it_is_unpacked() {
    let home = open_directory();
    unpack(home.path());
    is_usable(home.path(), || {
        clean(home.path().join("bin/sigproof"), home.path())
    });
    let file = succeeds(clean("ldd", home.path()).arg("bin/sigproof"));
    has(&file, &["statically linked"]);
}

#[test]
fn a_crash_can_be_read_with_the_line_tables_that_are_kept_apart() {
    let home = open_directory();
    let symbols = published("x86_64.debug");
    let table = clean("nm", home.path())
        .args(["--demangle", "--defined-only"])
        .arg(&symbols)
        .output()
        .expect("nm");
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    let ours = table
        .lines()
        .find(|line| line.contains(" sigproof::cli::"))
        .expect("a function of ours");
    let (address, _) = ours.split_once(' ').expect("an address");
    let mut lines = clean("addr2line", home.path());
    lines.arg("--exe").arg(&symbols).arg(address);
    has(&succeeds(&mut lines), &["/sigproof/harness/src/cli/"]);
}

/// Installed by dpkg itself into a root of its own: no file is anybody else's, and nothing is missing.
#[test]
fn the_debian_package_is_installed_and_removed() {
    if !crate::is_root() {
        println!("dpkg installs as root only");
        return;
    }
    let root = open_directory();
    for directory in ["var/lib/dpkg/info", "var/lib/dpkg/updates"] {
        fs::create_dir_all(root.path().join(directory)).expect("a directory");
    }
    fs::write(root.path().join("var/lib/dpkg/status"), "").expect("a file");
    let dpkg = |words: &[&str]| {
        let mut command = clean("dpkg", root.path());
        command.arg(format!("--root={}", root.path().display()));
        command.args(words);
        command
    };
    let package = published("_amd64.deb");
    succeeds(&mut dpkg(&["--install", &package.to_string_lossy()]));
    has(
        &succeeds(&mut dpkg(&["--list", "sigproof"])),
        &["ii sigproof 0.1.0"],
    );
    for path in [
        "usr/share/man/man1/sigproof.1",
        "usr/share/zsh/site-functions/_sigproof",
    ] {
        assert!(root.path().join(path).is_file(), "no {path}");
    }
    let home = open_directory();
    let program = root.path().join("usr/bin/sigproof");
    is_usable(home.path(), || clean(&program, home.path()));
    succeeds(&mut dpkg(&["--purge", "sigproof"]));
    assert!(!program.exists());
}

#[test]
fn the_checksums_are_those_of_the_files() {
    let list = published("SHA256SUMS");
    let directory = list.parent().expect("a directory");
    let mut check = clean("sha256sum", directory);
    succeeds(check.args(["--check", "--strict", "SHA256SUMS"]));
    let files = fs::read_dir(directory).expect("it").count();
    let listed = fs::read_to_string(&list).expect("a list").lines().count();
    assert_eq!(listed + 1, files, "every file but the list is in the list");
    // One that was changed is noticed.
    let copy = open_directory();
    fs::copy(&list, copy.path().join("SHA256SUMS")).expect("a copy");
    let deb = published("_amd64.deb");
    let name = deb.file_name().expect("a name");
    fs::write(copy.path().join(name), "something else").expect("a file");
    let (code, _) =
        said(clean("sha256sum", copy.path()).args(["--check", "--ignore-missing", "SHA256SUMS"]));
    assert_eq!(code, Some(1));
}
