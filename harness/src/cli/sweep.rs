//! `sigproof sweep`: one run per point.

use super::accept::{Swept, scenario_path, write_scenario};
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
use crate::session::{Case, Heading, Kind, RunSetup, exit_code};
use crate::target::StartState;
use sigproof_core::StopToken;

pub fn sweep(args: &SweepArgs) -> u8 {
    let json = args.output.json;
    let bar = Bar::new(!json);
    interruptible(json, &bar, |token| {
        let scenario = scenario_path(args)?;
        let several = args.target.from.len() > 1;
        let mut cases = Vec::new();
        let mut last = None;
        for start in &args.target.from {
            let command = &args.target.command;
            let swept = match sweep_target(args, *start, &bar, token) {
                Ok(swept) => Ok((swept.0, Some(swept.1))),
                Err(error) => {
                    let name = program_name(command);
                    Case::of_violation(name, Kind::Sweep, command, error).map(|case| (case, None))
                }
            };
            let (mut case, swept) =
                swept.map_err(|error| write_error(&args.output, Kind::Sweep, command, error))?;
            if several {
                case.name = format!("{} from {}", case.name, start.word());
            }
            bar.clear();
            print_case(&case, json, false)?;
            cases.push(case);
            last = swept;
            if token.is_interrupted() {
                break;
            }
        }
        let code = write_results(&args.output, cases)?;
        let (Some(path), Some(swept)) = (&scenario, &last) else {
            return Ok(code);
        };
        let all = write_scenario(path, args, swept)?;
        let is_finding = matches!(code, exit_code::VIOLATED | exit_code::FLAKY);
        Ok(if all && is_finding {
            exit_code::HOLDS
        } else {
            code
        })
    })
}

/// Sweeps, and shows the progress.
fn sweep_target(
    args: &SweepArgs,
    start: StartState,
    bar: &Bar,
    token: &StopToken,
) -> Result<(Case, Swept), Error> {
    let json = args.output.json;
    let options = args.options()?;
    let contract = args.contract()?;
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
    let case = session::of_sweep(&name, &target.command, options.words(), &report);
    let swept = Swept {
        target,
        options,
        report,
    };
    Ok((case, swept))
}
