//! Results: printed, and written as files.

use super::args::output::{OutputArgs, ReportArgs};
use super::stdio::{print, print_to_stderr, written};
use crate::error::Error;
use crate::report;
use crate::report::{Bar, Json, ReportFiles, Style, TerminalWriter};
use crate::session::{Case, CaseVerdict, Heading, Kind, Results};
use std::io;
use std::path::Path;

impl ReportArgs {
    fn files(&self) -> ReportFiles {
        ReportFiles {
            html: self.html.clone(),
            markdown: self.markdown.clone(),
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
    pub fn any(&self) -> bool {
        self.github
            || [
                &self.html,
                &self.markdown,
                &self.junit,
                &self.perfetto,
                &self.asciicast,
            ]
            .iter()
            .any(|path| path.is_some())
    }

    /// Writes those that were asked for. Annotations go to standard error when standard output is for a program.
    pub fn write(&self, results: &Results, json: bool) -> Result<(), Error> {
        let annotations = report::write(results, &self.files()).map_err(Error::harness)?;
        if json {
            print_to_stderr(&annotations);
        } else {
            print(&annotations);
        }
        Ok(())
    }
}

/// A case that comes from no scenario is named after its program.
pub fn program_name(command: &[String]) -> String {
    let program = command.first().map_or("", String::as_str);
    program.rsplit('/').next().unwrap_or(program).to_owned()
}

/// Prints what a session has to say, for a program or for a person.
pub fn print_case(case: &Case, json: bool, files: bool) -> Result<(), Error> {
    if json {
        return written(Json::new(io::stdout().lock()).session(case));
    }
    let mut out = TerminalWriter::new();
    report::session_page(&mut out, case, files);
    print(&out.finish());
    Ok(())
}

/// Prints what a session is going to do, above the bar.
pub fn print_heading(heading: &Heading, json: bool, bar: &Bar) -> Result<(), Error> {
    if json {
        return written(Json::new(io::stdout().lock()).plan(heading));
    }
    let mut out = TerminalWriter::new();
    report::heading(&mut out, heading);
    bar.print(&out.finish());
    Ok(())
}

/// Writes the results and the reports that were asked for. Returns the exit code of the session.
pub fn write_results(
    output: &OutputArgs,
    cases: impl IntoIterator<Item = Case>,
) -> Result<u8, Error> {
    let results = Results::new(cases.into_iter().collect());
    let code = results.exit_code();
    if output.results.is_none() && !output.reports.any() {
        return Ok(code);
    }
    if let Some(path) = &output.results {
        write_file(&results, path)?;
    }
    output.reports.write(&results, output.json)?;
    Ok(code)
}

/// Writes an error as the result, because a missing report says nothing. Returns the error; an error in writing the
/// files follows it.
pub fn write_error(output: &OutputArgs, kind: Kind, command: &[String], error: Error) -> Error {
    if error.is_interrupted() {
        return error;
    }
    let code = error.exit_code();
    let name = program_name(command);
    let case = Case::failed(&name, kind, command, &error.to_string(), code);
    match write_results(output, [case]) {
        Ok(_) => error,
        Err(other) => Error::harness(format!("{error}\n{other}")),
    }
}

/// Prints the cases that failed, and a table of all.
pub fn print_results(results: &Results, json: bool) -> Result<(), Error> {
    if json {
        let mut out = Json::new(io::stdout().lock());
        for case in &results.cases {
            written(out.case(case))?;
        }
        return written(out.verdict(results));
    }
    let mut out = TerminalWriter::new();
    for case in &results.cases {
        if case.verdict != CaseVerdict::Holds {
            report::case_details(&mut out, case);
        } else if !case.budgets.is_empty() {
            out.line(&[(Style::Strong, &case.name)]);
            report::budgets(&mut out, case);
        }
    }
    report::verdict_table(&mut out, results);
    print(&out.finish());
    Ok(())
}

/// Writes a results file, and creates its directory.
pub fn write_file(results: &Results, path: &Path) -> Result<(), Error> {
    let failed = |error: io::Error| Error::harness(error.to_string()).at_path(path);
    if let Some(directory) = path.parent().filter(|path| !path.as_os_str().is_empty()) {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    results.write(path).map_err(failed)
}
