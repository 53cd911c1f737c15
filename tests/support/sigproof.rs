//! Running the `sigproof` command and reading what it says.
//!
//! Shared by suites that each use a part of it.
#![allow(
    dead_code,
    reason = "every suite includes this file and uses a part of it"
)]

use libtest_mimic::Failed;
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::{Command, Output};

/// The command under test.
pub const SIGPROOF: &str = env!("CARGO_BIN_EXE_sigproof-under-test");

/// A Rust fixture's binary.
pub fn rust_program(stem: &str) -> PathBuf {
    // They all lie beside the command, which the root package links for its tests.
    let beside = PathBuf::from(SIGPROOF).with_file_name(stem);
    assert!(beside.exists(), "{} is not built", beside.display());
    beside
}

/// The command, ready for more arguments, with a surrounding that cannot change what it says.
pub fn command() -> Command {
    let mut command = Command::new(SIGPROOF);
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
    pub oracle: String,
    pub subject: String,
    pub text: String,
    pub flaky: bool,
    pub file: Option<String>,
    pub seen: u64,
    pub times: u64,
}

/// What `--json` said.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub findings: Vec<Finding>,
    pub lines: Vec<Value>,
    pub stderr: String,
    command: String,
    store: tempfile::TempDir,
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

/// Runs the command with `--json`; findings go to a store of their own, which lives as long as the answer.
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
            Some("finding") if line["before_ready"] == false => findings.push(Finding {
                oracle: text(&line["oracle"]),
                subject: text(&line["subject"]),
                text: text(&line["text"]),
                flaky: line["flaky"] == true,
                file: line["file"].as_str().map(str::to_owned),
                seen: line["seen"].as_u64().unwrap_or(0),
                times: line["times"].as_u64().unwrap_or(0),
            }),
            Some("verdict") if line["verdict"] == "violated" => {
                for evidence in line["evidence"].as_array().into_iter().flatten() {
                    findings.push(Finding {
                        oracle: text(&line["oracle"]),
                        subject: text(&evidence["subject"]),
                        text: text(&evidence["text"]),
                        flaky: false,
                        file: None,
                        seen: 1,
                        times: 1,
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
        store,
    })
}

/// Words as arguments.
pub fn words(text: &str) -> Vec<OsString> {
    text.split(' ').map(OsString::from).collect()
}
