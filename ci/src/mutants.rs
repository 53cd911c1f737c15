//! The step `mutants`: changes the core in small ways, one at a time, by cargo-mutants. Each change has to make a test
//! fail, or to be in the list of those that none can see, with the reason.
//!
//! It takes hours for everything. `SIGPROOF_MUTANTS=machine,token` names the parts to do.

use std::{collections::BTreeSet, env, fs, path::Path, process::Command};

use crate::process::{Failure, shell_line, shown};

/// Its version: which changes it makes differs from one to the next.
const VERSION: &str = "27.1.0";
/// Where it is installed.
const ROOT: &str = "target/cargo-mutants";
/// What it leaves, one directory for each part.
const RESULTS: &str = "target/mutants";
/// Changes that survive, each with its reason.
const REASONS: &str = "ci/mutants.txt";
/// The parts to do, with commas between them; all without it.
const CHOSEN: &str = "SIGPROOF_MUTANTS";
/// So many of a hundred have to be killed.
const SHARE_MIN: usize = 95;

/// A part of the core.
struct Part {
    name: &'static str,
    /// Its files, below `core/src`.
    files: &'static [&'static str],
    /// The tests that judge it, as arguments of `cargo test`.
    tests: &'static [&'static str],
}

const PARTS: &[Part] = &[
    Part {
        name: "steps",
        files: &[
            "machine/step.rs",
            "machine/state.rs",
            "machine/stage.rs",
            "machine/rung.rs",
            "machine/millis.rs",
        ],
        tests: &["--lib"],
    },
    Part {
        name: "machine",
        files: &["machine/event.rs", "machine/policy.rs", "machine/signal.rs"],
        tests: &["--lib"],
    },
    Part {
        name: "cell",
        files: &[
            "stage_cell/c*.rs",
            "stage_cell/f*.rs",
            "stage_cell/storage.rs",
        ],
        tests: &["--lib", "--tests"],
    },
    Part {
        name: "token",
        files: &["token/[!tl]*.rs", "token/futures/*.rs"],
        tests: &["--lib", "--tests"],
    },
    Part {
        name: "handler",
        files: &["signal/*.rs", "signal/handler/*.rs"],
        tests: &["--lib", "--tests"],
    },
    Part {
        name: "pool",
        files: &[
            "pool/shared/*.rs",
            "pool/shared/run/[!l]*.rs",
            "pool/thread/mod.rs",
            "pool/process/*.rs",
            "pool/command/*.rs",
        ],
        tests: &["--lib", "--tests"],
    },
];

/// What became of the changes of a part.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    killed: usize,
    /// Without their lines, which move.
    survivors: Vec<String>,
    /// They did not compile.
    unviable: usize,
}

/// Runs the step.
pub fn run() -> Result<(), Failure> {
    let chosen = env::var(CHOSEN).unwrap_or_default();
    let parts = select(&chosen).map_err(|reason| Failure {
        reason,
        repeat: format!("{CHOSEN}=machine cargo ci mutants"),
    })?;
    let listed = fs::read_to_string(REASONS).unwrap_or_default();
    let reasons = reasons(&listed).map_err(failure)?;
    install()?;
    let mut wrong = Vec::new();
    for part in parts {
        let outcome = change(part)?;
        wrong.extend(report(part, &outcome, &reasons));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(failure(wrong.join("\n")))
}

fn failure(reason: String) -> Failure {
    Failure {
        reason,
        repeat: "cargo ci mutants".to_owned(),
    }
}

fn select(chosen: &str) -> Result<Vec<&'static Part>, String> {
    let names: Vec<&str> = chosen.split(',').filter(|name| !name.is_empty()).collect();
    let known = |name: &&&str| PARTS.iter().any(|part| part.name == **name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let all: Vec<_> = PARTS.iter().map(|part| part.name).collect();
        return Err(format!(
            "{CHOSEN}: there is no part {unknown}, only {}",
            all.join(", ")
        ));
    }
    let is_chosen = |part: &&Part| names.is_empty() || names.contains(&part.name);
    Ok(PARTS.iter().filter(is_chosen).collect())
}

fn install() -> Result<(), Failure> {
    let arguments = [
        "install",
        "--quiet",
        "--locked",
        "--root",
        ROOT,
        "--version",
        VERSION,
        "cargo-mutants",
    ];
    let line = shell_line(&[], "cargo", &arguments);
    shown("cargo", line, Command::new("cargo").args(arguments))
}

/// Makes the changes of a part.
fn change(part: &Part) -> Result<Outcome, Failure> {
    let directory = format!("{RESULTS}/{}", part.name);
    fs::create_dir_all(&directory)
        .map_err(|error| failure(format!("cannot make {directory}: {error}")))?;
    let files: Vec<String> = part
        .files
        .iter()
        .map(|file| format!("core/src/{file}"))
        .collect();
    let mut arguments = vec!["mutants", "--package", "sigproof-core", "--all-features"];
    arguments.extend(files.iter().flat_map(|file| ["--file", file]));
    arguments.extend([
        // What a changed program prints of it is no error.
        "--cap-lints",
        "true",
        "--timeout",
        "60",
        "--no-shuffle",
        "--output",
        &directory,
        "--",
    ]);
    arguments.extend(part.tests);
    // Line tables take long to link, many hundred times.
    let environment = [
        ("CARGO_PROFILE_DEV_DEBUG", "0"),
        ("CARGO_PROFILE_TEST_DEBUG", "0"),
    ];
    let program = format!("{ROOT}/bin/cargo-mutants");
    println!("$ {}", shell_line(&environment, "cargo", &arguments));
    let status = Command::new(&program)
        .args(&arguments)
        .envs(environment)
        .status();
    // 2: some survive; 3: some ran into the time limit, which is as good as a failure.
    match status.as_ref().map(|status| status.code()) {
        Ok(Some(0 | 2 | 3)) => {}
        Ok(_) => return Err(failure(format!("{program} ended with {status:?}"))),
        Err(error) => return Err(failure(format!("cannot run {program}: {error}"))),
    }
    read(&Path::new(&directory).join("mutants.out")).map_err(failure)
}

/// Reads what cargo-mutants has left.
fn read(directory: &Path) -> Result<Outcome, String> {
    let lines = |name: &str| -> Result<Vec<String>, String> {
        let path = directory.join(name);
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Ok(text.lines().map(without_line).collect())
    };
    Ok(Outcome {
        killed: lines("caught.txt")?.len() + lines("timeout.txt")?.len(),
        survivors: lines("missed.txt")?,
        unviable: lines("unviable.txt")?.len(),
    })
}

/// `core/src/a.rs:12:5: replace …` without the numbers of line and column.
fn without_line(change: &str) -> String {
    let mut parts = change.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(_), Some(_), Some(what)) => format!("{file}:{what}"),
        _ => change.to_owned(),
    }
}

/// Reads the list: a change, two spaces in front of the reason on the line below.
fn reasons(text: &str) -> Result<Vec<(&str, &str)>, String> {
    let mut found = Vec::new();
    let mut lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    while let Some(change) = lines.next() {
        let reason = lines.next().and_then(|line| line.strip_prefix("  "));
        let reason = reason.ok_or_else(|| format!("{REASONS}: no reason below: {change}"))?;
        found.push((change, reason));
    }
    Ok(found)
}

/// Prints how a part fared, and returns what is wrong.
fn report(part: &Part, outcome: &Outcome, reasons: &[(&str, &str)]) -> Vec<String> {
    let total = outcome.killed + outcome.survivors.len();
    println!(
        "{}: {} of {total} killed; {} more do not compile",
        part.name, outcome.killed, outcome.unviable
    );
    let mut wrong = Vec::new();
    let survivors: BTreeSet<&str> = outcome.survivors.iter().map(String::as_str).collect();
    for survivor in survivors {
        match reasons.iter().find(|(change, _)| *change == survivor) {
            Some((_, reason)) => println!("  {survivor}\n    {reason}"),
            None => wrong.push(format!(
                "{}: no test fails, and {REASONS} has no reason: {survivor}",
                part.name
            )),
        }
    }
    if outcome.killed * 100 < total * SHARE_MIN {
        wrong.push(format!("{}: less than {SHARE_MIN} % are killed", part.name));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &Part = &PARTS[0];

    fn outcome(killed: usize, survivors: &[&str]) -> Outcome {
        Outcome {
            killed,
            survivors: survivors.iter().map(ToString::to_string).collect(),
            unviable: 1,
        }
    }

    #[test]
    fn every_survivor_needs_a_reason() {
        let one = "core/src/a.rs: replace a with b";
        assert_eq!(
            report(STEPS, &outcome(99, &[one]), &[(one, "equal")]),
            [] as [String; 0]
        );
        let wrong = report(STEPS, &outcome(99, &[one]), &[("another", "equal")]);
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert!(wrong[0].contains(one));
    }

    #[test]
    fn most_have_to_be_killed_whatever_the_reasons() {
        let reasons = [
            ("a", "x"),
            ("b", "x"),
            ("c", "x"),
            ("d", "x"),
            ("e", "x"),
            ("f", "x"),
        ];
        let survivors = ["a", "b", "c", "d", "e"];
        assert!(report(STEPS, &outcome(95, &survivors), &reasons).is_empty());
        let wrong = report(
            STEPS,
            &outcome(94, &["a", "b", "c", "d", "e", "f"]),
            &reasons,
        );
        assert!(wrong[0].contains("less than 95 %"), "{wrong:?}");
    }

    #[test]
    fn changes_are_named_without_their_lines() {
        let change = "core/src/a.rs:12:5: replace <impl A for B>::c -> bool with true";
        let named = "core/src/a.rs: replace <impl A for B>::c -> bool with true";
        assert_eq!(without_line(change), named);
    }

    #[test]
    fn what_is_left_is_read() {
        let directory = env::temp_dir().join(format!("mutants-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory");
        for (name, text) in [
            ("caught.txt", "core/src/a.rs:1:2: x\ncore/src/a.rs:3:4: y\n"),
            ("timeout.txt", "core/src/a.rs:5:6: z\n"),
            ("missed.txt", "core/src/a.rs:7:8: w\n"),
            ("unviable.txt", ""),
        ] {
            fs::write(directory.join(name), text).expect("a file");
        }
        let expected = Outcome {
            killed: 3,
            survivors: vec!["core/src/a.rs: w".to_owned()],
            unviable: 0,
        };
        assert_eq!(read(&directory), Ok(expected));
        fs::remove_file(directory.join("missed.txt")).expect("a file");
        assert!(read(&directory).is_err_and(|error| error.contains("missed.txt")));
        fs::remove_dir_all(&directory).expect("ours");
    }

    #[test]
    fn the_list_is_well_formed_and_names_files_that_exist() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../")
            .join(REASONS);
        let text = fs::read_to_string(path).expect("the list");
        for (change, reason) in reasons(&text).expect("well-formed") {
            let (file, what) = change.split_once(": ").expect("a file and a change");
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
            assert!(
                file.exists() && !what.is_empty() && !reason.is_empty(),
                "{change}"
            );
        }
        assert!(reasons("core/src/a.rs: x\nno reason\n").is_err());
    }

    #[test]
    fn parts_are_chosen_by_name() {
        let names = |chosen: &str| -> Result<Vec<&str>, String> {
            Ok(select(chosen)?.iter().map(|part| part.name).collect())
        };
        assert_eq!(names("token,steps"), Ok(vec!["steps", "token"]));
        assert_eq!(names("").map(|names| names.len()), Ok(PARTS.len()));
        assert!(names("machin").is_err_and(|error| error.contains("steps, machine, cell")));
    }
}
