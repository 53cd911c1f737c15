//! `restarts`: after a stop the service can be started again in the same work tree, and serves as ever.

use crate::facts::{Reply, RequestFact, Run, ServiceFacts};
use crate::oracle::Context;
use crate::oracle::verdict::{Evidence, Verdict};

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    let Some(again) = &run.rerun else {
        return Verdict::not_applicable("it was not started again");
    };
    let Some(service) = &again.service else {
        return Verdict::not_applicable("it was not started again");
    };
    let said = last_line(again);
    if service.ready_ns.is_none() {
        let how = match again.status {
            Some(status) => format!("ends with {status}"),
            None => "does not get ready".to_owned(),
        };
        let text = format!("started again, it {how}, saying {said:?}");
        return Verdict::of(vec![Evidence::new("not ready", text)]);
    }
    let right: Vec<&ServiceFacts> = context
        .baseline
        .runs
        .iter()
        .chain(&context.baseline.rerun)
        .filter_map(|run| run.service.as_ref())
        .collect();
    let mut evidence: Vec<Evidence> = service
        .requests
        .iter()
        .filter(|fact| !right.iter().any(|right| answers_alike(right, fact)))
        .map(|fact| {
            let text = format!(
                "after it was started again, {} is {}",
                fact.title(),
                fact.answer.words()
            );
            Evidence::new(format!("{} differs", fact.name), text)
        })
        .collect();
    match again.status {
        None => {
            let text = "started again, it does not stop when it is told to".to_owned();
            evidence.push(Evidence::new("hangs", text));
        }
        Some(status)
            if !context
                .contract
                .is_usual_end(status, service.stopped_ns.is_some()) =>
        {
            let text = format!("started again, it ends with {status}, saying {said:?}");
            evidence.push(Evidence::new(status.to_string(), text));
        }
        Some(_) => {}
    }
    Verdict::of(evidence)
}

/// Whether a run has this request with an answer of the same status.
fn answers_alike(right: &ServiceFacts, fact: &RequestFact) -> bool {
    right.requests.iter().any(|other| {
        let same = (other.client, other.connection, &other.name)
            == (fact.client, fact.connection, &fact.name);
        same && match (&other.answer, &fact.answer) {
            (Reply::Whole { status, .. }, Reply::Whole { status: again, .. }) => status == again,
            (one, other) => one.is_final() == other.is_final() && !fact.answer.is_final(),
        }
    })
}

fn last_line(run: &Run) -> String {
    let said = run.stderr.text();
    let said = match said.trim().is_empty() {
        true => run.stdout.text(),
        false => said,
    };
    let line = said.lines().rfind(|line| !line.trim().is_empty());
    line.unwrap_or_default().trim().to_owned()
}
