//! The programs that `sigproof explain` shows are right: each is swept, or played by the scenario of its oracle.

use libtest_mimic::Failed;
use serde::Deserialize;
use std::{
    ffi::OsString,
    fs,
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{build, data::Language};

/// How the programs of one oracle are tried.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The oracle.
    pub oracle: String,
    /// The flags of each sweep.
    #[serde(default)]
    sweeps: Vec<Vec<String>>,
    /// The tables of a scenario, for what only one can ask. Its program is the worker.
    #[serde(default)]
    scenario: String,
    /// Languages in which nothing can be right.
    #[serde(default)]
    pub without: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    example: Vec<Example>,
}

/// What became of one program.
pub struct Tried {
    pub oracle: String,
    pub language: Language,
    pub passed: bool,
    pub took: Duration,
}

/// Every program that this process has tried.
pub static TRIED: Mutex<Vec<Tried>> = Mutex::new(Vec::new());

/// A Ctrl+C while the second task is active.
const RUN: &str = "\
[run]
signals = [\"INT@output:'task 1 is done'\"]
";

fn directory() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/explain"))
}

/// All of them, by `fixtures/explain/explain.toml`.
pub fn examples() -> Vec<Example> {
    let path = directory().join("explain.toml");
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let table: Table =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    table.example
}

impl Example {
    fn argv(&self, language: Language) -> Result<Vec<OsString>, Failed> {
        let room = if self.sweeps.is_empty() {
            "worker"
        } else {
            &self.oracle
        };
        let path = directory()
            .join(room)
            .join("right")
            .with_extension(language.extension());
        let source =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(build::command(language, "right", &source)?)
    }

    /// Nothing is to be found.
    pub fn try_out(&self, language: Language) -> Result<(), Failed> {
        let start = Instant::now();
        let argv = self.argv(language)?;
        let tried = if self.sweeps.is_empty() {
            self.play(&argv)
        } else {
            let mut sweeps = self.sweeps.iter();
            sweeps.try_for_each(|flags| sweep(flags, &argv, language))
        };
        let row = Tried {
            oracle: self.oracle.clone(),
            language,
            passed: tried.is_ok(),
            took: start.elapsed(),
        };
        TRIED.lock().expect("nobody panics with it").push(row);
        tried
    }

    fn play(&self, argv: &[OsString]) -> Result<(), Failed> {
        let room = tempfile::tempdir()?;
        let words: Vec<String> = argv
            .iter()
            .map(|word| format!("{:?}", word.to_string_lossy()))
            .collect();
        let text = format!(
            "[target]\ncommand = [{}]\n{RUN}{}",
            words.join(", "),
            self.scenario
        );
        let file = room.path().join("example.toml");
        fs::write(&file, &text)?;
        let outcome = under_test::json(&[OsString::from("test"), file.into()])?;
        if outcome.code == Some(0) {
            return Ok(());
        }
        Err(outcome.failed(&text))
    }
}

fn sweep(flags: &[String], argv: &[OsString], language: Language) -> Result<(), Failed> {
    let mut arguments: Vec<OsString> = ["sweep", "--jobs", "1", "--empty"].map(Into::into).into();
    arguments.extend(flags.iter().map(OsString::from));
    arguments.push("--".into());
    arguments.extend(argv.iter().cloned());
    let outcome = under_test::json(&arguments)?;
    // The Go runtime makes calls of its own, more or less often, and crashes now and then when it is asked to end just
    // as the program asks to be told.
    let runtime = language == Language::Go;
    let right: &[i32] = if runtime { &[0, 4, 5] } else { &[0] };
    let sure = outcome
        .findings
        .iter()
        .any(|finding| !(finding.flaky && runtime));
    if !sure && outcome.code.is_some_and(|code| right.contains(&code)) {
        return Ok(());
    }
    Err(outcome.failed("a program that `sigproof explain` shows as right"))
}
