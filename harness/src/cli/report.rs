//! Results and reports as files.

use super::args::{OutputArgs, ReportArgs, ReportVerbArgs};
use super::sessions::{failed, print};
use crate::cli::exit;
use crate::error::Error;
use crate::report;
use crate::report::ReportFiles;
use crate::session::{Case, Kind, Results};
use std::io::Write;

impl ReportArgs {
    fn wanted(&self) -> ReportFiles {
        ReportFiles {
            html: self.html.clone(),
            junit: self.junit.clone(),
            perfetto: self.perfetto.clone(),
            asciicast: self.asciicast.clone(),
            github: self.github,
            github_summary: std::env::var_os("GITHUB_STEP_SUMMARY")
                .filter(|path| !path.is_empty())
                .map(Into::into),
        }
    }

    /// Whether any was asked for.
    fn any(&self) -> bool {
        self.github
            || [&self.html, &self.junit, &self.perfetto, &self.asciicast]
                .iter()
                .any(|path| path.is_some())
    }

    /// Writes those that were asked for. Annotations go to standard error when standard output is for a program.
    pub fn write(&self, results: &Results, json: bool) -> Result<(), Error> {
        let annotations = report::write(results, &self.wanted()).map_err(Error::harness)?;
        if json {
            // A closed stream is no reason to fail: the exit code still tells.
            let _ = std::io::stderr().lock().write_all(annotations.as_bytes());
        } else {
            print(&annotations);
        }
        Ok(())
    }
}

/// A case that comes from no scenario is named after its program.
pub fn named(command: &[String]) -> String {
    let program = command.first().map_or("", String::as_str);
    program.rsplit('/').next().unwrap_or(program).to_owned()
}

/// Writes the results and the reports that were asked for. Returns the exit code of the case.
pub fn keep(output: &OutputArgs, case: Case) -> Result<u8, Error> {
    let code = case.exit_code();
    if output.results.is_none() && !output.reports.any() {
        return Ok(code);
    }
    let results = Results::new(vec![case]);
    if let Some(path) = &output.results {
        results
            .write(path)
            .map_err(|error| Error::harness(format!("{}: {error}", path.display())))?;
    }
    output.reports.write(&results, output.json)?;
    Ok(code)
}

/// What could not be carried out is a result, too: a report that is missing tells nobody anything. Answers the error;
/// one of the files themselves is told after it.
pub fn keep_error(output: &OutputArgs, kind: Kind, command: &[String], error: Error) -> Error {
    if error.is_interrupted() {
        return error;
    }
    let code = error.exit_code();
    let case = Case::failed(named(command), kind, command, &error.to_string(), code);
    match keep(output, case) {
        Ok(_) => error,
        Err(other) => Error::harness(format!("{error}\n{other}")),
    }
}

/// `sigproof report`: files from a results file.
pub fn report(args: &ReportVerbArgs) -> u8 {
    let made = Results::read(&args.results)
        .map_err(|error| Error::usage(error.to_string()))
        .and_then(|results| {
            if !args.reports.any() {
                return Err(Error::usage(
                    "which report? Name one or more of --html, --junit, --github, --perfetto and --asciicast"
                        .to_owned(),
                ));
            }
            args.reports.write(&results, false)
        });
    match made {
        Ok(()) => exit::HOLDS,
        Err(error) => failed(false, &error),
    }
}
