//! `sigproof sweep`: one run per point.

use super::args::sweep::SweepArgs;
use super::interrupt::interruptible;
use super::pool::{open_pool, parallel_runs};
use super::results::{program_name, write_error, write_results};
use super::stdio::{print, written};
use crate::cli::exit;
use crate::error::Error;
use crate::explore;
use crate::explore::{Progress, SweepReport};
use crate::failure::Store;
use crate::report;
use crate::report::{Bar, Json, TerminalWriter};
use crate::session;
use crate::session::Kind;
use crate::target::Target;
use sigproof_core::StopToken;
use std::io;

pub fn sweep(args: &SweepArgs) -> u8 {
    let json = args.output.json;
    let bar = Bar::new(!json);
    interruptible(json, &bar, |token| {
        let (target, fault, report) = sweep_target(args, &bar, token)
            .map_err(|error| write_error(&args.output, Kind::Sweep, &args.target.command, error))?;
        bar.clear();
        let code = exit::of_sweep(&report);
        if json {
            let mut out = Json::new(io::stdout().lock());
            for finding in &report.findings {
                written(out.finding(finding))?;
            }
            written(out.summary(&report, code))?;
        } else {
            let mut out = TerminalWriter::new();
            report::sweep_report(&mut out, &report);
            print(&out.finish());
        }
        write_results(&args.output, || {
            session::of_sweep(
                &program_name(&target.command),
                &target.command,
                fault,
                &report,
            )
        })?;
        Ok(code)
    })
}

/// Sweeps, and shows the progress.
fn sweep_target(
    args: &SweepArgs,
    bar: &Bar,
    token: &StopToken,
) -> Result<(Target, String, SweepReport), Error> {
    let json = args.output.json;
    let options = args.options()?;
    let contract = args.contract.contract()?;
    let target = args.target.target(options.needs_failpoints())?;
    bar.say("starting");
    let pool = open_pool(&target, parallel_runs(args.jobs), args.target.isolation)?;
    let store = Store::at(&args.output.store);
    bar.say("learning what it does undisturbed");
    let command = target.command.clone();
    let mut heading = None;
    let setup = report::RunSetup::of(&pool);
    let report = explore::sweep(
        pool,
        contract,
        &options,
        &store,
        token,
        |progress| match progress {
            Progress::Learned(baseline, plan) => {
                if json {
                    heading = Some(Json::new(io::stdout().lock()).plan(&command, baseline, plan));
                } else {
                    let mut out = TerminalWriter::new();
                    report::sweep_heading(
                        &mut out,
                        &target,
                        &setup,
                        baseline,
                        plan,
                        &options.words(),
                    );
                    bar.print(&out.finish());
                }
                bar.begin(plan.planned.len());
            }
            Progress::Ran { done, violated, .. } => bar.at(done, violated),
            Progress::Relearning => bar.say("running it undisturbed once more"),
            Progress::Confirming { findings } => {
                bar.say(&format!("running {findings} findings again"))
            }
        },
    )?;
    written(heading.unwrap_or(Ok(())))?;
    Ok((target, options.words(), report))
}
