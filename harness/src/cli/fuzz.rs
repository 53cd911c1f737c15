//! `sigproof fuzz`.

use super::report::{keep, keep_error, named};
use super::sessions::{at_once, guarded, open, print, told};
use crate::cli::args::fuzz::FuzzArgs;
use crate::cli::exit;
use crate::error::Error;
use crate::explore;
use crate::explore::{FuzzProgress, FuzzReport};
use crate::failure::Store;
use crate::report;
use crate::report::{Bar, Json, TerminalWriter};
use crate::session;
use crate::session::Kind;
use crate::target::Target;
use sigproof_core::StopToken;
use std::io;

pub fn fuzz(args: &FuzzArgs) -> u8 {
    let json = args.output.json;
    let bar = Bar::new(!json);
    guarded(json, &bar, |token| {
        let (target, fault, report) = fuzzed(args, &bar, token)
            .map_err(|error| keep_error(&args.output, Kind::Fuzz, &args.target.command, error))?;
        bar.clear();
        let code = exit::of_fuzz(&report);
        if json {
            let mut out = Json::new(io::stdout().lock());
            for found in &report.found {
                told(out.found(found))?;
            }
            told(out.fuzzed(&report, code))?;
        } else {
            let mut out = TerminalWriter::new();
            report::fuzz_report(&mut out, &report);
            print(&out.finish());
        }
        keep(&args.output, || {
            session::of_fuzz(&named(&target), &target.command, fault, &report)
        })?;
        Ok(code)
    })
}

/// Opens a lab and fuzzes in it; says what is going on meanwhile.
fn fuzzed(
    args: &FuzzArgs,
    bar: &Bar,
    token: &StopToken,
) -> Result<(Target, String, FuzzReport), Error> {
    let json = args.output.json;
    let options = args.options()?;
    options.filter.check()?;
    let target = args.target.target(options.needs_failpoints())?;
    bar.say("starting");
    let pool = open(&target, at_once(args.jobs), args.target.isolation)?;
    let store = Store::at(&args.output.store);
    bar.say("learning what it does undisturbed");
    let mut heading = None;
    let place = report::RunSetup::of(&pool);
    let report = explore::fuzz(
        pool,
        args.contract.contract(),
        &options,
        &store,
        token,
        |progress| match progress {
            FuzzProgress::Learned(baseline) => {
                if json {
                    let mut out = Json::new(io::stdout().lock());
                    heading = Some(out.fuzzing(&target.command, baseline, &options));
                } else {
                    let mut out = TerminalWriter::new();
                    report::fuzz_heading(&mut out, &target, &place, baseline, &options);
                    bar.print(&out.finish());
                }
                bar.begin_budget(options.budget.runs, options.budget.time);
            }
            FuzzProgress::Ran {
                runs,
                used,
                points,
                pairs,
                violated,
            } => bar.at_budget(runs, used, points, pairs, violated),
            FuzzProgress::Relearning => bar.remark("running it undisturbed once more"),
            FuzzProgress::Again { text } => bar.remark(&format!("found earlier: {text}")),
            FuzzProgress::Shrinking { text } => bar.remark(&format!("shrinking: {text}")),
            FuzzProgress::Confirming { text } => bar.remark(&format!("running again: {text}")),
        },
    )?;
    told(heading.unwrap_or(Ok(())))?;
    Ok((target, options.words(), report))
}
