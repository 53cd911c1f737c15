//! `sigproof fuzz`: random schedules.

use super::args::fuzz::FuzzArgs;
use super::interrupt::interruptible;
use super::pool::{open_pool, parallel_runs};
use super::results::{program_name, write_error, write_results};
use super::stdio::{print, written};
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
    interruptible(json, &bar, |token| {
        let (target, fault, report) = fuzz_target(args, &bar, token)
            .map_err(|error| write_error(&args.output, Kind::Fuzz, &args.target.command, error))?;
        bar.clear();
        let code = exit::of_fuzz(&report);
        if json {
            let mut out = Json::new(io::stdout().lock());
            for found in &report.found {
                written(out.found(found))?;
            }
            written(out.fuzzed(&report, code))?;
        } else {
            let mut out = TerminalWriter::new();
            report::fuzz_report(&mut out, &report);
            print(&out.finish());
        }
        write_results(&args.output, || {
            session::of_fuzz(
                &program_name(&target.command),
                &target.command,
                fault,
                &report,
            )
        })?;
        Ok(code)
    })
}

/// Fuzzes, and shows the progress.
fn fuzz_target(
    args: &FuzzArgs,
    bar: &Bar,
    token: &StopToken,
) -> Result<(Target, String, FuzzReport), Error> {
    let json = args.output.json;
    let options = args.options()?;
    let contract = args.contract.contract()?;
    let target = args.target.target(options.needs_failpoints())?;
    bar.say("starting");
    let pool = open_pool(
        &target,
        parallel_runs(args.budget.jobs),
        args.target.isolation,
    )?;
    let store = Store::at(&args.output.store);
    bar.say("learning what it does undisturbed");
    let mut heading = None;
    let setup = report::RunSetup::of(&pool);
    let report = explore::fuzz(
        pool,
        contract,
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
                    report::fuzz_heading(&mut out, &target, &setup, baseline, &options);
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
    written(heading.unwrap_or(Ok(())))?;
    Ok((target, options.words(), report))
}
