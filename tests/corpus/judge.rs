//! One sweep: what it must find, and what it must not.

use libtest_mimic::Failed;
use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};
use under_test::Outcome;

use crate::{
    build,
    data::{Fault, Program},
};

/// What became of one sweep.
pub struct Row {
    pub program: String,
    pub fault: Fault,
    /// The kind of a mutant.
    pub mutant: Option<String>,
    /// The oracles with a finding, or what else is wrong.
    pub found: String,
    pub passed: bool,
    pub took: Duration,
}

/// Every sweep of this process.
pub static ROWS: Mutex<Vec<Row>> = Mutex::new(Vec::new());

/// Nothing is to be found, and every point is to be tried or represented.
pub fn good(program: &Program, fault: Fault) -> Result<(), Failed> {
    let start = Instant::now();
    let source = program.source()?;
    let outcome = sweep(program, &source, &program.flags(fault))?;
    let points = outcome.line("summary").map(|line| &line["points_found"]);
    let nowhere = outcome.code == Some(4) && points.is_some_and(|points| points == 0);
    let clean = outcome.findings.is_empty() && outcome.code == Some(0);
    let verdict = if program.accused.contains_key(&fault) {
        Ok(()) // it is shown, and counted
    } else if !outcome.findings.is_empty() {
        Err(outcome.failed("a false alarm"))
    } else if program.without.contains(&fault) {
        let message = "the table says that there is no point for this fault";
        if nowhere {
            Ok(())
        } else {
            Err(outcome.failed(message))
        }
    } else if nowhere && program.seldom.contains(&fault) {
        Ok(())
    } else if outcome.code != Some(0) {
        Err(outcome.failed("exit code 0 was expected"))
    } else {
        Ok(())
    };
    let has_none = program.without.contains(&fault) || program.seldom.contains(&fault);
    let passed = verdict.is_ok() && (clean || has_none);
    note(program, fault, None, &outcome, passed, start);
    verdict
}

/// The planted bug is to be found, by the right oracle.
pub fn mutant(program: &Program, place: usize) -> Result<(), Failed> {
    let start = Instant::now();
    let mutant = &program.mutants[place];
    let source = mutant.source(program)?;
    let mut flags = program.flags(mutant.fault);
    flags.extend(mutant.flags.iter().cloned());
    let outcome = sweep(program, &source, &flags)?;
    let found: BTreeSet<&str> = outcome.oracles().collect();
    let may = |oracle: &&&str| mutant.may.iter().any(|one| one == **oracle);
    let others: Vec<_> = found
        .iter()
        .filter(|oracle| **oracle != mutant.oracle)
        .filter(|oracle| !may(oracle))
        .collect();
    let verdict = if !found.contains(mutant.oracle.as_str()) {
        Err(outcome.failed(&format!(
            "{} holds: the planted bug is not found",
            mutant.oracle
        )))
    } else if !others.is_empty() {
        Err(outcome.failed(&format!("a false alarm of {others:?}")))
    } else if !matches!(outcome.code, Some(1 | 5)) {
        Err(outcome.failed("exit code 1 was expected"))
    } else {
        Ok(())
    };
    let kind = Some(mutant.kind.clone());
    note(
        program,
        mutant.fault,
        kind,
        &outcome,
        verdict.is_ok(),
        start,
    );
    verdict
}

fn sweep(program: &Program, source: &str, flags: &[String]) -> Result<Outcome, Failed> {
    let inputs = tempfile::tempdir()?;
    write_inputs(program, inputs.path())?;
    let mut arguments: Vec<OsString> = vec!["sweep".into(), "--jobs".into(), "1".into()];
    if program.inputs.is_empty() {
        arguments.push("--empty".into());
    } else {
        arguments.extend(["--in".into(), inputs.path().into()]);
    }
    arguments.extend(flags.iter().map(OsString::from));
    arguments.push("--".into());
    arguments.extend(build::command(program.language, &program.name, source)?);
    under_test::json(&arguments)
}

fn write_inputs(program: &Program, directory: &Path) -> std::io::Result<()> {
    for (path, text) in &program.inputs {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap_or(directory))?;
        fs::write(path, text)?;
    }
    Ok(())
}

fn note(
    program: &Program,
    fault: Fault,
    mutant: Option<String>,
    outcome: &Outcome,
    passed: bool,
    start: Instant,
) {
    let oracles: BTreeSet<&str> = outcome.oracles().collect();
    let mut found: Vec<String> = oracles.into_iter().map(str::to_owned).collect();
    if found.is_empty() && outcome.code != Some(0) {
        found.push(format!("exit {}", outcome.code.unwrap_or(-1)));
    }
    let row = Row {
        program: program.title(),
        fault,
        mutant,
        found: found.join(", "),
        passed,
        took: start.elapsed(),
    };
    ROWS.lock().expect("nobody panics with it").push(row);
}
