//! What a sweep says is true: each kind of miss and of false alarm with its planted bug and the correct twin.

mod accepted;
mod false_alarms;
mod misses;
mod runtimes;
mod words;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use under_test::{Finding, Outcome};

/// Not a shim that looks for an interpreter first.
const PYTHON: &str = "/usr/bin/python3";

/// Files that a target finds in its work tree.
struct Inputs(TempDir);

impl Inputs {
    fn of(files: &[(&str, &str)]) -> Inputs {
        let directory = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            fs::write(directory.path().join(name), text).expect("an input");
        }
        Inputs(directory)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A session of this verb on a command, with all of the files in its work tree.
    fn try_out(&self, verb: &str, flags: &[&str], command: &[&str]) -> Outcome {
        let mut arguments: Vec<OsString> = vec![verb.into()];
        let mut files: Vec<PathBuf> = fs::read_dir(self.0.path())
            .expect("the inputs")
            .map(|file| file.expect("an input").path())
            .collect();
        files.sort();
        for file in files {
            arguments.extend(["--in".into(), file.into_os_string()]);
        }
        arguments.extend(flags.iter().map(Into::into));
        arguments.push("--".into());
        arguments.extend(command.iter().map(Into::into));
        under_test::json(&arguments).expect("an answer")
    }

    fn sweep(&self, flags: &[&str], command: &[&str]) -> Outcome {
        self.try_out("sweep", flags, command)
    }

    /// The verdict of a scenario file among them: its exit code, and the findings.
    fn scenario(&self, name: &str) -> Outcome {
        let store = tempfile::tempdir().expect("a directory");
        let arguments: [OsString; 4] = [
            "test".into(),
            "--store".into(),
            store.path().into(),
            self.path(name).into_os_string(),
        ];
        let mut outcome = under_test::json(&arguments).expect("an answer");
        let cases = outcome.lines.iter().filter(|line| line["type"] == "case");
        let found = cases.flat_map(|case| case["findings"].as_array().into_iter().flatten());
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        outcome.findings = found
            .filter(|finding| finding["before_ready"] != true && finding["at_start"] != true)
            .map(|finding| Finding {
                oracle: text(&finding["oracle"]),
                subject: text(&finding["subject"]),
                text: text(&finding["text"]),
                flaky: finding["flaky"] == true,
                file: finding["file"].as_str().map(str::to_owned),
                seen: finding["seen"].as_u64().unwrap_or(0),
                times: finding["times"].as_u64().unwrap_or(0),
            })
            .collect();
        outcome
    }
}

/// What a failed test shows: the findings, and the end of the output.
fn brief(outcome: &Outcome) -> String {
    let found: Vec<String> = outcome
        .findings
        .iter()
        .map(|finding| format!("{} {}: {}", finding.oracle, finding.subject, finding.text))
        .collect();
    let last = outcome.lines.last().map(ToString::to_string);
    format!(
        "exit code {:?}\n{}\n{}\n{}",
        outcome.code,
        found.join("\n"),
        last.unwrap_or_default(),
        outcome.stderr
    )
}

#[track_caller]
fn clean(outcome: &Outcome) {
    assert!(outcome.findings.is_empty(), "{}", brief(outcome));
    assert_eq!(outcome.code, Some(0), "{}", brief(outcome));
}

#[track_caller]
fn finds(outcome: &Outcome, oracle: &str, words: &str) {
    let found = outcome
        .findings
        .iter()
        .any(|finding| finding.oracle == oracle && finding.text.contains(words));
    assert!(
        found,
        "{oracle} with {words:?} was expected: {}",
        brief(outcome)
    );
}
