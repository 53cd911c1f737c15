//! `sigproof merge`: the results of shards in one file.

use super::args::test::MergeArgs;
use super::results::{print_results, write_file};
use super::stdio::report_error;
use crate::error::Error;
use crate::session::Results;

pub fn merge(args: &MergeArgs) -> u8 {
    match merge_files(args) {
        Ok(code) => code,
        Err(error) => report_error(args.json, &error),
    }
}

fn merge_files(args: &MergeArgs) -> Result<u8, Error> {
    let mut cases = Vec::new();
    for file in &args.files {
        let results = Results::read(file).map_err(|error| Error::usage(error.to_string()))?;
        cases.extend(results.cases);
    }
    // The order of one session that has them all.
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    if let Some(pair) = cases.windows(2).find(|pair| pair[0].name == pair[1].name) {
        let message = format!("{} is in two of these files", pair[0].name);
        return Err(Error::usage(message).with_hint("merge the shards of one session only"));
    }
    let results = Results::new(cases);
    let code = results.exit_code();
    print_results(&results, args.json)?;
    if let Some(path) = &args.results {
        write_file(&results, path)?;
    }
    args.reports.write(&results, args.json)?;
    Ok(code)
}
