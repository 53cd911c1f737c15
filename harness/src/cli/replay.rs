//! `sigproof replay`: a stored failing run, again.

use super::args::replay::ReplayArgs;
use super::interrupt::interruptible;
use super::pool::open_pool;
use super::results::{print_case, program_name};
use crate::explore;
use crate::failure::{RestoredFailure, StoredFailure};
use crate::report::Bar;
use crate::session;

pub fn replay(args: &ReplayArgs) -> u8 {
    let bar = Bar::new(!args.json);
    interruptible(args.json, &bar, |token| {
        let failure = StoredFailure::read(&args.file)?;
        bar.say("learning what it does undisturbed");
        let restored = RestoredFailure::set(&failure)?;
        let pool = open_pool(&restored.target, 1, failure.isolation)?;
        bar.begin(args.times as usize);
        let mut replay = explore::replay(pool, &failure, args.times, token, |round, _| {
            bar.at(round as usize, 0)
        })?;
        replay.notes.extend(restored.notes);
        bar.clear();
        let name = program_name(&failure.target.command);
        let case = session::of_replay(&name, &failure, &replay);
        print_case(&case, args.json, false)?;
        Ok(case.exit_code())
    })
}
