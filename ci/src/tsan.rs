//! The step `tsan`: the core and its pools under ThreadSanitizer.
//!
//! The standard library has to be built with it as well, or its locks look like races. Its runtime comes with rustup's
//! compiler, not with Debian's, which has the sources: the one is linked to what the other makes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    debian,
    process::{Failure, shell_line, shown},
};

/// The directory of everything made here, below the target directory.
const DIRECTORY: &str = "tsan";
/// A futex whose waiters run signal handlers; says why.
const FUTEX: &str = "ci/tsan/futex.c";
/// A program with a data race.
const WITNESS: &str = "ci/witness/Cargo.toml";

/// Tests that cannot pass, with the reason.
const LEFT_OUT: &[(&str, &str)] = &[
    (
        "a_forked_child_dies_by_default_and_tells_the_parent_nothing",
        "ThreadSanitizer does not follow a child forked by one of several threads, and holds its signals back",
    ),
    (
        "a_forked_child_that_drops_its_own_handler_dies_by_default",
        "ThreadSanitizer does not follow a child forked by one of several threads, and holds its signals back",
    ),
    (
        "a_forked_child_that_drops_the_handler_of_its_parent_dies_by_default",
        "ThreadSanitizer does not follow a child forked by one of several threads, and holds its signals back",
    ),
    (
        "a_guardian_keeps_no_memory_of_this_process",
        "a guardian keeps the shadow memory of ThreadSanitizer, which every function looks into",
    ),
    (
        "no_line_is_torn_while_bars_move",
        "a waiter that looks for a lock once a millisecond hardly ever finds it free of four who draw without a pause",
    ),
];

const PACKAGE: [&str; 3] = ["--package", "sigproof-core", "--all-features"];

/// Runs the step.
pub fn run() -> Result<(), Failure> {
    let (triple, runtime) = runtime()?;
    let futex = futex()?;
    let reports = Reports::new(debian::target(DIRECTORY).join("reports"))?;
    let flags = format!(
        "-Zsanitizer=thread -Zexternal-clangrt \
         -Zpre-link-args=-Wl,--whole-archive,{},--no-whole-archive,--no-as-needed,--wrap=syscall,{}",
        runtime.display(),
        futex.display()
    );
    let options = reports.options();
    let environment = [
        ("RUSTFLAGS", flags.as_str()),
        ("TSAN_OPTIONS", options.as_str()),
    ];
    sees_a_race(&triple, &environment, &reports)?;
    // Their suite would build them with a standard library that is not.
    let examples = [&["build"], &PACKAGE[..], &["--examples"]].concat();
    debian::cargo(DIRECTORY, &triple, &environment, &examples)?;
    let mut tests = [
        &["test"],
        &PACKAGE[..],
        &["--lib", "--tests", "--no-fail-fast", "--"],
    ]
    .concat();
    for (test, reason) in LEFT_OUT {
        println!("left out under ThreadSanitizer: {test}: {reason}");
        tests.extend(["--skip", test]);
    }
    let passed = debian::cargo(DIRECTORY, &triple, &environment, &tests);
    // First: a race may be why a test failed.
    match reports.take() {
        None => passed,
        Some(text) => Err(Failure {
            reason: format!("ThreadSanitizer has found this:\n{text}"),
            repeat: "cargo ci tsan".to_owned(),
        }),
    }
}

/// What ThreadSanitizer found, in this process or another one: files of a directory. A worker, or a child that a test
/// starts, has nobody who reads its standard error to the end or looks at its exit status.
struct Reports(PathBuf);

impl Reports {
    fn new(directory: PathBuf) -> Result<Reports, Failure> {
        let reports = Reports(directory);
        reports.take();
        fs::create_dir_all(&reports.0).map_err(|error| Failure {
            reason: format!("cannot make {}: {error}", reports.0.display()),
            repeat: "cargo ci tsan".to_owned(),
        })?;
        Ok(reports)
    }

    /// What ThreadSanitizer is told. At the end of a process it waits for other threads to be found out, a whole
    /// second by default: suites that start hundreds of processes would take minutes longer.
    fn options(&self) -> String {
        format!(
            "log_path={}:atexit_sleep_ms=20",
            self.0.join("race").display()
        )
    }

    /// All that was found since, one after the other; `None` if that is nothing.
    fn take(&self) -> Option<String> {
        let mut text = String::new();
        for file in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            let bytes = fs::read(file.path()).unwrap_or_default();
            text.push_str(&String::from_utf8_lossy(&bytes));
            // What cannot be removed is reported once more, next time.
            let _ = fs::remove_file(file.path());
        }
        Some(text).filter(|text| !text.is_empty())
    }
}

/// Compiles what lets handlers run in waiting threads.
fn futex() -> Result<PathBuf, Failure> {
    let directory = debian::target(DIRECTORY);
    fs::create_dir_all(&directory).map_err(|error| Failure {
        reason: format!("cannot make {}: {error}", directory.display()),
        repeat: "cargo ci tsan".to_owned(),
    })?;
    let object = directory.join("futex.o");
    let place = object.to_string_lossy();
    let arguments = ["-O1", "-Wall", "-c", "-o", &*place, FUTEX];
    let line = shell_line(&[], "cc", &arguments);
    shown("cc", line, Command::new("cc").args(arguments))?;
    Ok(object)
}

/// Whether a race would be noticed at all: one that is there has to be.
fn sees_a_race(
    triple: &str,
    environment: &[(&str, &str)],
    reports: &Reports,
) -> Result<(), Failure> {
    let arguments = ["run", "--quiet", "--manifest-path", WITNESS];
    let (line, mut witness) = debian::command(DIRECTORY, triple, environment, &arguments);
    println!("$ {line}   # must find a race");
    let reason = match (witness.output(), reports.take()) {
        (_, Some(found)) if found.contains("ThreadSanitizer: data race") => {
            println!("the planted race is found");
            return Ok(());
        }
        (Ok(output), found) => format!(
            "the planted race is not found:\n{}{}",
            String::from_utf8_lossy(&output.stderr),
            found.unwrap_or_default()
        ),
        (Err(error), _) => format!("cannot run cargo: {error}"),
    };
    Err(Failure {
        reason,
        repeat: line,
    })
}

/// The system of the compiler on the search path, and its runtime of ThreadSanitizer.
fn runtime() -> Result<(String, PathBuf), Failure> {
    let arguments = ["--print", "target-libdir"];
    let printed = Command::new("rustc").args(arguments).output();
    let libraries = printed
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default();
    find(Path::new(&libraries)).ok_or_else(|| Failure {
        reason: format!(
            "no runtime of ThreadSanitizer in {libraries:?}: rustup's compilers have one, others may not"
        ),
        repeat: shell_line(&[], "rustc", &arguments),
    })
}

/// `…/rustlib/SYSTEM/lib` has `librustc-CHANNEL_rt.tsan.a`.
fn find(libraries: &Path) -> Option<(String, PathBuf)> {
    let system = libraries.parent()?.file_name()?.to_str()?.to_owned();
    let runtime = fs::read_dir(libraries).ok()?.flatten().find(|file| {
        file.file_name()
            .to_str()
            .is_some_and(|name| name.starts_with("librustc-") && name.ends_with("_rt.tsan.a"))
    })?;
    Some((system, runtime.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_taken_once() {
        let place = debian::target("tsan-test").join(format!("reports-{}", std::process::id()));
        let reports =
            Reports::new(place.clone()).unwrap_or_else(|failure| panic!("{}", failure.reason));
        assert_eq!(reports.take(), None);
        fs::write(place.join("race.1"), "one").unwrap();
        assert_eq!(reports.take().as_deref(), Some("one"));
        assert_eq!(reports.take(), None);
        fs::remove_dir_all(place).unwrap();
    }

    #[test]
    fn what_is_left_out_is_there() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/tests/e2e");
        let files = |directory: &Path| {
            let entries = fs::read_dir(directory).unwrap();
            entries.map(|entry| entry.unwrap().path())
        };
        // A suite may have a folder of its own, with nothing below it.
        let (folders, top): (Vec<PathBuf>, Vec<PathBuf>) =
            files(Path::new(directory)).partition(|path| path.is_dir());
        let below = folders.iter().flat_map(|folder| files(folder));
        let suites: String = below
            .chain(top)
            .filter_map(|path| fs::read_to_string(path).ok())
            .collect();
        for (test, _) in LEFT_OUT {
            assert!(
                suites.contains(&format!("fn {test}()")),
                "there is no test {test}"
            );
        }
    }

    #[test]
    fn the_runtime_is_found_beside_others() {
        let place = debian::target("tsan-test").join(format!("{}", std::process::id()));
        let libraries = place.join("rustlib/some-system/lib");
        fs::create_dir_all(&libraries).unwrap();
        for other in ["librustc-stable_rt.asan.a", "librustc-stable_rt.rtsan.a"] {
            fs::write(libraries.join(other), "").unwrap();
        }
        assert_eq!(find(&libraries), None);
        let runtime = libraries.join("librustc-stable_rt.tsan.a");
        fs::write(&runtime, "").unwrap();
        assert_eq!(find(&libraries), Some(("some-system".to_owned(), runtime)));
        fs::remove_dir_all(place).unwrap();
        assert_eq!(find(&libraries), None);
    }
}
