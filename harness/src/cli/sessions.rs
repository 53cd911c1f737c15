//! What each verb does: open a lab, explore, report, answer an exit code.

use super::args::{PointsArgs, ReplayArgs, RunArgs, SweepArgs};
use super::report::{keep, keep_error, named};
use crate::cli::exit;
use crate::error::Error;
use crate::execute::SupervisorPool;
use crate::explore;
use crate::explore::{Progress, RunOptions, SweepOptions};
use crate::failure::{Store, StoredFailure};
use crate::report;
use crate::report::{Bar, Json, Sink, Style, TerminalWriter};
use crate::schedule::Schedule;
use crate::session;
use crate::session::{Case, Heading, Kind, PointList, RunSetup};
use crate::target::Target;
use sigproof_core::{InterruptHandler, Options, Policy, StopToken};
use std::io::{self, Write};
use std::process::ExitCode;

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
        Err(error) => return failed(json, &Error::harness(format!("signal handlers: {error}"))),
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
    let code = error.exit_code();
    if json {
        let _ = Json::new(io::stdout().lock()).error(&error.to_string(), code);
    }
    let mut out = TerminalWriter::new();
    if error.is_interrupted() {
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
        other => other.map_err(|error| Error::harness(format!("standard output: {error}"))),
    }
}

/// Prints what a session has to say, for a program or for a person.
pub(crate) fn report_case(case: &Case, json: bool, files: bool) -> Result<(), Error> {
    if json {
        return told(Json::new(io::stdout().lock()).session(case));
    }
    let mut out = TerminalWriter::new();
    report::session_page(&mut out, case, files);
    print(&out.finish());
    Ok(())
}

/// Prints what a session is going to do, above the bar.
pub(crate) fn report_heading(heading: &Heading, json: bool, bar: &Bar) -> Result<(), Error> {
    if json {
        return told(Json::new(io::stdout().lock()).plan(heading));
    }
    let mut out = TerminalWriter::new();
    report::heading(&mut out, heading);
    bar.print(&out.finish());
    Ok(())
}

pub fn sweep(args: SweepArgs) -> u8 {
    let json = args.output.json;
    let bar = Bar::new(!json);
    guarded(json, &bar, |token| {
        let case = swept(&args, &bar, token)
            .map_err(|error| keep_error(&args.output, Kind::Sweep, &args.target.command, error))?;
        bar.clear();
        report_case(&case, json, false)?;
        keep(&args.output, case)
    })
}

/// Opens a lab and sweeps in it; says what is going on meanwhile.
fn swept(args: &SweepArgs, bar: &Bar, token: &StopToken) -> Result<Case, Error> {
    let json = args.output.json;
    args.filter().check()?;
    let fault_spec = args.fault_spec()?;
    if args.instructions.is_some() && !cfg!(target_arch = "x86_64") {
        return Err(Error::usage(
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
    let mut heading = None;
    let setup = RunSetup::of(&pool);
    let report = explore::sweep(
        pool,
        args.contract.contract(),
        &options,
        &store,
        token,
        |progress| match progress {
            Progress::Learned(baseline, plan) => {
                let fault = options.words();
                let head = Heading::of_sweep(&target, setup.clone(), fault, baseline, plan);
                heading = Some(report_heading(&head, json, bar));
                bar.begin(plan.planned.len());
            }
            Progress::Ran { done, violated, .. } => bar.at(done, violated),
            Progress::Relearning => bar.say("running it undisturbed once more"),
            Progress::Confirming { findings } => {
                bar.say(&format!("running {findings} findings again"))
            }
        },
    )?;
    heading.unwrap_or(Ok(()))?;
    let name = named(&target.command);
    let fault = options.words();
    Ok(session::of_sweep(&name, &target.command, fault, &report))
}

pub fn run(args: RunArgs) -> u8 {
    let json = args.output.json;
    let bar = Bar::new(!json);
    guarded(json, &bar, |token| {
        let case = ran(&args, &bar, token)
            .map_err(|error| keep_error(&args.output, Kind::Run, &args.target.command, error))?;
        bar.clear();
        report_case(&case, json, args.files)?;
        keep(&args.output, case)
    })
}

/// Opens a pool and carries out the schedule in it.
fn ran(args: &RunArgs, bar: &Bar, token: &StopToken) -> Result<Case, Error> {
    let options = RunOptions {
        schedule: Schedule {
            steps: args.steps()?,
        },
        baseline: !args.no_baseline,
        confirm: RunOptions::CONFIRM,
        budget: None,
        isolation: args.target.isolation,
    };
    let target = args.target.target(options.schedule.needs_failpoints())?;
    bar.say("running");
    let pool = open(&target, 1, args.target.isolation)?;
    let store = Store::at(&args.output.store);
    let contract = args.contract.contract();
    let report = explore::run(pool, contract, &options, &store, token)?;
    let name = named(&target.command);
    Ok(session::of_run(&name, &target.command, &report))
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
            args.points.signal,
            mapped,
            args.points.all,
            token,
        )?;
        let sites = args
            .stacks
            .then(|| explore::call_sites(&pool, args.points.all, token))
            .transpose()?;
        bar.clear();
        let filter = args.points.filter();
        let list = PointList::of(&baseline, &filter, sites.as_ref());
        if args.json {
            let mut out = Json::new(io::stdout().lock());
            for point in &list.points {
                told(out.point(point))?;
            }
        } else {
            let mut out = TerminalWriter::new();
            report::point_list(&mut out, &list);
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
        let name = named(&failure.target.command);
        let case = session::of_replay(&name, &failure, &replay);
        report_case(&case, args.json, false)?;
        Ok(case.exit_code())
    })
}
