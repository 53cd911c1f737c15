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
    data::{Finds, Program},
    install::{self, root},
};

/// What became of one program.
pub struct Row {
    pub title: String,
    pub command: String,
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

/// The bug is found by its command, nothing is where it is mended, and the other commands find what is known.
pub fn judge(program: &Program) -> Result<(), Failed> {
    let start = Instant::now();
    let place = install::ensure(program)?;
    let install = start.elapsed();
    if std::env::var_os("SIGPROOF_INSTALL_ONLY").is_some() {
        return Ok(());
    }
    let mut verdict = Ok(());
    let main = (
        &program.command,
        &program.finds,
        program.flaky,
        program.clean.as_ref(),
    );
    let also = program.also.iter();
    let also = also.map(|also| (&also.command, &also.finds, also.flaky, None));
    for (command, finds, flaky, clean) in [main].into_iter().chain(also) {
        let start = Instant::now();
        let outcome = documented(&place, command)?;
        let took = start.elapsed();
        let mut found = outcome.judged(command, finds, flaky);
        let mut clean_took = None;
        if let (Ok(_), Some(line)) = (&found, clean) {
            let start = Instant::now();
            let outcome = documented(&place, line)?;
            clean_took = Some(start.elapsed());
            if outcome.code != Some(0) {
                found = Err(outcome.wrong(&format!("{line}: a false alarm, or nothing is known")));
            }
        }
        if let Err(why) = &found {
            verdict = Err(why.clone().into());
        }
        ROWS.lock().expect("nobody panics with it").push(Row {
            title: program.title.clone(),
            command: command.clone(),
            found,
            install,
            took,
            clean: clean_took,
            report: outcome.report,
        });
    }
    verdict
}

fn oracles(finds: &[Finds]) -> String {
    if finds.is_empty() {
        return "nothing, as it should".into();
    }
    let names: Vec<_> = finds.iter().map(|one| one.oracle.as_str()).collect();
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
    /// The oracles that found what they must, or what is wrong. Where nothing is to be found, nothing may be.
    fn judged(&self, command: &str, finds: &[Finds], flaky: bool) -> Result<String, String> {
        let is_right = self.code == Some(0) || flaky && self.code == Some(5);
        if finds.is_empty() && !is_right {
            return Err(self.wrong(&format!("{command}: nothing was to be found")));
        }
        for wanted in finds {
            if self.code != Some(1) || !self.says(&wanted.oracle, &wanted.says) {
                return Err(self.wrong(&format!(
                    "{command}: no finding of {} that says {:?}",
                    wanted.oracle, wanted.says
                )));
            }
        }
        Ok(oracles(finds))
    }

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
