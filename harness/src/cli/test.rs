//! `sigproof test`: scenario files, as a gate.

use super::sessions::{at_once, guarded, print, remark, told};
use crate::cli::args::test::{Part, TestArgs};
use crate::cli::exit;
use crate::error::Error;
use crate::report;
use crate::report::{Bar, Json, TerminalWriter};
use crate::scenario::{
    Binaries, Diagnostic, Filter, FoundFiles, Played, Runner, Scenario, Shard, USUAL_PLACES,
    json_schema, play_all,
};
use crate::session::{CaseVerdict, Results};
use sigproof_core::StopToken;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub fn test(args: TestArgs) -> u8 {
    if args.schema {
        print(&json_schema());
        return exit::HOLDS;
    }
    let bar = Bar::new(!args.json && !args.list);
    guarded(args.json, &bar, |token| {
        let Some(scenarios) = chosen(&args)? else {
            return Ok(exit::USAGE);
        };
        if args.list {
            list(&scenarios);
            return Ok(exit::HOLDS);
        }
        let results = played(&args, scenarios, &bar, token);
        let code = results.exit_code();
        let path = args.results.clone();
        let path = path.unwrap_or_else(|| args.store.join("results.json"));
        tell(&results, args.json)?;
        write(&results, &path)?;
        args.reports.write(&results, args.json)?;
        Ok(code)
    })
}

/// The scenarios that are asked for. `None` when a file is wrong, which is said.
fn chosen(args: &TestArgs) -> Result<Option<Vec<Scenario>>, Error> {
    let paths = match args.paths.as_slice() {
        [] => vec![usual_place()?],
        paths => paths.to_vec(),
    };
    let found = FoundFiles::at(&paths);
    if !found.mistakes.is_empty() {
        if args.json {
            for mistake in &found.mistakes {
                told(Json::new(io::stdout().lock()).error(&in_a_line(mistake), exit::USAGE))?;
            }
        }
        wrong(&found.mistakes);
        return Ok(None);
    }
    let filter = Filter {
        wanted: args.filter.clone(),
        unwanted: args.skip.clone(),
        exact: args.exact,
    };
    let mut scenarios = found.scenarios;
    let all = scenarios.len();
    scenarios.retain(|scenario| filter.takes(&scenario.name));
    if scenarios.is_empty() {
        return Err(Error::usage(format!(
            "none of {all} scenarios has such a name; `sigproof test --list` shows them"
        )));
    }
    let shard = match args.shard {
        Some(Part::Of(shard)) => Some(shard),
        Some(Part::None) => None,
        None => {
            let told = Shard::told(|name| std::env::var(name).ok()).map_err(Error::usage)?;
            if let Some((shard, engine)) = &told {
                remark(&format!(
                    "this is part {shard} of the scenarios, as {engine} says"
                ));
            }
            told.map(|(shard, _)| shard)
        }
    };
    if let Some(shard) = shard {
        scenarios.retain(|scenario| shard.takes(&scenario.name));
    }
    Ok(Some(scenarios))
}

fn usual_place() -> Result<PathBuf, Error> {
    USUAL_PLACES
        .iter()
        .map(PathBuf::from)
        .find(|path| path.is_dir())
        .ok_or_else(|| {
            Error::usage(format!(
                "there are no scenarios here: none of {} is a directory; name one, or write a first scenario with \
                 `sigproof init -- CMD`",
                USUAL_PLACES.join(", ")
            ))
        })
}

/// A mistake as a compiler says it.
fn in_a_line(mistake: &Diagnostic) -> String {
    let place = mistake
        .place()
        .map(|(line, column)| format!("{line}:{column}: "));
    let hint = mistake.hint().map(|hint| format!("; {hint}"));
    format!(
        "{}: {}{}{}",
        mistake.file(),
        place.unwrap_or_default(),
        mistake.message(),
        hint.unwrap_or_default()
    )
}

fn wrong(mistakes: &[Diagnostic]) {
    let width = TerminalWriter::new().width();
    let mut text = String::new();
    for mistake in mistakes {
        text.push_str(&mistake.render(true, width));
        text.push('\n');
    }
    let mut err = anstream::stderr().lock();
    // Nobody is left to read it: nothing to do about that here.
    let _ = err.write_all(text.as_bytes());
}

fn list(scenarios: &[Scenario]) {
    let mut text = String::new();
    for scenario in scenarios {
        text.push_str(&scenario.name);
        if let Some(description) = &scenario.description {
            text.push_str(": ");
            text.push_str(description.lines().next().unwrap_or_default());
        }
        text.push('\n');
    }
    print(&text);
}

fn played(args: &TestArgs, scenarios: Vec<Scenario>, bar: &Bar, token: &StopToken) -> Results {
    let jobs = at_once(args.jobs);
    let player = Runner {
        binaries: Binaries {
            directories: args.bin_dir.clone(),
        },
        store: std::path::absolute(&args.store).unwrap_or_else(|_| args.store.clone()),
        jobs,
        bless: args.bless,
        retries: args.retries,
    };
    bar.begin(scenarios.len());
    let (mut done, mut failed) = (0, 0);
    let (cases, cut_short) = play_all(&player, scenarios, jobs, token, |happened| {
        if let Played::Finished(case) = happened {
            done += 1;
            failed += usize::from(case.verdict != CaseVerdict::Holds);
            if !args.json {
                let mut out = TerminalWriter::new();
                report::finished_line(&mut out, case);
                bar.above(&out.finish());
            }
            bar.at(done, failed);
        }
    });
    bar.clear();
    if cut_short {
        remark("interrupted: some scenarios were not played");
    }
    Results::new(cases)
}

/// Prints what failed, and the table.
pub(crate) fn tell(results: &Results, json: bool) -> Result<(), Error> {
    if json {
        let mut out = Json::new(io::stdout().lock());
        for case in &results.cases {
            told(out.case(case))?;
        }
        return told(out.verdict(results));
    }
    let mut out = TerminalWriter::new();
    for case in &results.cases {
        if case.verdict != CaseVerdict::Holds {
            report::case_details(&mut out, case);
        } else if !case.budgets.is_empty() {
            out.line(&[(report::Style::Strong, &case.name)]);
            report::budgets(&mut out, case);
        }
    }
    report::verdict_table(&mut out, results);
    print(&out.finish());
    Ok(())
}

/// Writes results; a directory that is not there is made.
pub(crate) fn write(results: &Results, path: &Path) -> Result<(), Error> {
    let failed = |error: io::Error| Error::harness(format!("{}: {error}", path.display()));
    if let Some(directory) = path.parent().filter(|path| !path.as_os_str().is_empty()) {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    results.write(path).map_err(failed)
}
