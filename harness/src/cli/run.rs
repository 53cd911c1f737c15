//! `sigproof run`: one run with a schedule.

use super::args::run::RunArgs;
use super::interrupt::interruptible;
use super::pool::open_pool;
use super::results::{program_name, write_error, write_results};
use super::stdio::{print, written};
use crate::cli::exit;
use crate::error::Error;
use crate::explore;
use crate::explore::RunOnceReport;
use crate::failure::Store;
use crate::report;
use crate::report::{Bar, Json, TerminalWriter};
use crate::session;
use crate::session::Kind;
use crate::target::Target;
use sigproof_core::StopToken;
use std::io;
use std::sync::Arc;

pub fn run(args: &RunArgs) -> u8 {
    let json = args.output.json;
    let bar = Bar::new(!json);
    interruptible(json, &bar, |token| {
        let (target, report) = run_once(args, &bar, token)
            .map_err(|error| write_error(&args.output, Kind::Run, &args.target.command, error))?;
        bar.clear();
        let code = if report.trial.violated() {
            exit::VIOLATED
        } else if report.not_reached() > 0 || report.trial.run.status.is_none() {
            exit::NOT_REACHED
        } else {
            exit::HOLDS
        };
        if json {
            written(Json::new(io::stdout().lock()).run(&report, code))?;
        } else {
            let mut out = TerminalWriter::new();
            report::run_report(&mut out, &target, &report, args.files);
            print(&out.finish());
        }
        write_results(&args.output, || {
            session::of_run(&program_name(&target.command), &target.command, &report)
        })?;
        Ok(code)
    })
}

/// Runs the target with the schedule.
fn run_once(
    args: &RunArgs,
    bar: &Bar,
    token: &StopToken,
) -> Result<(Target, RunOnceReport), Error> {
    let schedule = args.schedule()?;
    let contract = args.contract.contract()?;
    let target = args.target.target(schedule.needs_failpoints())?;
    bar.say("running");
    let pool = Arc::new(open_pool(&target, 1, args.target.isolation)?);
    let report = if args.no_baseline {
        explore::observe(&pool, &contract, schedule, token)?
    } else {
        let store = Store::at(&args.output.store);
        explore::run(
            pool,
            contract,
            schedule,
            args.target.isolation,
            &store,
            token,
        )?
    };
    Ok((target, report))
}
