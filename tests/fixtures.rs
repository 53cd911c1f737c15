//! Every planted bug is found by its probe, by the right oracle; every correct twin passes without a finding.
//!
//! One test for each program of `fixtures/model.rs`, named after it, so that `cargo test --test fixtures c/` runs those
//! in C.

use fixture_model::{Fixture, HELPERS, Helper, Probe, Twin, fixtures};
use libtest_mimic::{Arguments, Failed, Trial};
use std::{collections::BTreeSet, ffi::OsString};
use under_test::{Finding, Outcome, rust_program};

/// How a signal can come to a program that handles it.
const WAYS: [(&str, &str); 6] = [
    ("SIGINT to the process", "--signal INT --deliver process"),
    ("SIGINT to the group", "--signal INT --deliver group"),
    ("Ctrl+C typed", "--signal INT --deliver terminal --pty"),
    ("SIGTERM to the process", "--signal TERM --deliver process"),
    ("SIGTERM to the group", "--signal TERM --deliver group"),
    (
        "SIGTERM on a terminal",
        "--signal TERM --deliver group --pty",
    ),
];

/// Of these a program with long runs is swept without being asked: on a terminal and without, by either signal.
const LONG_ONES_BY: [&str; 2] = ["Ctrl+C typed", "SIGTERM to the process"];

fn main() {
    let mut trials: Vec<Trial> = fixtures()
        .map(|fixture| Trial::test(fixture.name(), move || probe(fixture)))
        .collect();
    for helper in HELPERS {
        let Some(flags) = helper.clean_sweep else {
            continue;
        };
        // Its runs take long: a full run of the checks has all ways.
        let every_way = !helper.varies || std::env::var_os("SIGPROOF_EVERY_WAY").is_some();
        let ways = WAYS
            .iter()
            .filter(|(way, _)| every_way || LONG_ONES_BY.contains(way));
        for &(way, how) in ways {
            let name = format!("{}/{} {way}", helper.language.directory(), helper.stem);
            trials.push(Trial::test(name, move || clean(helper, flags, how)));
        }
    }
    trials.push(Trial::test("the table in docs/fixtures.md", table));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn probe(fixture: Fixture) -> Result<(), Failed> {
    let inputs = tempfile::tempdir()?;
    fixture.write_inputs(inputs.path())?;
    let arguments = fixture.sigproof_arguments(inputs.path(), &rust_program);
    let outcome = under_test::json(&arguments)?;
    let found: BTreeSet<&str> = outcome.oracles().collect();
    let must: BTreeSet<&str> = fixture.must_find().iter().copied().collect();
    let may: BTreeSet<&str> = fixture.may_find().iter().copied().collect();
    if let Some(missed) = must.difference(&found).next() {
        return Err(outcome.failed(&format!("the planted bug is not found: {missed} holds")));
    }
    if let Some(wrong) = found
        .iter()
        .find(|oracle| !must.contains(*oracle) && !may.contains(*oracle))
    {
        return Err(outcome.failed(&format!("a false alarm of {wrong}")));
    }
    let flaky: Vec<&Finding> = outcome
        .findings
        .iter()
        .filter(|finding| finding.flaky)
        .collect();
    if !flaky.is_empty() && fixture.twin == Twin::Right {
        return Err(outcome.failed("a flaky finding on a correct program"));
    }
    let expected = match (
        must.is_empty(),
        outcome.findings.iter().all(|finding| finding.flaky),
    ) {
        (true, _) => 0,
        (false, true) if matches!(fixture.pair.probe, Probe::Sweep(_) | Probe::Fuzz(_)) => 5,
        (false, _) => 1,
    };
    if outcome.code != Some(expected) {
        return Err(outcome.failed(&format!("exit code {expected} was expected")));
    }
    Ok(())
}

fn clean(helper: &Helper, flags: &[&str], how: &str) -> Result<(), Failed> {
    let mut arguments: Vec<OsString> = vec!["sweep".into(), "--empty".into()];
    arguments.extend(under_test::words(how));
    arguments.extend(flags.iter().map(Into::into));
    arguments.push("--".into());
    arguments.extend(helper.program().argv(&rust_program));
    let outcome: Outcome = under_test::json(&arguments)?;
    let summary = outcome
        .line("summary")
        .ok_or_else(|| outcome.failed("it says nothing at the end"))?;
    let number = |name: &str| summary[name].as_u64().unwrap_or_default();
    let points = number("points_found");
    let tried = number("points_tried") + number("represented");
    // Which of two workers gets a task is not the same in every run.
    let reached = match helper.varies {
        false => {
            outcome.code == Some(0) && tried + number("not_met_again") + number("untried") == points
        }
        true => matches!(outcome.code, Some(0 | 4)) && tried * 10 >= points * 9,
    };
    let outside = summary["notes"].to_string().contains("outside");
    if outcome.findings.is_empty() && reached && !outside {
        Ok(())
    } else {
        Err(outcome.failed("a correct program must pass, at every point"))
    }
}

/// The docs show the model as a table; `BLESS=1` writes it anew.
fn table() -> Result<(), Failed> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fixtures.md");
    let mut wanted = String::from(
        "# The fixtures: what must be found, and what must not\n\n\
         Each row is a pair of programs: a correct one, on which any finding is a false alarm, and its twin with one\n\
         planted bug. `cargo test --test fixtures` runs the probe of every one of them.\n\n\
         | pair | planted bug | how it is found | oracle |\n| --- | --- | --- | --- |\n",
    );
    for fixture in fixtures().filter(|fixture| fixture.twin == Twin::Wrong) {
        let pair = fixture.pair;
        let flags = pair.probe.flags().join(" ");
        let verb = pair.probe.verb();
        let pty = if pair.pty { " --pty" } else { "" };
        let command = format!("{verb}{pty} {flags}");
        wanted.push_str(&format!(
            "| `{}/{}` | {}: {} | `{}` | {} |\n",
            pair.language.directory(),
            pair.stem,
            pair.kind.title(),
            pair.what,
            command.trim_end(),
            pair.must_find.join(", "),
        ));
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &wanted)?;
    }
    if std::fs::read_to_string(path).unwrap_or_default() == wanted {
        Ok(())
    } else {
        Err("docs/fixtures.md is not what the model says; BLESS=1 cargo test --test fixtures writes it anew".into())
    }
}
