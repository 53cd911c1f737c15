//! `sigproof merge`: the results of shards, joined.

use super::sessions::failed;
use super::test::{tell, write};
use crate::cli::args::test::MergeArgs;
use crate::error::Error;
use crate::session::Results;

pub fn merge(args: &MergeArgs) -> u8 {
    match joined(args) {
        Ok(code) => code,
        Err(error) => failed(args.json, &error),
    }
}

fn joined(args: &MergeArgs) -> Result<u8, Error> {
    let mut cases = Vec::new();
    for file in &args.files {
        let results = Results::read(file).map_err(|error| Error::usage(error.to_string()))?;
        cases.extend(results.cases);
    }
    // The order of one session that has them all.
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    if let Some(pair) = cases.windows(2).find(|pair| pair[0].name == pair[1].name) {
        return Err(Error::usage(format!(
            "{} is in two of these files; they are not shards of one session",
            pair[0].name
        )));
    }
    let results = Results::new(cases);
    let code = results.exit_code();
    tell(&results, args.json)?;
    if let Some(path) = &args.results {
        write(&results, path)?;
    }
    args.reports.write(&results, args.json)?;
    Ok(code)
}
