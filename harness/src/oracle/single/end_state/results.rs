//! `results`: what the target says is done, or has answered to its clients, is in its result, once.

use crate::facts::{ExitStatus, Reply, Run};
use crate::oracle::Context;
use crate::oracle::quote::saying;
use crate::oracle::verdict::{Evidence, Verdict};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    let (Some(asked), Some(fact)) = (&context.contract.results, &run.results) else {
        return Verdict::not_applicable("its results were not read");
    };
    let (Ok(said), Ok(found)) = (Regex::new(&asked.said), Regex::new(&asked.found)) else {
        return Verdict::not_applicable("the expressions cannot be read");
    };
    if fact.status != Some(ExitStatus::Exited(0)) {
        return Verdict::of(vec![Evidence::new(
            asked.place.clone(),
            format!(
                "the results cannot be read: `{}` fails{}",
                asked.command,
                saying(&fact.output)
            ),
        )]);
    }
    let output = counts(&said, &(run.stdout.text() + "\n" + &run.stderr.text()));
    let acknowledged = counts(&said, &requests(run, |answer| answer.is_success()));
    let sent = counts(&said, &requests(run, |answer| *answer != Reply::Unsent));
    let found = counts(&found, &fact.output);
    let times = |counts: &BTreeMap<String, usize>, work: &str| counts.get(work).copied();
    let mut evidence = Vec::new();
    let done: BTreeSet<&String> = output.keys().chain(acknowledged.keys()).collect();
    for work in done {
        let is = times(&found, work).unwrap_or_default();
        // A program may say twice what it has done once; each answer is for one request.
        let least = times(&acknowledged, work).unwrap_or(1);
        let text = match is {
            0 => format!(
                "{work:?} was said to be done, and is not in {}",
                asked.place
            ),
            _ if is < least => format!(
                "{work:?} was said to be done {least} times, and is in {} {is} times",
                asked.place
            ),
            _ => continue,
        };
        evidence.push(Evidence::new(work.clone(), text));
    }
    for (work, is) in &found {
        // What was sent and not answered may have been done.
        let most = times(&output, work).max(times(&sent, work)).unwrap_or(1);
        if *is > most {
            evidence.push(Evidence::new(
                work.clone(),
                format!("{work:?} is in {} {is} times", asked.place),
            ));
        }
    }
    Verdict::of(evidence)
}

/// The requests that were sent and have such an answer, as clients of one's own say it: `done POST /items a`.
fn requests(run: &Run, such: impl Fn(&Reply) -> bool) -> String {
    let requests = run.service.iter().flat_map(|service| &service.requests);
    let mut lines = String::new();
    for fact in requests.filter(|fact| such(&fact.answer)) {
        lines.push_str(format!("done {} {}", fact.name, fact.body).trim_end());
        lines.push('\n');
    }
    lines
}

/// How often each piece of work is named.
fn counts(expression: &Regex, text: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        for captures in expression.captures_iter(line) {
            if let Some(work) = captures.get(1) {
                *counts.entry(work.as_str().to_owned()).or_insert(0) += 1;
            }
        }
    }
    counts
}
