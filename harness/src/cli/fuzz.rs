//! `sigproof fuzz`.

use super::report::{keep, keep_error, named};
use super::sessions::{at_once, guarded, open, report_case, report_heading};
use crate::cli::args::fuzz::FuzzArgs;
use crate::error::Error;
use crate::explore;
use crate::explore::FuzzProgress;
use crate::failure::Store;
use crate::report::Bar;
use crate::session;
use crate::session::{Case, Heading, Kind, RunSetup};
use sigproof_core::StopToken;

pub fn fuzz(args: &FuzzArgs) -> u8 {
    let json = args.output.json;
    let bar = Bar::new(!json);
    guarded(json, &bar, |token| {
        let case = fuzzed(args, &bar, token)
            .map_err(|error| keep_error(&args.output, Kind::Fuzz, &args.target.command, error))?;
        bar.clear();
        report_case(&case, json, false)?;
        keep(&args.output, case)
    })
}

/// Opens a lab and fuzzes in it; says what is going on meanwhile.
fn fuzzed(args: &FuzzArgs, bar: &Bar, token: &StopToken) -> Result<Case, Error> {
    let json = args.output.json;
    let options = args.options()?;
    options.filter.check()?;
    let target = args.target.target(options.needs_failpoints())?;
    bar.say("starting");
    let pool = open(&target, at_once(args.jobs), args.target.isolation)?;
    let store = Store::at(&args.output.store);
    bar.say("learning what it does undisturbed");
    let mut heading = None;
    let setup = RunSetup::of(&pool);
    let report = explore::fuzz(
        pool,
        args.contract.contract(),
        &options,
        &store,
        token,
        |progress| match progress {
            FuzzProgress::Learned(baseline) => {
                let head = Heading::of_fuzz(&target, setup.clone(), &options, baseline);
                heading = Some(report_heading(&head, json, bar));
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
    heading.unwrap_or(Ok(()))?;
    let name = named(&target.command);
    let fault = options.words();
    Ok(session::of_fuzz(&name, &target.command, fault, &report))
}
