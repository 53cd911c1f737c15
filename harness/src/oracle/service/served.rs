//! `served`: a service that is asked to stop answers what it has taken.
//!
//! What it had taken is read from the kernel's tables while it stood still at the moment of the signal: which
//! connections it had accepted, and how much of each request it had read. A request that is not the first on its
//! connection, and of which nothing had been read, crosses the close of an idle connection; clients repeat it.

use super::wrong_answer;
use crate::facts::{AtFault, Reply, RequestFact, Run};
use crate::oracle::Context;
use crate::oracle::contract::Served;
use crate::oracle::expected::Expected;
use crate::oracle::verdict::{Evidence, Verdict};

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    let Some(service) = &run.service else {
        return Verdict::not_applicable("it has no clients");
    };
    let Some(fault_ns) = run.fired_ns.iter().flatten().min() else {
        return Verdict::not_applicable("nothing was done to it");
    };
    let expect = Expected::of(context.schedule, run);
    if expect.killed {
        return Verdict::not_applicable("nobody answers after SIGKILL");
    }
    if expect.sent.is_empty() {
        return Verdict::not_applicable("it was not asked to stop");
    }
    if expect.sent.len() > 1 {
        return Verdict::not_applicable("a second signal asks it to hurry");
    }
    let owed = |fact: &&RequestFact| {
        fact.sent_ns.is_some_and(|sent| sent <= *fault_ns) && is_owed(fact, context.contract.served)
    };
    let mut usual = context.baseline.runs.iter();
    if usual.all(|run| {
        run.service
            .as_ref()
            .is_none_or(|service| service.requests.is_empty())
    }) {
        return Verdict::not_applicable("nobody makes requests; use --client");
    }
    let mut owed = service.requests.iter().filter(owed).peekable();
    if owed.peek().is_none() {
        return Verdict::not_applicable("no request was in flight");
    }
    let evidence = owed.filter_map(|fact| {
        let what = wrong_answer(context, fact)?;
        let text = format!(
            "{}, {} when {} came, is {what}",
            fact.title(),
            fact.at_fault.words(),
            expect.words
        );
        Some(Evidence::new(subject(fact), text))
    });
    Verdict::of(evidence.collect())
}

/// Whether a service owes an answer.
fn is_owed(fact: &RequestFact, served: Served) -> bool {
    let least = match (served, fact.nth) {
        (Served::Read, _) | (_, 2..) => AtFault::Read,
        (Served::Accepted, _) => AtFault::Accepted,
        (Served::Backlog, _) => AtFault::Queued,
    };
    fact.at_fault >= least && fact.at_fault != AtFault::Over
}

/// One request and what became of it: the finding is the same wherever the signal came.
fn subject(fact: &RequestFact) -> String {
    let how = match &fact.answer {
        Reply::Unsent | Reply::None { .. } => "not answered",
        Reply::Whole { .. } => "answered with an error",
        Reply::Cut { .. } => "cut",
        Reply::Reset { .. } => "reset",
        Reply::Refused => "refused",
    };
    format!("{} {how}", fact.name)
}
