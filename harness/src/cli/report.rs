//! `sigproof report`: reports from a results file.

use super::args::output::ReportVerbArgs;
use super::stdio::{print, report_error};
use crate::cli::exit;
use crate::error::Error;
use crate::report;
use crate::session::Results;

/// Writes the reports that were asked for.
pub fn report(args: &ReportVerbArgs) -> u8 {
    let written = Results::read(&args.results)
        .map_err(|error| Error::usage(error.to_string()))
        .and_then(|results| {
            if !args.reports.any() && !args.table {
                return Err(Error::usage("no report was asked for").with_hint(
                    "name one or more of --table, --html, --junit, --github, --perfetto and --asciicast",
                ));
            }
            if args.table {
                print(&report::table(&results));
            }
            args.reports.write(&results, false)
        });
    match written {
        Ok(()) => exit::HOLDS,
        Err(error) => report_error(false, &error),
    }
}
