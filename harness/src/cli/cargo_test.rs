//! Scenario files as tests of a Cargo package: one test for each.

use crate::cli::exit;
use crate::report;
use crate::report::TerminalWriter;
use crate::scenario::{Binaries, FoundFiles, Runner, Scenario};
use crate::session::{Case, CaseVerdict};
use libtest_mimic::{Arguments, Failed, Trial};
use sigproof_core::StopSource;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Runs the scenarios below `path`, relative to a package's directory, as tests.
/// `INSTA_UPDATE=always` accepts what they say now.
pub fn scenarios(package: &str, path: &str) -> ExitCode {
    let package = PathBuf::from(package);
    let found = FoundFiles::at(&[package.join(path)]);
    let runner = Runner {
        binaries: Binaries::default(),
        store: package.join(".sigproof"),
        jobs: 1,
        bless: std::env::var("INSTA_UPDATE").is_ok_and(|wish| wish == "always"),
        retries: 0,
    };
    let mut trials: Vec<Trial> = Vec::new();
    for diagnostic in found.diagnostics {
        let name = Path::new(diagnostic.file()).strip_prefix(&package);
        let name = name.map_or_else(
            |_| diagnostic.file().to_owned(),
            |path| path.display().to_string(),
        );
        let text = diagnostic.render(false, 100);
        trials.push(Trial::test(name, move || Err(Failed::from(text))));
    }
    for scenario in found.scenarios {
        let runner = runner.clone();
        let name = scenario.name.clone();
        trials.push(Trial::test(name, move || run(&runner, &scenario)));
    }
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    if conclusion.has_failed() {
        // As cargo's own harness does it.
        return ExitCode::from(101);
    }
    ExitCode::from(exit::HOLDS)
}

fn run(runner: &Runner, scenario: &Scenario) -> Result<(), Failed> {
    let source = StopSource::new();
    let Some(case) = runner.run(scenario, &source.token()) else {
        return Err("interrupted".into());
    };
    match case.verdict {
        CaseVerdict::Holds => Ok(()),
        _ => Err(details(&case).into()),
    }
}

fn details(case: &Case) -> String {
    let mut out = TerminalWriter::with_width(100);
    report::case_details(&mut out, case);
    anstream::adapter::strip_str(&out.finish()).to_string()
}
