//! `rerun`: after an interruption the same command works again.
//!
//! It must do what a first run does, or what a run after a finished one does:
//! `git commit` then says that there is nothing to commit.

use crate::facts::{ExitStatus, Run};
use crate::oracle::Context;
use crate::oracle::learn::baseline::EndState;
use crate::oracle::quote::saying;
use crate::oracle::verdict::{Acceptance, Evidence, Verdict};

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    let Some(again) = &run.rerun else {
        return Verdict::not_applicable("it was not run again");
    };
    let baseline = context.baseline;
    let Some(status) = again.status else {
        return Verdict::of(vec![Evidence::new(
            "hangs",
            "running it again does not end",
        )]);
    };
    let first = (baseline.status, &baseline.learned);
    let second = baseline
        .rerun
        .as_ref()
        .and_then(|rerun| rerun.status)
        .zip(baseline.learned_rerun.as_ref());
    let accepted: Vec<(ExitStatus, &EndState)> =
        [Some(first), second].into_iter().flatten().collect();
    let same_status: Vec<_> = accepted
        .iter()
        .filter(|(right, _)| *right == status)
        .collect();
    if same_status.is_empty() {
        let said = again.stderr.text();
        let said = if said.trim().is_empty() {
            again.stdout.text()
        } else {
            said
        };
        return Verdict::of(vec![Evidence::new(
            status.to_string(),
            format!(
                "running it again ends with {status}{}; a first run ends with {}",
                saying(&said),
                baseline.status
            ),
        )]);
    }
    let mut missing = Vec::new();
    for (_, learned) in same_status {
        missing = learned
            .unfinished(&again.tree)
            .into_iter()
            .filter(|path| !context.contract.may_be_anything(path))
            .filter(|path| !begins_elsewhere(context, run, path))
            .collect();
        if missing.is_empty() {
            return Verdict::Holds;
        }
    }
    Verdict::of(
        missing
            .into_iter()
            .map(|path| {
                let text =
                    format!("after running it again {path} is not as a finished run leaves it");
                // A name that varies is a pattern already.
                let glob = match path.contains('*') {
                    true => path.clone(),
                    false => globset::escape(&path),
                };
                let any = Acceptance::Any(glob);
                Evidence::new(path, text).accepted_by(any)
            })
            .collect(),
    )
}

/// Whether a program for a person began its second run with another content than a first one does: a history that lacks
/// what was not typed.
fn begins_elsewhere(context: &Context<'_>, run: &Run, path: &str) -> bool {
    let left = run.tree.get(path).and_then(|change| change.after.as_ref());
    context.contract.is_for_a_person() && left.is_some()
}
