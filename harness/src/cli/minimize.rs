//! `sigproof minimize`: a stored failing run without what it does not need.

use super::args::minimize::MinimizeArgs;
use super::interrupt::interruptible;
use super::results::{print_case, program_name};
use crate::explore;
use crate::explore::MinimizeOptions;
use crate::failure::StoredFailure;
use crate::report::Bar;
use crate::session;
use std::path::{Path, PathBuf};

pub fn minimize(args: &MinimizeArgs) -> u8 {
    let bar = Bar::new(!args.json);
    interruptible(args.json, &bar, |token| {
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
        let name = program_name(&failure.target.command);
        let case = session::of_minimize(&name, &failure, &least, file.as_deref());
        print_case(&case, args.json, false)?;
        Ok(case.exit_code())
    })
}

/// `x.json` becomes `x.min.json`.
fn beside(path: &Path) -> PathBuf {
    path.with_extension("min.json")
}
