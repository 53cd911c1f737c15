//! Learning a baseline: what the target does when nobody disturbs it.

use super::supervisor_pool::{SupervisorLease, SupervisorPool};
use super::trial::CHECK_CHARS;
use crate::error::Error;
use crate::facts::{ExitStatus, Reply, Run, ServiceFacts, Unfollowed, signals};
use crate::oracle::quote::{plain, telling_line};
use crate::oracle::{Baseline, Contract, EndState, OracleId, PhaseSelection, PointMap};
use crate::supervisor::{Recorded, RunRequest, StackDetail, Trace};
use crate::target::ALL_SMALL;
use sigproof_core::{Stage, StopToken};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is to be learned besides the end state.
#[derive(Debug, Clone, Copy)]
pub struct Recordings {
    /// The signal that a handler counts for; 0 for none.
    pub signal: i32,
    /// On which sides of the calls.
    pub mapped: PhaseSelection,
    /// Every call, not only those with an effect.
    pub all: bool,
    /// The functions that make the calls.
    pub named: bool,
    /// Calls without an effect at which a handler could interrupt the C library, where the signal is handled.
    pub quiet: bool,
}

impl Recordings {
    /// What a run with this signal needs.
    pub fn of_signal(signal: i32) -> Recordings {
        Recordings {
            signal,
            mapped: PhaseSelection::DEFAULT,
            all: false,
            named: false,
            quiet: false,
        }
    }
}

/// Recordings at most: they go on until one brings nothing new, which takes more than two where threads or processes
/// run side by side.
const RECORDINGS_MAX: usize = 6;

/// Runs the target undisturbed three times from the same start state, and once more from the end state of the last. Two
/// of the runs are recorded, or more while the last one brings calls that those before lack.
///
/// # Errors
/// A baseline that fails, does not end, differs from run to run in its exit
/// status, or violates an oracle of the contract by itself.
pub fn learn(
    pool: &SupervisorPool,
    contract: &Contract,
    wanted: Recordings,
) -> Result<Baseline, Error> {
    let mut lease = pool.lease()?;
    let limits = pool.target().limits;
    let contents = wanted_contents(contract);
    let order = |fresh, trace| RunRequest {
        fresh,
        command: None,
        trace,
        steps: Vec::new(),
        contents: contents.clone(),
        before_ms: limits.baseline_ms,
        after_ms: stop_ms(pool),
        grace_ms: limits.grace_ms,
    };
    let recording = |stacks| {
        Trace::Record(Recorded {
            all: wanted.all,
            stacks,
        })
    };
    // One of them says who makes the calls, all of them where in the code that is.
    let first = if wanted.named {
        StackDetail::Names
    } else {
        StackDetail::Addresses
    };
    // Without namespaces nothing but the tracer makes sure that all processes end with us.
    // The processes of a service are told from those of its clients by the tracer, too.
    let plain = if pool.private() && pool.target().script.is_none() {
        Trace::None
    } else {
        Trace::Steps
    };
    let mut runs = Vec::new();
    for trace in [plain, recording(first), recording(StackDetail::Addresses)] {
        let run = lease.run(order(true, trace))?;
        if let Err(error) = sound(&run, contract, limits.baseline_ms) {
            // What is wrong with the target is said of two runs.
            if error.violates().is_some() {
                let again = lease.run(order(true, trace))?;
                sound(&again, contract, limits.baseline_ms)?;
                return Err(error);
            }
            // Perhaps it does not do without what it is refused; a recording tells.
            let again = lease.run(order(true, recording(StackDetail::None)))?;
            return Err(told_of_io_uring(error, &again));
        }
        runs.push(run);
    }
    let mut points = map(&runs, wanted);
    while runs.len() <= RECORDINGS_MAX && points.has_news_of(runs.len() - 2) {
        let run = lease.run(order(true, recording(StackDetail::Addresses)))?;
        sound(&run, contract, limits.baseline_ms)?;
        runs.push(run);
        points = map(&runs, wanted);
    }
    if let Some(other) = runs.iter().find(|run| run.status != runs[0].status) {
        return Err(Error::usage(format!(
            "undisturbed runs differ: {} the first time, {} later; a target must be repeatable to be judged",
            words(runs[0].status),
            words(other.status)
        )));
    }
    if let Some(command) = &contract.check
        && contract.asks(OracleId::Check)
    {
        let check = crate::execute::trial::check(&mut lease, pool, command, CHECK_CHARS)?;
        if check.status != Some(ExitStatus::Exited(0)) {
            return Err(Error::usage(format!(
                "the check `{command}` fails after an undisturbed run ({}): {}",
                words(check.status),
                telling_line(&check.output)
            )));
        }
    }
    let learned = EndState::from_runs(&runs);
    let mut quiet = None;
    if wanted.quiet && runs.iter().any(|run| handles(run, wanted.signal)) {
        // Of a target that makes very many calls nothing is kept: it must not take much longer than it does alone.
        let slowest = runs.iter().map(|run| run.end_ns).max().unwrap_or(0);
        let most_ms = 2000.max(10 * slowest / 1_000_000).min(limits.baseline_ms);
        let stacks = StackDetail::Addresses;
        let signal = wanted.signal;
        let run = lease.run(RunRequest {
            before_ms: most_ms,
            ..order(true, Trace::Quiet { signal, stacks })
        })?;
        quiet = (run.status == runs[0].status).then_some(run);
    }
    let mut rerun = None;
    let mut learned_rerun = None;
    if contract.asks_rerun() {
        let again = lease.run(order(false, Trace::Steps))?;
        if again.status.is_some() {
            learned_rerun = Some(EndState::from_runs([&again]).with_varying_of(&learned));
            rerun = Some(again);
        }
    }
    Ok(Baseline {
        status: runs[0]
            .status
            .unwrap_or(ExitStatus::Exited(contract.baseline_status)),
        duration_ns: runs.iter().map(|run| run.end_ns).max().unwrap_or(0),
        learned,
        rerun,
        learned_rerun,
        points,
        runs,
        quiet,
    })
}

/// How long an undisturbed service may take to end when it is told to.
fn stop_ms(pool: &SupervisorPool) -> u64 {
    let limits = pool.target().limits;
    match pool.target().script {
        Some(_) => limits.grace_period_ms,
        None => limits.baseline_ms,
    }
}

/// Whether a signal is handled at some call of a recorded run.
fn handles(run: &Run, signal: i32) -> bool {
    let mut points = run.points.iter();
    points.any(|raw| raw.installs == Some(signal) || raw.around.handles(signal))
}

fn map(runs: &[Run], wanted: Recordings) -> PointMap {
    let recordings: Vec<&Run> = runs.iter().skip(1).collect();
    PointMap::new(&recordings, wanted.signal, wanted.mapped)
}

/// Runs the target undisturbed once more, at another second of the clock than
/// before: what depends on the time shows only then. Answers the baseline with
/// what that told; `None` when nothing new.
pub(crate) fn refine(
    pool: &SupervisorPool,
    contract: &Contract,
    baseline: &Baseline,
    learned_at: SystemTime,
    token: &StopToken,
) -> Result<Option<Baseline>, Error> {
    let second = |time: SystemTime| {
        time.duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    };
    while second(SystemTime::now()) == second(learned_at) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let rest = Duration::from_nanos(u64::from(1_000_000_000 - now.subsec_nanos()));
        if token.wait_timeout(Stage::CancelQueued, rest).is_some() {
            return Err(Error::interrupted());
        }
    }
    let mut lease = pool.lease()?;
    let limits = pool.target().limits;
    let again = lease.run(RunRequest {
        fresh: true,
        command: None,
        trace: Trace::Steps,
        steps: Vec::new(),
        contents: wanted_contents(contract),
        before_ms: limits.baseline_ms,
        after_ms: stop_ms(pool),
        grace_ms: limits.grace_ms,
    })?;
    if again.status != Some(baseline.status) {
        return Err(Error::usage(format!(
            "undisturbed runs differ: {} at first, {} later; a target must be repeatable to be judged",
            baseline.status,
            words(again.status)
        )));
    }
    Ok(baseline.refined([again]))
}

/// The error of a baseline, with the reason that it may have.
fn told_of_io_uring(error: Error, recorded: &Run) -> Error {
    let mut unfollowed = recorded.unfollowed.iter();
    if unfollowed.any(|one| one.what == Unfollowed::IoUringRefused) {
        return error.with_hint(
            "it asked for io_uring, which is refused because its operations cannot be followed; --io-uring allow lets it through",
        );
    }
    error
}

/// What is compared by content, and what is small enough to be known in case that a run cuts it.
fn wanted_contents(contract: &Contract) -> Vec<String> {
    let mut wanted = contract.compared();
    wanted.push(ALL_SMALL.to_owned());
    wanted
}

fn words(status: Option<ExitStatus>) -> String {
    status.map_or_else(|| "no end".to_owned(), |status| status.to_string())
}

/// What differs from the person's own surroundings, where that can be why a run fails.
fn surroundings(run: &Run) -> &'static str {
    const SIGNS: [&str; 12] = [
        "home",
        "tmpdir",
        "/tmp",
        "no such file",
        "not found",
        "not set",
        "unset",
        "environment",
        "variable",
        "config",
        "credential",
        "permission",
    ];
    let said = (run.stderr.text() + &run.stdout.text()).to_ascii_lowercase();
    // What says nothing can fail for any reason.
    if said.trim().is_empty() || SIGNS.iter().any(|sign| said.contains(sign)) {
        "; HOME and TMPDIR are private and empty, and few variables are passed on (--env NAME=VALUE)"
    } else {
        ""
    }
}

/// The end of both streams, for an error message.
fn said(run: &Run) -> String {
    let text = plain(&(run.stderr.text() + &run.stdout.text()));
    let mut lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    if lines.is_empty() {
        return "no output".to_owned();
    }
    let from = lines.len().saturating_sub(4);
    format!("its output:\n    {}", lines.split_off(from).join("\n    "))
}

fn sound(run: &Run, contract: &Contract, limit_ms: u64) -> Result<(), Error> {
    if let Some(service) = &run.service {
        sound_service(run, service, contract, limit_ms)?;
    }
    let Some(status) = run.status else {
        return Err(Error::usage(format!(
            "the undisturbed run did not end within {:.1} s, so there is nothing to compare with; \
             raise --timeout, or, for a service, say when it is ready and who uses it (--ready port:8000 --client 'GET /'); \
             `sigproof run --no-baseline` runs a program without any of that\n  {}",
            limit_ms as f64 / 1000.0,
            said(run)
        )));
    };
    let was_stopped = run
        .service
        .as_ref()
        .is_some_and(|service| service.stopped_ns.is_some());
    if !contract.is_usual_end(status, was_stopped) {
        return Err(Error::usage(format!(
            "the undisturbed run fails: {status}, expected exit status {} (--baseline-status N for another){}{}\n  {}",
            contract.baseline_status,
            surroundings(run),
            needs_network(run),
            said(run)
        )));
    }
    let stray: Vec<_> = run
        .orphans
        .iter()
        .filter(|orphan| {
            !contract.daemons.iter().any(|glob| {
                globset::Glob::new(glob)
                    .is_ok_and(|glob| glob.compile_matcher().is_match(&orphan.command))
            })
        })
        .collect();
    let Some(first) = stray.first().filter(|_| contract.asks(OracleId::Orphans)) else {
        return Ok(());
    };
    // A service that was told to stop has no excuse: that is what it is swept with.
    if was_stopped {
        let more = match stray.len() - 1 {
            0 => String::new(),
            more => format!(" ({more} more like it)"),
        };
        return Err(Error::violated(
            OracleId::Orphans.name(),
            format!(
                "told to stop while it is idle and nobody disturbs it, the service leaves pid {} ({}) alive{more}; \
                 --daemon GLOB declares processes that may stay",
                first.pid, first.command
            ),
        ));
    }
    Err(Error::usage(format!(
        "the undisturbed run itself leaves a process behind: {}; declare it with --daemon GLOB or leave the oracle out with --skip orphans",
        first.command
    )))
}

/// Whether a service got ready, its clients were served, and it stopped when it was told to.
fn sound_service(
    run: &Run,
    service: &ServiceFacts,
    contract: &Contract,
    limit_ms: u64,
) -> Result<(), Error> {
    let wrong = |what: String| {
        let text = format!("{what}{}\n  {}", needs_network(run), said(run));
        Err(Error::usage(text))
    };
    let seconds = limit_ms as f64 / 1000.0;
    let waited = service.waited_for.as_deref().unwrap_or("its clients");
    match (service.ready_ns, service.stopped_ns, run.status) {
        (None, _, None) => {
            return wrong(format!(
                "the service was not ready within {seconds:.1} s (--timeout): there was no sign of {waited}"
            ));
        }
        (None, _, Some(status)) => {
            return wrong(format!(
                "the service ended by itself before it was ready: {status}"
            ));
        }
        (_, None, None) => {
            return wrong(format!(
                "the undisturbed run did not end within {seconds:.1} s (--timeout): it waits for {waited}"
            ));
        }
        (_, None, Some(status)) => {
            let open = service.requests.iter().find(|fact| !fact.answer.is_final());
            let cut = service.requests.iter().find(|fact| {
                matches!(
                    fact.answer,
                    Reply::Cut { .. } | Reply::Reset { .. } | Reply::Refused
                )
            });
            if let Some(fact) = open.or(cut) {
                return wrong(format!(
                    "the service ended by itself ({status}) while clients used it: {} is {}",
                    fact.title(),
                    fact.answer.words()
                ));
            }
        }
        (_, Some(_), None) => {
            let signal = contract
                .service
                .as_ref()
                .map_or(libc::SIGTERM, |service| service.stop);
            let alive = run.stuck.iter().map(ToString::to_string);
            return Err(Error::violated(
                OracleId::Exits.name(),
                format!(
                    "told to stop by {} while it is idle and nobody disturbs it, the service does not end in its grace \
                     period (--grace-period): {}",
                    signals::name(signal),
                    alive.collect::<Vec<_>>().join(", ")
                ),
            ));
        }
        _ => {}
    }
    for fact in &service.requests {
        let is_half = fact.sent_ns.is_none() && !fact.answer.is_final();
        match &fact.answer {
            Reply::Whole { status, .. } if *status < 500 => {}
            _ if is_half => {}
            answer => {
                return wrong(format!(
                    "undisturbed, {} is {}; a client has to be served before its service can be judged",
                    fact.title(),
                    answer.words()
                ));
            }
        }
    }
    for command in &service.commands {
        if command.status != Some(ExitStatus::Exited(0)) {
            return Err(Error::usage(format!(
                "undisturbed, the client command {} ends with {}; its output:\n    {}",
                command.command,
                words(command.status),
                telling_line(&command.output.text())
            )));
        }
    }
    Ok(())
}

/// A hint where what a run says looks as if it needed other machines.
fn needs_network(run: &Run) -> &'static str {
    const SAYINGS: [&str; 6] = [
        "Network is unreachable",
        "ENETUNREACH",
        "network is unreachable",
        "Temporary failure in name resolution",
        "EAI_AGAIN",
        "Name or service not known",
    ];
    let said = run.stderr.text() + &run.stdout.text();
    match SAYINGS.iter().any(|saying| said.contains(saying)) && run.service.is_some() {
        true => {
            "; it seems to need other machines, and a run of a service has a network of its own: \
             --network host shares the machine's"
        }
        false => "",
    }
}

impl SupervisorLease<'_> {
    /// How long after a signal this target may go on, in milliseconds.
    pub(crate) fn after_ms(pool: &SupervisorPool, baseline_ns: u64) -> u64 {
        let limits = pool.target().limits;
        let usual = match &pool.target().script {
            Some(_) => limits.grace_period_ms,
            None => 2000.max(3 * baseline_ns / 1_000_000),
        };
        limits.after_signal_ms.unwrap_or(usual)
    }
}
