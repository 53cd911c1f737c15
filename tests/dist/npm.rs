//! The packages for npm.

use crate::{clean, has, is_usable, open_directory, published, said, succeeds};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Installs these files, and nothing from a registry.
fn install(home: &Path, files: &[&str]) {
    fs::write(home.join("package.json"), "{\"private\": true}\n").expect("a file");
    let mut npm = clean("npm", home);
    npm.args(["install", "--offline", "--no-audit", "--no-fund", "--quiet"]);
    succeeds(npm.args(files.iter().map(|end| published(end))));
}

/// The command, as `npx` finds it.
fn sigproof(home: &Path) -> Command {
    clean(home.join("node_modules/.bin/sigproof"), home)
}

#[test]
fn a_package_and_that_of_this_system_bring_the_command() {
    let home = open_directory();
    install(
        home.path(),
        &["/sigproof-0.1.0.tgz", "sigproof-linux-x64-0.1.0.tgz"],
    );
    is_usable(home.path(), || sigproof(home.path()));
    let version =
        succeeds(clean("npx", home.path()).args(["--no-install", "sigproof", "--version"]));
    assert_eq!(version, "sigproof 0.1.0\n");
}

#[test]
fn without_the_package_of_this_system_it_says_what_is_missing() {
    let home = open_directory();
    install(home.path(), &["/sigproof-0.1.0.tgz"]);
    let (code, text) = said(sigproof(home.path()).arg("doctor"));
    assert_eq!(code, Some(3), "{text}");
    has(
        &text,
        &["sigproof-linux-x64", "is not installed", "--omit=optional"],
    );
}

#[test]
fn on_another_system_it_says_what_it_needs() {
    let home = open_directory();
    install(home.path(), &["/sigproof-0.1.0.tgz"]);
    let elsewhere = "Object.defineProperty(process, 'platform', { value: 'darwin' });";
    fs::write(home.path().join("elsewhere.cjs"), elsewhere).expect("a file");
    let (code, text) = said(sigproof(home.path()).env("NODE_OPTIONS", "--require ./elsewhere.cjs"));
    assert_eq!(code, Some(3), "{text}");
    has(
        &text,
        &["does not run on darwin-x64", "Linux on x86-64 or aarch64"],
    );
}
