//! `sigproof run`: one run with a schedule.

use super::args::run::RunArgs;
use super::interrupt::interruptible;
use super::pool::open_pool;
use super::results::{print_case, program_name, write_error, write_results};
use crate::error::Error;
use crate::explore;
use crate::explore::RunOptions;
use crate::failure::Store;
use crate::options::check_alone;
use crate::report::Bar;
use crate::session;
use crate::session::{Case, Kind};
use sigproof_core::StopToken;

pub fn run(args: &RunArgs) -> u8 {
    let json = args.output.json;
    let bar = Bar::new(!json);
    interruptible(json, &bar, |token| {
        let command = &args.target.command;
        let case = run_target(args, &bar, token)
            .or_else(|error| Case::of_violation(program_name(command), Kind::Run, command, error))
            .map_err(|error| write_error(&args.output, Kind::Run, &args.target.command, error))?;
        bar.clear();
        print_case(&case, json, args.files)?;
        write_results(&args.output, [case])
    })
}

/// Runs the target with the schedule.
fn run_target(args: &RunArgs, bar: &Bar, token: &StopToken) -> Result<Case, Error> {
    let options = RunOptions {
        schedule: args.schedule()?,
        baseline: !args.no_baseline,
        confirm: RunOptions::CONFIRM,
        budget: None,
        isolation: args.target.isolation,
    };
    let contract = args.contract.contract()?;
    if args.no_baseline {
        check_alone(&contract)?;
    }
    let signal = options.schedule.first_signal();
    let target = args
        .target
        .target(options.schedule.needs_failpoints(), signal)?;
    let contract = contract.of_script(target.script.as_ref());
    bar.say("running");
    let pool = open_pool(&target, 1, args.target.isolation)?;
    let store = Store::at(&args.output.store);
    let report = explore::run(pool, contract, &options, &store, token)?;
    let name = program_name(&target.command);
    Ok(session::of_run(&name, &target.command, &report))
}
