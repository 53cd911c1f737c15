//! The step `cross`: the core on other systems than this one. Each of its three parts is a step as well.
//!
//! Windows programs run under Wine and those for aarch64 under qemu's user mode, so there the tests run. For macOS
//! there is neither a linker nor anything to run programs in: the compiler checks every target, tests included.

pub mod machine;
mod typed;
pub mod wine;

use std::path;

use crate::{debian, process::Failure};

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

/// Modules of the end-to-end tests that cannot pass under qemu's user mode, with the reason.
const MODULES_NOT_UNDER_QEMU: &[(&str, &str)] = &[
    (
        "guardian",
        "a process under qemu cannot adopt orphans, so there is no guardian",
    ),
    (
        "pool_signal_stress",
        "starts hundreds of workers, each of them an emulator of its own",
    ),
];

/// Tests of other modules that cannot, with the reason.
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
        "without_threads_a_command_is_an_error",
        "forbids a system call by a filter, which qemu does not install",
    ),
    (
        "without_memfds_the_stage_is_shared_all_the_same",
        "forbids a system call by a filter, which qemu does not install",
    ),
    (
        "stops_in_several_threads_leave_the_handler_installed",
        "changes a disposition while other threads get the signal: qemu jumps to address 0, see ci/qemu/dispositions.c",
    ),
    (
        "workers_start_after_the_executable_was_replaced",
        "executes the file that this process was started from, which is qemu itself there",
    ),
    (
        "a_forked_child_that_drops_its_own_handler_dies_by_default",
        "ends a thread in a forked child of several threads, at which qemu fails an assertion of its own",
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
        ("SIGPROOF_EMULATED", "1"), // deadlines are longer
    ];
    const TRIPLE: &str = "aarch64-unknown-linux-gnu";
    // Their suite would build them for this machine.
    cargo(TRIPLE, &environment, &["build", "--examples"])?;
    for (name, reason) in [MODULES_NOT_UNDER_QEMU, TESTS_NOT_UNDER_QEMU].concat() {
        println!("left out under qemu: {name}: {reason}");
    }
    let modules: Vec<String> = MODULES_NOT_UNDER_QEMU
        .iter()
        .map(|(module, _)| format!("{module}::"))
        .collect();
    // Apart: the library has a module `guardian` as well, whose unit tests pass.
    let suites: [(&[&str], &[String]); 2] = [(&["--lib"], &[]), (&["--test", "e2e"], &modules)];
    for (suite, left_out) in suites {
        let mut arguments = vec!["test", "--no-fail-fast"];
        arguments.extend(suite);
        arguments.push("--");
        let tests = TESTS_NOT_UNDER_QEMU.iter().map(|(test, _)| *test);
        for skipped in tests.chain(left_out.iter().map(String::as_str)) {
            arguments.extend(["--skip", skipped]);
        }
        cargo(TRIPLE, &environment, &arguments)?;
    }
    Ok(())
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
    use std::fs;

    use super::*;

    #[test]
    fn what_is_left_out_is_there() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/tests/e2e");
        for (module, _) in MODULES_NOT_UNDER_QEMU {
            let path = format!("{directory}/{module}.rs");
            assert!(fs::exists(&path).unwrap(), "there is no {path}");
        }
        let files = fs::read_dir(directory).unwrap().flatten();
        let texts: Vec<String> = files
            .filter_map(|file| fs::read_to_string(file.path()).ok())
            .collect();
        for (test, _) in TESTS_NOT_UNDER_QEMU {
            let defines = |text: &String| text.contains(&format!("fn {test}()"));
            assert!(texts.iter().any(defines), "there is no test {test}");
        }
    }
}
