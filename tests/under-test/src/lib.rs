//! Runs the `sigproof` command that Cargo has built for a test, and reads its output.
//!
//! A package of its own, so that all test binaries of the root package share it.

use assert_cmd::cargo::cargo_bin;
use libtest_mimic::Failed;
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, Output};

/// The path of the command, to be put into a script as well.
///
/// # Panics
///
/// If it is not built, or its path is not UTF-8.
pub fn program() -> String {
    let path = rust_program("sigproof-under-test");
    path.into_os_string()
        .into_string()
        .expect("a path in UTF-8")
}

/// The path of a binary of the root package: the command or a fixture in Rust.
///
/// # Panics
///
/// If it is not built.
pub fn rust_program(stem: &str) -> PathBuf {
    let path = cargo_bin(stem);
    assert!(path.exists(), "{} is not built", path.display());
    path
}

/// The name of a call on this machine: newer ones have only the successors of some.
pub fn call_here(call: &str) -> &str {
    match (std::env::consts::ARCH, call) {
        ("aarch64", "mkdir") => "mkdirat",
        ("aarch64", "rename") => "renameat",
        _ => call,
    }
}

/// The interpreter itself: what `PATH` has may be a script that looks for it.
pub fn python() -> String {
    let script = "import sys; print(sys.executable)";
    let output = Command::new("python3").args(["-c", script]).output();
    let output = output.expect("python3");
    String::from_utf8(output.stdout)
        .expect("a path")
        .trim()
        .to_owned()
}

/// The command without arguments, in an environment that does not change its output.
pub fn command() -> Command {
    let mut command = Command::new(program());
    command
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("COLUMNS")
        .stdin(std::process::Stdio::null());
    command
}

/// One finding, or one violated verdict of a run.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The name of the oracle.
    pub oracle: String,
    /// What it is about, for instance a path.
    pub subject: String,
    /// The sentence that a person reads.
    pub text: String,
    /// Whether only some of the repetitions show it.
    pub flaky: bool,
    /// Where the failing run is stored.
    pub file: Option<String>,
    /// The number of repetitions that show it.
    pub seen: u64,
    /// The number of repetitions.
    pub times: u64,
}

/// The output of a command with `--json`.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; `None` after death by a signal.
    pub code: Option<i32>,
    /// The findings after readiness, in the order of the output.
    pub findings: Vec<Finding>,
    /// All of the output, one object a line.
    pub lines: Vec<Value>,
    /// What was written to standard error.
    pub stderr: String,
    command: String,
    _store: tempfile::TempDir,
}

impl Outcome {
    /// The oracles with a finding.
    pub fn oracles(&self) -> impl Iterator<Item = &str> {
        self.findings.iter().map(|finding| finding.oracle.as_str())
    }

    /// The last line of this type.
    pub fn line(&self, kind: &str) -> Option<&Value> {
        self.lines.iter().rev().find(|line| line["type"] == kind)
    }

    /// A failure that shows everything that is needed to understand it.
    pub fn failed(&self, why: &str) -> Failed {
        let lines: Vec<String> = self
            .lines
            .iter()
            .filter(|line| line["type"] != "event")
            .map(Value::to_string)
            .collect();
        format!(
            "{why}\ncommand: {}\nexit code: {:?}\n{}\nstderr:\n{}",
            self.command,
            self.code,
            lines.join("\n"),
            self.stderr
        )
        .into()
    }
}

/// Runs the command with `--json`. Findings go to a store of their own, which lives as long as the outcome.
///
/// # Errors
///
/// If the command cannot be started, or its output is not JSON Lines.
pub fn json<S: AsRef<OsStr>>(arguments: &[S]) -> Result<Outcome, Failed> {
    let store = tempfile::tempdir()?;
    let mut command = command();
    let verb = arguments
        .first()
        .map(|verb| verb.as_ref().to_owned())
        .unwrap_or_default();
    command.arg(&verb).arg("--json");
    if verb == "sweep" || verb == "run" || verb == "fuzz" {
        command.arg("--store").arg(store.path());
    }
    if verb == "fuzz"
        && !arguments
            .iter()
            .any(|flag| flag.as_ref() == "--regressions")
    {
        command.arg("--no-regressions");
    }
    command.args(&arguments[1..]);
    let shown = format!("{command:?}");
    let Output {
        status,
        stdout,
        stderr,
    } = command.output()?;
    let stdout = String::from_utf8(stdout)?;
    let lines: Vec<Value> = stdout
        .lines()
        .map(|line| {
            serde_json::from_str(line).map_err(|error| format!("{error} in {line:?} of {shown}"))
        })
        .collect::<Result<_, _>>()?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut findings = Vec::new();
    for line in &lines {
        match line["type"].as_str() {
            Some("finding") if line["before_ready"] == false && line["at_start"] == false => {
                findings.push(Finding {
                    oracle: text(&line["oracle"]),
                    subject: text(&line["subject"]),
                    text: text(&line["text"]),
                    flaky: line["flaky"] == true,
                    file: line["file"].as_str().map(str::to_owned),
                    seen: line["seen"].as_u64().unwrap_or(0),
                    times: line["times"].as_u64().unwrap_or(0),
                })
            }
            Some("verdict") => {
                for evidence in line["evidence"].as_array().into_iter().flatten() {
                    findings.push(Finding {
                        oracle: text(&line["oracle"]),
                        subject: text(&evidence["subject"]),
                        text: text(&evidence["text"]),
                        flaky: evidence["flaky"] == true,
                        file: evidence["file"].as_str().map(str::to_owned),
                        seen: evidence["seen"].as_u64().unwrap_or(0),
                        times: evidence["times"].as_u64().unwrap_or(0),
                    });
                }
            }
            _ => {}
        }
    }
    Ok(Outcome {
        code: status.code(),
        findings,
        lines,
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
        command: shown,
        _store: store,
    })
}

/// Splits a text at its spaces into arguments.
pub fn words(text: &str) -> Vec<OsString> {
    text.split(' ').map(OsString::from).collect()
}
