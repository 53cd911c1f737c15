//! `survives`: a signal that must not stop a service does nothing that its clients notice.

use super::wrong_answer;
use crate::facts::{AtFault, ExitStatus, Reply, RequestFact, Run, ServiceFacts};
use crate::oracle::Context;
use crate::oracle::expected::Expected;
use crate::oracle::verdict::{Evidence, Verdict};

/// Whether it ends by itself when all keys are typed, and did so: an editor that was told to quit.
fn ends_as_ever(context: &Context<'_>, run: &Run, service: &ServiceFacts) -> bool {
    let mut usual = context.baseline.runs.iter();
    service.keys_left == 0
        && usual.any(|usual| {
            let facts = usual.service.as_ref();
            usual.status == run.status && facts.is_some_and(|facts| facts.stopped_ns.is_none())
        })
}

/// What no service can prevent: a request dies with the worker that has it, and what fails is honestly said to have
/// failed.
fn cannot_be_helped(expect: &Expected, fact: &RequestFact) -> bool {
    if expect.killed {
        return fact.at_fault >= AtFault::Accepted;
    }
    let is_answer = matches!(fact.answer, Reply::Whole { .. });
    expect.may_fail && expect.sent.is_empty() && is_answer
}

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    let Some(service) = &run.service else {
        return Verdict::not_applicable("it has no clients");
    };
    let Some(fault_ns) = run.last_fault_ns() else {
        return Verdict::not_applicable("nothing was done to it");
    };
    if service.stopped_ns.is_some_and(|stopped| stopped < fault_ns) {
        return Verdict::not_applicable("it was stopping already");
    }
    let expect = Expected::of(context.schedule, run);
    let after = &expect.words;
    let mut evidence = Vec::new();
    if service.stopped_ns.is_none()
        && let Some(status) = run.status
        && !ends_as_ever(context, run, service)
    {
        let text = format!("it is gone after {after}: {status}");
        evidence.push(Evidence::new("gone", text));
    }
    for fact in &service.requests {
        let is_half =
            fact.sent_ns.is_none() && matches!(fact.answer, Reply::Unsent | Reply::None { .. });
        // What crosses the close of an idle connection is repeated by every client.
        let crossed = fact.nth > 1
            && matches!(
                fact.answer,
                Reply::Cut { bytes: 0 } | Reply::Reset { bytes: 0 }
            );
        if is_half || crossed || cannot_be_helped(&expect, fact) {
            continue;
        }
        if let Some(what) = wrong_answer(context, fact) {
            let text = format!("after {after}, {} is {what}", fact.title());
            evidence.push(Evidence::new(format!("{} fails", fact.name), text));
        }
    }
    for command in &service.commands {
        let right = Some(ExitStatus::Exited(0));
        if command.status != right && service.stopped_ns.is_some() {
            let how = match command.status {
                Some(status) => format!("ends with {status}"),
                None => "does not end".to_owned(),
            };
            let text = format!("after {after}, the client {} {how}", command.command);
            evidence.push(Evidence::new(command.command.clone(), text));
        }
    }
    if run.status.is_none() && service.stopped_ns.is_none() {
        let what = service.waited_for.as_deref().unwrap_or("its clients");
        let text = format!("after {after}, {what} does not come about");
        evidence.push(Evidence::new("stuck", text));
    }
    Verdict::of(evidence)
}
