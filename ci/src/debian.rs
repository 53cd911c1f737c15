//! Debian's compiler, which comes with the sources of the standard library: with them it builds for any system, and
//! with any sanitizer, whatever other tool chains are installed. The libraries of other systems cannot be had
//! otherwise where only a package mirror is in reach.

use std::{env, path::PathBuf, process::Command};

use crate::process::{Failure, shell_line, shown};

/// The compiler, by its full name: on the search path another one may come first.
pub const RUSTC: &str = "/usr/bin/rustc";
/// Its cargo.
pub const CARGO: &str = "/usr/bin/cargo";
/// Where it has the sources of the standard library.
pub const SOURCES: &str = "/usr/lib/rustlib/src/rust/library/Cargo.toml";

/// Where a search for programs leads to nothing but the system's own.
const SEARCH_PATH: &str = "/usr/bin:/bin";

/// What would reach the compiler behind our back.
const UNWANTED: &[&str] = &[
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOC",
    "RUSTDOCFLAGS",
    "RUSTFLAGS",
];

/// A directory below the one where Cargo puts what it makes; nothing else here is written to.
pub fn target(directory: &str) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let target = target.join(directory);
    // Programs that are run from elsewhere get this path as well.
    std::path::absolute(&target).unwrap_or(target)
}

/// Runs cargo with a standard library of its own making, for the system `triple`. What it makes goes to `directory`
/// below the target directory: another compiler must not find it.
pub fn cargo(
    directory: &str,
    triple: &str,
    environment: &[(&str, &str)],
    arguments: &[&str],
) -> Result<(), Failure> {
    let (line, mut command) = command(directory, triple, environment, arguments);
    shown("cargo", line, &mut command)
}

/// What [`cargo`] runs, as a line to paste and as a command. The first of the arguments is cargo's own command.
pub fn command(
    directory: &str,
    triple: &str,
    environment: &[(&str, &str)],
    arguments: &[&str],
) -> (String, Command) {
    let target = target(directory);
    let target = target.to_string_lossy();
    let environment = [
        &[
            ("PATH", SEARCH_PATH),
            ("RUSTC", RUSTC),
            // `-Z` is for compilers that are not released, or for those told to take it all the same.
            ("RUSTC_BOOTSTRAP", "1"),
            ("CARGO_TARGET_DIR", &*target),
        ],
        environment,
    ]
    .concat();
    let (subcommand, options) = arguments.split_at(1);
    let standard_library = ["-Zbuild-std=std,panic_unwind,test", "--target", triple];
    let arguments = [subcommand, &standard_library, options].concat();
    let line = shell_line(&environment, CARGO, &arguments);
    let mut command = Command::new(CARGO);
    for name in UNWANTED {
        command.env_remove(name);
    }
    command.args(&arguments).envs(environment);
    (line, command)
}
