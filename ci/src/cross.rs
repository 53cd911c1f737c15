//! The step `cross`: the core on other systems than this one. Each of its three parts is a step as well.
//!
//! Windows programs run under Wine and those for aarch64 under qemu's user mode, so there the tests run. For macOS
//! there is neither a linker nor anything to run programs in: the compiler checks every target, tests included.

use std::{
    fs,
    path::{self, Path},
};

use crate::{debian, run::Failure, typed, wine};

/// Systems for which the compiler checks everything.
const CHECKED: &[&str] = &[
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
];

/// The directory of everything made here, below the target directory.
const DIRECTORY: &str = "cross";

/// Lets the compiler check every target where nothing can be run.
pub fn check() -> Result<(), Failure> {
    for triple in CHECKED {
        cargo(triple, &[], &["check", "--all-targets"])?;
    }
    Ok(())
}

/// Suites that cannot pass under qemu's user mode, with the reason.
const SUITES_NOT_UNDER_QEMU: &[(&str, &str)] = &[
    (
        "guardian",
        "a process under qemu cannot adopt orphans, so there is no guardian",
    ),
    (
        "pool_under_fire",
        "starts hundreds of workers, each of them an emulator of its own",
    ),
];

/// Tests of other suites that cannot, with the reason.
const TESTS_NOT_UNDER_QEMU: &[(&str, &str)] = &[
    (
        "workers_see_what_they_should",
        "reads the dispositions in /proc, which are those of qemu",
    ),
    (
        "the_third_signal_kills_the_group_from_the_handler",
        "waits until no signal is pending in /proc; qemu keeps some so",
    ),
    (
        "a_handler_that_cannot_be_removed_says_so",
        "forbids a system call by a filter, which qemu does not install",
    ),
    (
        "stops_in_several_threads_leave_the_handler_installed",
        "changes a disposition while other threads get the signal: qemu jumps to address 0, see ci/qemu/dispositions.c",
    ),
];

/// Runs the tests for aarch64 under qemu.
pub fn aarch64() -> Result<(), Failure> {
    // Cargo runs tests in the directory of their package.
    let runner = path::absolute("ci/qemu/run.sh").unwrap_or_default();
    let runner = runner.to_string_lossy();
    let environment = [
        (
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
            "aarch64-linux-gnu-gcc",
        ),
        ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER", &*runner),
    ];
    const TRIPLE: &str = "aarch64-unknown-linux-gnu";
    // Their suite would build them for this machine.
    cargo(TRIPLE, &environment, &["build", "--examples"])?;
    for (name, reason) in [SUITES_NOT_UNDER_QEMU, TESTS_NOT_UNDER_QEMU].concat() {
        println!("left out under qemu: {name}: {reason}");
    }
    let suites = suites(Path::new("core/tests"), SUITES_NOT_UNDER_QEMU);
    let mut arguments = vec!["test", "--no-fail-fast", "--lib"];
    for suite in &suites {
        arguments.extend(["--test", suite]);
    }
    arguments.push("--");
    for (test, _) in TESTS_NOT_UNDER_QEMU {
        arguments.extend(["--skip", test]);
    }
    cargo(TRIPLE, &environment, &arguments)
}

/// The suites in a directory, without those left out.
fn suites(directory: &Path, left_out: &[(&str, &str)]) -> Vec<String> {
    let files = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = files.filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        Some(name.strip_suffix(".rs")?.to_owned())
    });
    let mut names: Vec<_> = names
        .filter(|name| left_out.iter().all(|(other, _)| other != name))
        .collect();
    names.sort();
    names
}

/// Runs the tests for Windows under Wine, and what is typed at a program there.
pub fn windows() -> Result<(), Failure> {
    const TRIPLE: &str = "x86_64-pc-windows-gnu";
    let wine = wine::Wine::start(&debian::target(DIRECTORY))?;
    let environment = wine.environment();
    let mut environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    environment.push(("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", wine::LOADER));
    cargo(TRIPLE, &environment, &["test", "--lib", "--tests"])?;
    cargo(TRIPLE, &environment, &["build", "--examples"])?;
    let programs = debian::target(DIRECTORY)
        .join(TRIPLE)
        .join("debug/examples");
    typed::all(&wine, &programs)
}

fn cargo(triple: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Result<(), Failure> {
    let (command, options) = arguments.split_at(1);
    let package = ["--package", "sigproof-core", "--all-features"];
    let arguments = [command, &package, options].concat();
    debian::cargo(DIRECTORY, triple, environment, &arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_there_and_the_rest_is_run() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/tests");
        let all = suites(Path::new(directory), &[]);
        let run = suites(Path::new(directory), SUITES_NOT_UNDER_QEMU);
        assert!(run.contains(&"signals".to_owned()), "{run:?}");
        assert_eq!(run.len() + SUITES_NOT_UNDER_QEMU.len(), all.len());
        for (test, _) in TESTS_NOT_UNDER_QEMU {
            let defines = |suite: &String| {
                let text = fs::read_to_string(format!("{directory}/{suite}.rs"));
                text.is_ok_and(|text| text.contains(&format!("fn {test}()")))
            };
            assert!(run.iter().any(defines), "there is no test {test}");
        }
    }
}
