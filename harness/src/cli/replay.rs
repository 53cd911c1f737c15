//! `sigproof replay`: a stored failing run, again.

use super::args::replay::ReplayArgs;
use super::interrupt::interruptible;
use super::pool::open_pool;
use super::stdio::{print, written};
use crate::cli::exit;
use crate::explore;
use crate::failure::{RestoredFailure, StoredFailure};
use crate::report;
use crate::report::{Bar, Json, TerminalWriter};
use std::io;

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
        let code = if replay.shown == replay.times {
            exit::VIOLATED
        } else if replay.reached == 0 && !failure.schedule.steps.is_empty() {
            exit::NOT_REACHED
        } else if replay.shown == 0 && replay.reached == replay.times {
            exit::HOLDS
        } else {
            exit::FLAKY
        };
        if args.json {
            written(Json::new(io::stdout().lock()).replay(&replay, code))?;
        } else {
            let mut out = TerminalWriter::new();
            let shown = explore::RunOnceReport {
                trial: replay.trial.clone(),
                baseline_ns: Some(replay.baseline_ns),
                file: None,
                notes: Vec::new(),
                baseline: None,
                contract: failure.contract.clone(),
            };
            report::run_report(&mut out, &failure.target, &shown, false);
            report::replay_report(&mut out, &failure, &replay);
            print(&out.finish());
        }
        Ok(code)
    })
}
