//! What is judged on several runs of one schedule: does a second signal stop it
//! sooner, does it matter whom the signal is sent to, is an ignored signal ignored.

use super::run_context::RunContext;
use super::run_options::RunOptions;
use crate::error::Error;
use crate::execute::SupervisorPool;
use crate::execute::Trials;
use crate::execute::until;
use crate::explore::finding::Finding;
use crate::oracle::{
    Escalation, Judgement, OracleId, Verdict, judge_escalation, judge_ignored, judge_reach,
};
use crate::schedule::{Delivery, Fault, Schedule, typed};
use crate::target::Isolation;
use sigproof_core::{Stage, StopToken};
use std::sync::Arc;

/// What came of it.
#[derive(Default)]
pub(crate) struct MultiRunResult {
    pub(crate) judgements: Vec<Judgement>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) runs: usize,
}

/// Judges what the contract asks for; what is found is tried again.
pub(crate) fn judge(
    context: &RunContext,
    options: &RunOptions,
    token: &StopToken,
) -> Result<MultiRunResult, Error> {
    let mut several = MultiRunResult::default();
    if let Some(asked) = &context.contract.escalation
        && context.contract.asks(OracleId::Escalation)
    {
        several.take(OracleId::Escalation, options, || {
            escalation(context, options, asked)
        })?;
    }
    if context.contract.reach && context.contract.asks(OracleId::Reach) {
        several.take(OracleId::Reach, options, || reach(context, options))?;
    }
    if context.contract.ignored && context.contract.asks(OracleId::Ignored) {
        let ignorant = IgnoredSignalCheck::new(context, options)?;
        several.take(OracleId::Ignored, options, || {
            ignorant.judge(options, token)
        })?;
    }
    Ok(several)
}

impl MultiRunResult {
    fn take(
        &mut self,
        oracle: OracleId,
        options: &RunOptions,
        mut judge: impl FnMut() -> Result<(Verdict, usize), Error>,
    ) -> Result<(), Error> {
        let (verdict, runs) = judge()?;
        self.runs += runs;
        let mut found: Vec<_> = verdict
            .evidence()
            .iter()
            .map(|evidence| (evidence.clone(), 1))
            .collect();
        if !found.is_empty() {
            for _ in 0..options.confirm {
                let (again, runs) = judge()?;
                self.runs += runs;
                for (evidence, seen) in &mut found {
                    let subjects = again.evidence().iter();
                    *seen += u32::from(
                        subjects
                            .into_iter()
                            .any(|one| one.subject == evidence.subject),
                    );
                }
            }
        }
        self.findings.extend(found.iter().map(|(evidence, seen)| {
            let times = options.confirm + 1;
            Finding::of_evidence(oracle.name(), evidence, &options.schedule, (*seen, times))
        }));
        self.judgements.push(Judgement { oracle, verdict });
        Ok(())
    }
}

fn escalation(
    context: &RunContext,
    options: &RunOptions,
    asked: &Escalation,
) -> Result<(Verdict, usize), Error> {
    let mut runs = Vec::new();
    for signals in 1..=usize::from(asked.signals) {
        let schedule = options.schedule.repeated(signals, asked.gap_ms);
        let mut run = context.run(&schedule, false)?.run;
        // Only signals are counted: other faults come before the first.
        run.fired_ns
            .drain(..run.fired_ns.len().saturating_sub(signals));
        runs.push(run);
    }
    let verdict = match runs.as_slice() {
        [one, two, more @ ..] => judge_escalation(asked, one, two, more.first()),
        _ => Verdict::Holds,
    };
    Ok((verdict, runs.len()))
}

/// The same schedule with every signal sent to somebody else.
fn sent_to(schedule: &Schedule, whom: Delivery) -> Schedule {
    let mut schedule = schedule.clone();
    for step in &mut schedule.steps {
        if let Fault::Signal { to, .. } = &mut step.fault {
            *to = whom;
        }
    }
    schedule
}

fn reach(context: &RunContext, options: &RunOptions) -> Result<(Verdict, usize), Error> {
    let mut steps = options.schedule.steps.iter();
    let can_type = context.pool().target().pty.is_some()
        && steps.all(|step| {
            step.fault
                .signal()
                .is_some_and(|signal| typed(signal).is_some())
        });
    let mut ways = vec![Delivery::Group, Delivery::Process];
    if can_type {
        ways.push(Delivery::Terminal);
    }
    let mut judged = Vec::new();
    for whom in ways {
        let trial = context.run(&sent_to(&options.schedule, whom), false)?;
        // Texts say themselves how the signal came.
        let mut judgements = trial.judgements;
        judgements.retain(|judgement| judgement.oracle != OracleId::Messages);
        judged.push((whom, judgements));
    }
    let runs: Vec<(Delivery, &[Judgement])> = judged
        .iter()
        .map(|(whom, judgements)| (*whom, judgements.as_slice()))
        .collect();
    Ok((judge_reach(&runs), runs.len()))
}

/// The target, started with the signal ignored.
struct IgnoredSignalCheck {
    trials: Option<Trials>,
    signal: i32,
}

impl IgnoredSignalCheck {
    fn new(context: &RunContext, options: &RunOptions) -> Result<IgnoredSignalCheck, Error> {
        let signal = options.schedule.first_signal().unwrap_or(libc::SIGINT);
        let mut trials = None;
        if let Some(usual) = &context.trials {
            let mut target = context.pool().target().clone();
            target.ignored.push(signal);
            let pool = SupervisorPool::open(&target, 1, isolation_of(context.pool()))?;
            let baseline = (*usual.baseline).clone();
            trials = Some(Trials::new(
                Arc::new(pool),
                baseline,
                context.contract.clone(),
            ));
        }
        Ok(IgnoredSignalCheck { trials, signal })
    }

    fn judge(&self, options: &RunOptions, token: &StopToken) -> Result<(Verdict, usize), Error> {
        let Some(trials) = &self.trials else {
            let reason = "without a baseline nothing tells what it does undisturbed".to_owned();
            return Ok((Verdict::NotApplicable { reason }, 0));
        };
        // This lab is another one than that which an interruption ends already.
        let trial = until(&trials.pool, token, Stage::CancelQueued, || {
            trials.run(options.schedule.clone(), false)
        });
        let run = trial?.run;
        Ok((judge_ignored(&trials.baseline, &run, self.signal), 1))
    }
}

fn isolation_of(pool: &SupervisorPool) -> Isolation {
    if pool.private() {
        Isolation::Auto
    } else {
        Isolation::Copy
    }
}
