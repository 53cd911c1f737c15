//! `sigproof sweep`: one run per point.

use super::args::sweep::SweepArgs;
use super::interrupt::interruptible;
use super::pool::{open_pool, parallel_runs};
use super::results::{print_case, print_heading, program_name, write_error, write_results};
use crate::error::Error;
use crate::explore;
use crate::explore::Progress;
use crate::failure::Store;
use crate::report::Bar;
use crate::session;
use crate::session::{Case, Heading, Kind, RunSetup};
use crate::target::StartState;
use sigproof_core::StopToken;

pub fn sweep(args: &SweepArgs) -> u8 {
    let json = args.output.json;
    let bar = Bar::new(!json);
    interruptible(json, &bar, |token| {
        let several = args.target.from.len() > 1;
        let mut cases = Vec::new();
        for start in &args.target.from {
            let command = &args.target.command;
            let mut case = sweep_target(args, *start, &bar, token)
                .or_else(|error| {
                    Case::of_violation(program_name(command), Kind::Sweep, command, error)
                })
                .map_err(|error| write_error(&args.output, Kind::Sweep, command, error))?;
            if several {
                case.name = format!("{} from {}", case.name, start.word());
            }
            bar.clear();
            print_case(&case, json, false)?;
            cases.push(case);
            if token.is_interrupted() {
                break;
            }
        }
        write_results(&args.output, cases)
    })
}

/// Sweeps, and shows the progress.
fn sweep_target(
    args: &SweepArgs,
    start: StartState,
    bar: &Bar,
    token: &StopToken,
) -> Result<Case, Error> {
    let json = args.output.json;
    let options = args.options()?;
    let contract = args.contract.contract()?;
    let signal = options.fault_spec.fault.signal();
    let target = args
        .target
        .target_from(start, options.needs_failpoints(), signal)?;
    let contract = contract.of_script(target.script.as_ref());
    bar.say("starting");
    let pool = open_pool(&target, parallel_runs(args.jobs), args.target.isolation)?;
    let store = Store::at(&args.output.store);
    bar.say("learning what it does undisturbed");
    let mut heading = None;
    let setup = RunSetup::of(&pool);
    let report = explore::sweep(
        pool,
        contract,
        &options,
        &store,
        token,
        |progress| match progress {
            Progress::Learned(baseline, plan, outlook) => {
                let fault = options.words();
                let head =
                    Heading::of_sweep(&target, setup.clone(), fault, baseline, plan, outlook);
                heading = Some(print_heading(&head, json, bar));
                bar.begin(outlook.runs);
            }
            Progress::Ran {
                done,
                total,
                violated,
                classes,
                classes_tried,
            } => bar.at_classes(done, total, violated, (classes_tried, classes)),
            Progress::Relearning => bar.say("running it undisturbed once more"),
            Progress::Confirming { findings } => {
                bar.say(&format!("running {findings} findings again"))
            }
        },
    )?;
    heading.unwrap_or(Ok(()))?;
    let name = program_name(&target.command);
    Ok(session::of_sweep(
        &name,
        &target.command,
        options.words(),
        &report,
    ))
}
