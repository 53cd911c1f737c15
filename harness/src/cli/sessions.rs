//! What each verb does: open a lab, explore, report, answer an exit code.

use super::args::{PointsArgs, ReplayArgs, RunArgs, SweepArgs};
use super::report::{keep, keep_error, named};
use crate::cli::exit;
use crate::error::Error;
use crate::execute::{Recordings, SupervisorPool};
use crate::explore;
use crate::explore::CallSites;
use crate::explore::{Progress, RunOnceReport, SweepOptions, SweepReport};
use crate::failure::{Store, StoredFailure};
use crate::report;
use crate::report::{Bar, Json, Sink, Style, TerminalWriter};
use crate::schedule::Schedule;
use crate::session;
use crate::session::Kind;
use crate::target::Target;
use sigproof_core::{InterruptHandler, Options, Policy, StopToken};
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

/// Prints on standard output. A reader that has gone away is no error.
pub fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Something to say while or before the work goes on.
pub(crate) fn remark(words: &str) {
    let mut out = TerminalWriter::new();
    out.item(0, (Style::Warn, "! "), Style::Plain, words);
    let mut err = anstream::stderr().lock();
    let _ = err.write_all(out.finish().as_bytes());
}

/// Runs `work` under an interrupt handler; ends by the signal when there was one.
pub(crate) fn guarded(
    json: bool,
    bar: &Bar,
    work: impl FnOnce(&StopToken) -> Result<u8, Error>,
) -> u8 {
    let options = Options::new(Policy::escalating()).feedback(Sink::new(bar));
    let handler = match InterruptHandler::install(options) {
        Ok(handler) => handler,
        Err(error) => return failed(json, &Error::Harness(format!("signal handlers: {error}"))),
    };
    let token = handler.token();
    let code = match work(&token) {
        Ok(code) => code,
        Err(error) => {
            bar.clear();
            failed(json, &error)
        }
    };
    // Everything that was started is gone by now: die by the signal, if there was one.
    let _code: ExitCode = handler.conclude_with(ExitCode::from(code));
    code
}

/// Says an error, and answers its exit code.
pub fn failed(json: bool, error: &Error) -> u8 {
    let code = exit::of_error(error);
    if json {
        let _ = Json::new(io::stdout().lock()).error(&error.to_string(), code);
    }
    let mut out = TerminalWriter::new();
    if matches!(error, Error::Interrupted) {
        out.line(&[
            (Style::Warn, "sigproof: "),
            (
                Style::Plain,
                "interrupted before there was anything to report",
            ),
        ]);
    } else {
        out.item(
            0,
            (Style::Bad, "sigproof: "),
            Style::Plain,
            &error.to_string(),
        );
    }
    let mut err = anstream::stderr().lock();
    let _ = err.write_all(out.finish().as_bytes());
    code
}

/// How many runs at a time: as many as asked for, otherwise one for each processor.
pub(crate) fn at_once(jobs: Option<u16>) -> usize {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    jobs.map_or_else(processors, usize::from)
}

/// A lab, with what it cleaned up said.
pub(crate) fn open(
    target: &Target,
    jobs: usize,
    isolation: crate::target::Isolation,
) -> Result<SupervisorPool, Error> {
    let pool = SupervisorPool::open(target, jobs, isolation)?;
    for place in &pool.removed {
        remark(&format!(
            "removed the work tree of a session that was killed: {}",
            place.display()
        ));
    }
    if !pool.private() && isolation != crate::target::Isolation::Copy {
        // Named now, because a session that is killed cannot name it any more.
        remark(&format!("work trees are at {}", pool.tree()));
    }
    Ok(pool)
}

/// JSON that cannot be written ends nothing: the exit code still tells.
pub(crate) fn told(result: io::Result<()>) -> Result<(), Error> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(|error| Error::Harness(format!("standard output: {error}"))),
    }
}

pub fn sweep(args: SweepArgs) -> u8 {
    let json = args.output.json;
    let bar = Bar::new(!json);
    guarded(json, &bar, |token| {
        let (target, fault, report) = swept(&args, &bar, token)
            .map_err(|error| keep_error(&args.output, Kind::Sweep, &args.target.command, error))?;
        bar.clear();
        let code = exit::of_sweep(&report);
        if json {
            let mut out = Json::new(io::stdout().lock());
            for finding in &report.findings {
                told(out.finding(finding))?;
            }
            told(out.summary(&report, code))?;
        } else {
            let mut out = TerminalWriter::new();
            report::sweep_report(&mut out, &report);
            print(&out.finish());
        }
        keep(&args.output, || {
            session::of_sweep(&named(&target), &target.command, fault, &report)
        })?;
        Ok(code)
    })
}

/// Opens a lab and sweeps in it; says what is going on meanwhile.
fn swept(
    args: &SweepArgs,
    bar: &Bar,
    token: &StopToken,
) -> Result<(Target, String, SweepReport), Error> {
    let json = args.output.json;
    args.filter().check()?;
    let fault_spec = args.fault_spec()?;
    if args.instructions.is_some() && !cfg!(target_arch = "x86_64") {
        return Err(Error::Usage(
            "--instructions: instructions are told apart on x86-64 only".to_owned(),
        ));
    }
    let options = SweepOptions {
        instructions: args.instructions,
        second: args.second(&fault_spec.fault)?,
        mapped: args.mapped(&fault_spec.fault)?,
        all: args.points.all,
        filter: args.filter(),
        confirm: args.confirm,
        isolation: args.target.isolation,
        ..SweepOptions::of(fault_spec)
    };
    let target = args.target.target(options.needs_failpoints())?;
    bar.say("starting");
    let pool = open(&target, at_once(args.jobs), args.target.isolation)?;
    let store = Store::at(&args.output.store);
    bar.say("learning what it does undisturbed");
    let command = target.command.clone();
    let mut heading = None;
    let place = report::RunSetup::of(&pool);
    let report = explore::sweep(
        pool,
        args.contract.contract(),
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
                        &place,
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
    told(heading.unwrap_or(Ok(())))?;
    Ok((target, options.words(), report))
}

pub fn run(args: RunArgs) -> u8 {
    let json = args.output.json;
    let bar = Bar::new(!json);
    guarded(json, &bar, |token| {
        let (target, report) = ran(&args, &bar, token)
            .map_err(|error| keep_error(&args.output, Kind::Run, &args.target.command, error))?;
        bar.clear();
        let code = if report.trial.violated() {
            exit::VIOLATED
        } else if report.not_reached() > 0 || report.trial.run.status.is_none() {
            exit::NOT_REACHED
        } else {
            exit::HOLDS
        };
        if json {
            told(Json::new(io::stdout().lock()).run(&report, code))?;
        } else {
            let mut out = TerminalWriter::new();
            report::run_report(&mut out, &target, &report, args.files);
            print(&out.finish());
        }
        keep(&args.output, || {
            session::of_run(&named(&target), &target.command, &report)
        })?;
        Ok(code)
    })
}

/// Opens a lab and carries out the schedule in it.
fn ran(args: &RunArgs, bar: &Bar, token: &StopToken) -> Result<(Target, RunOnceReport), Error> {
    let schedule = Schedule {
        steps: args.steps()?,
    };
    let target = args.target.target(schedule.needs_failpoints())?;
    bar.say("running");
    let pool = Arc::new(open(&target, 1, args.target.isolation)?);
    let report = if args.no_baseline {
        explore::observe(&pool, &args.contract.contract(), schedule, token)?
    } else {
        let store = Store::at(&args.output.store);
        explore::run(
            pool,
            args.contract.contract(),
            schedule,
            args.target.isolation,
            &store,
            token,
        )?
    };
    Ok((target, report))
}

pub fn points(args: PointsArgs) -> u8 {
    let bar = Bar::new(!args.json);
    guarded(args.json, &bar, |token| {
        let target = args.target.target(false)?;
        args.points.filter().check()?;
        let mapped = args.points.mapped()?;
        bar.say("recording");
        let pool = open(&target, 1, args.target.isolation)?;
        let mut contract = args.contract.contract();
        contract.skip.insert("rerun".to_owned());
        let baseline = explore::map_points(
            &pool,
            &contract,
            Recordings {
                signal: args.points.signal,
                mapped,
                all: args.points.all,
                named: args.stacks,
            },
            token,
        )?;
        let sites = args.stacks.then(|| CallSites::of(&baseline));
        bar.clear();
        let filter = args.points.filter();
        if args.json {
            let mut out = Json::new(io::stdout().lock());
            for point in baseline
                .points
                .points
                .iter()
                .filter(|point| filter.wants(point))
            {
                told(out.point(point, sites.as_ref()))?;
            }
        } else {
            let mut out = TerminalWriter::new();
            report::points_map(&mut out, &baseline, &filter, sites.as_ref());
            print(&out.finish());
        }
        Ok(exit::HOLDS)
    })
}

pub fn replay(args: ReplayArgs) -> u8 {
    let bar = Bar::new(!args.json);
    guarded(args.json, &bar, |token| {
        let failure = StoredFailure::read(&args.file)?;
        bar.say("learning what it does undisturbed");
        let stage = crate::failure::RestoredFailure::set(&failure)?;
        let pool = open(&stage.target, 1, failure.isolation)?;
        bar.begin(args.times as usize);
        let mut replay = explore::replay(pool, &failure, args.times, token, |round, _| {
            bar.at(round as usize, 0)
        })?;
        replay.notes.extend(stage.notes);
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
            told(Json::new(io::stdout().lock()).replay(&replay, code))?;
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
