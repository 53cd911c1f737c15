//! `sigproof minimise`.

use super::report::named;
use super::sessions::{guarded, report_case};
use crate::explore;
use crate::explore::MinimizeOptions;
use crate::failure::StoredFailure;
use crate::report::Bar;
use crate::session;
use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub struct MinimizeArgs {
    /// The stored failing run
    pub file: PathBuf,
    /// Arguments that may be left out, a glob (repeatable); globs with spaces between for those that go together
    #[arg(long, value_name = "GLOBS", allow_hyphen_values = true)]
    pub optional: Vec<String>,
    /// Runs that each smaller failure is confirmed by
    #[arg(long, short = 'n', value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub times: u32,
    /// Runs at most, baselines not counted
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub runs: usize,
    /// Where the smaller failure is written [default: beside FILE, with .min before its extension]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Print JSON Lines
    #[arg(long)]
    pub json: bool,
}

pub fn minimise(args: &MinimizeArgs) -> u8 {
    let bar = Bar::new(!args.json);
    guarded(args.json, &bar, |token| {
        let failure = StoredFailure::read(&args.file)?;
        let options = MinimizeOptions {
            optional: args.optional.clone(),
            times: args.times,
            runs: args.runs,
        };
        let mut least = explore::minimise(&failure, &options, token, |what| {
            bar.say(&format!("leaving out what is not needed: {what}"));
        })?;
        bar.clear();
        let mut file = None;
        if least.seen.0 > 0 && !least.dropped.is_empty() {
            let path = args.to.clone().unwrap_or_else(|| beside(&args.file));
            least.failure.write(&path)?;
            file = Some(path);
        }
        least.notes.dedup();
        let name = named(&failure.target.command);
        let case = session::of_minimize(&name, &failure, &least, file.as_deref());
        report_case(&case, args.json, false)?;
        Ok(case.exit_code())
    })
}

/// `x.json` becomes `x.min.json`.
fn beside(path: &Path) -> PathBuf {
    path.with_extension("min.json")
}
