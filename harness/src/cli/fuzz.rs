//! `sigproof fuzz`: random schedules.

use super::args::fuzz::FuzzArgs;
use super::interrupt::interruptible;
use super::pool::{open_pool, parallel_runs};
use super::results::{print_case, print_heading, program_name, write_error, write_results};
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
    interruptible(json, &bar, |token| {
        let command = &args.target.command;
        let case = fuzz_target(args, &bar, token)
            .or_else(|error| Case::of_violation(program_name(command), Kind::Fuzz, command, error))
            .map_err(|error| write_error(&args.output, Kind::Fuzz, &args.target.command, error))?;
        bar.clear();
        print_case(&case, json, false)?;
        write_results(&args.output, [case])
    })
}

/// Fuzzes, and shows the progress.
fn fuzz_target(args: &FuzzArgs, bar: &Bar, token: &StopToken) -> Result<Case, Error> {
    let json = args.output.json;
    let options = args.options()?;
    let contract = args.contract.contract()?;
    let target = args
        .target
        .target(options.needs_failpoints(), options.only_signal())?;
    let contract = contract.of_script(target.script.as_ref());
    bar.say("starting");
    let pool = open_pool(
        &target,
        parallel_runs(args.budget.jobs),
        args.target.isolation,
    )?;
    let store = Store::at(&args.output.store);
    bar.say("learning what it does undisturbed");
    let mut heading = None;
    let setup = RunSetup::of(&pool);
    let report = explore::fuzz(
        pool,
        contract,
        &options,
        &store,
        token,
        |progress| match progress {
            FuzzProgress::Learned(baseline) => {
                let head = Heading::of_fuzz(&target, setup.clone(), &options, baseline);
                heading = Some(print_heading(&head, json, bar));
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
    let name = program_name(&target.command);
    Ok(session::of_fuzz(
        &name,
        &target.command,
        options.words(),
        &report,
    ))
}
