//! `results`: what the target says is done is in its result, once.

use crate::facts::{ExitStatus, Run};
use crate::oracle::Context;
use crate::oracle::quote::saying;
use crate::oracle::verdict::{Evidence, Verdict};
use regex::Regex;
use std::collections::BTreeMap;

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
    let output = run.stdout.text() + "\n" + &run.stderr.text();
    let said = counts(&said, &output);
    let found = counts(&found, &fact.output);
    let mut evidence = Vec::new();
    for work in said.keys().filter(|work| !found.contains_key(*work)) {
        evidence.push(Evidence::new(
            work.clone(),
            format!(
                "{work:?} was said to be done, and is not in {}",
                asked.place
            ),
        ));
    }
    for (work, times) in &found {
        let wanted = said.get(work).copied().unwrap_or(1);
        if *times > wanted {
            evidence.push(Evidence::new(
                work.clone(),
                format!("{work:?} is in {} {times} times", asked.place),
            ));
        }
    }
    Verdict::of(evidence)
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
