//! `sigproof merge`: the results of shards in one file.

use super::args::test::MergeArgs;
use super::results::{print_results, write_file};
use super::stdio::report_error;
use crate::error::Error;
use crate::session::{MergeError, Results, merged};

pub fn merge(args: &MergeArgs) -> u8 {
    match merge_files(args) {
        Ok(code) => code,
        Err(error) => report_error(args.json, &error),
    }
}

fn merge_files(args: &MergeArgs) -> Result<u8, Error> {
    let mut all = Vec::new();
    for file in &args.files {
        all.push(Results::read(file).map_err(|error| Error::usage(error.to_string()))?);
    }
    let results = merged(all).map_err(|error| {
        let hint = match error {
            MergeError::PartMissing { .. } => "add its results file",
            _ => "merge the shards of one session only",
        };
        Error::usage(error.to_string()).with_hint(hint)
    })?;
    let code = results.exit_code();
    print_results(&results, args.json)?;
    if let Some(path) = &args.results {
        write_file(&results, path)?;
    }
    args.reports.write(&results, args.json)?;
    Ok(code)
}
