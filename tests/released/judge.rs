//! Runs the commands of the page.

use libtest_mimic::Failed;
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{
    data::Program,
    install::{self, root},
};

/// What became of one program.
pub struct Row {
    pub title: String,
    /// What was found, or what was wrong.
    pub found: Result<String, String>,
    pub install: Duration,
    pub took: Duration,
    /// How long the version that is right took; `None` if there is none.
    pub clean: Option<Duration>,
    /// The report of the command, for the page.
    pub report: String,
}

/// Every program that this process has tried.
pub static ROWS: Mutex<Vec<Row>> = Mutex::new(Vec::new());

struct Outcome {
    code: Option<i32>,
    findings: Vec<Value>,
    report: String,
    stderr: String,
}

/// The bug is found by its command, and nothing is where it is mended.
pub fn judge(program: &Program) -> Result<(), Failed> {
    let start = Instant::now();
    let place = install::ensure(program)?;
    let installed = start.elapsed();
    let start = Instant::now();
    let outcome = documented(&place, &program.command)?;
    let took = start.elapsed();
    let mut found = Ok(oracles(program));
    for wanted in &program.finds {
        if outcome.code != Some(1) || !outcome.says(&wanted.oracle, &wanted.says) {
            found = Err(outcome.wrong(&format!(
                "{}: no finding of {} that says {:?}",
                program.command, wanted.oracle, wanted.says
            )));
        }
    }
    let mut clean = None;
    if let (Ok(_), Some(line)) = (&found, &program.clean) {
        let start = Instant::now();
        let outcome = documented(&place, line)?;
        clean = Some(start.elapsed());
        if outcome.code != Some(0) {
            found = Err(outcome.wrong(&format!("{line}: a false alarm, or nothing is known")));
        }
    }
    let verdict = found.as_ref().map(|_| ()).map_err(|why| why.clone().into());
    let row = Row {
        title: program.title.clone(),
        found,
        install: installed,
        took,
        clean,
        report: outcome.report,
    };
    ROWS.lock().expect("nobody panics with it").push(row);
    verdict
}

fn oracles(program: &Program) -> String {
    let names: Vec<_> = program
        .finds
        .iter()
        .map(|one| one.oracle.as_str())
        .collect();
    names.join(", ")
}

/// Runs one line of the page, as a shell splits it.
fn documented(place: &Path, line: &str) -> Result<Outcome, Failed> {
    let room = tempfile::tempdir()?;
    let (verb, rest) = line
        .strip_prefix("sigproof ")
        .and_then(|line| line.split_once(' '))
        .ok_or("no verb")?;
    let script = format!(
        "exec \"$SIGPROOF\" {verb} --store \"$ROOM/store\" --results \"$ROOM/results\" {rest}"
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(place)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env("COLUMNS", "100")
        .env("SIGPROOF", under_test::program())
        .env("ROOM", room.path())
        .stdin(Stdio::null())
        .output()?;
    let results = fs::read_to_string(room.path().join("results")).unwrap_or_default();
    let results: Value = serde_json::from_str(&results).unwrap_or_default();
    let cases = results["cases"].as_array().into_iter().flatten();
    let findings = cases.flat_map(|case| case["findings"].as_array().into_iter().flatten());
    let store = room.path().join("store");
    Ok(Outcome {
        code: output.status.code(),
        findings: findings.cloned().collect(),
        report: general(&String::from_utf8(output.stdout)?, &store),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The report as anybody has it: without the places of this machine.
fn general(report: &str, store: &Path) -> String {
    let root = fs::canonicalize(root()).unwrap_or_else(|_| root());
    report
        .replace(&*store.to_string_lossy(), ".sigproof")
        .replace(
            &*root.to_string_lossy(),
            "/home/me/sigproof/target/released",
        )
}

impl Outcome {
    /// Whether this oracle has a finding that shows each time, with these words in its sentence.
    fn says(&self, oracle: &str, part: &str) -> bool {
        self.findings.iter().any(|finding| {
            let text = finding["text"].as_str().unwrap_or_default();
            finding["oracle"] == oracle && finding["flaky"] != true && text.contains(part)
        })
    }

    fn wrong(&self, why: &str) -> String {
        let code = self.code;
        format!(
            "{why}\nexit code: {code:?}\n{}\nstderr:\n{}",
            self.report, self.stderr
        )
    }
}
