//! Oracles of services: what clients see.

pub(crate) mod refuses;
pub(crate) mod restarts;
pub(crate) mod served;
pub(crate) mod survives;
pub(crate) mod unready;

use crate::facts::{Reply, RequestFact, Run};
use crate::oracle::Context;

/// What the same request got in an undisturbed run.
fn undisturbed<'a>(context: &'a Context<'_>, fact: &RequestFact) -> Option<&'a RequestFact> {
    let same = |other: &&RequestFact| {
        (other.client, other.connection, &other.name) == (fact.client, fact.connection, &fact.name)
    };
    let of_run = |run: &'a Run| run.service.as_ref()?.requests.iter().find(same);
    context.baseline.runs.iter().find_map(of_run)
}

/// Why an answer is none, if it is: cut, or an error where an undisturbed run has none.
fn wrong_answer(context: &Context<'_>, fact: &RequestFact) -> Option<String> {
    let usual = undisturbed(context, fact).map(|usual| &usual.answer);
    match &fact.answer {
        // A service that goes says politely that it has no time.
        Reply::Whole { status: 503, .. } => None,
        Reply::Whole { status, .. } => match usual {
            Some(Reply::Whole { status: usual, .. }) if status != usual && *status >= 500 => {
                Some(format!("answered with {status}; undisturbed with {usual}"))
            }
            _ => None,
        },
        answer => Some(answer.words()),
    }
}
