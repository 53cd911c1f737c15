//! `old-or-new`: each output is what it was before, or what a finished run makes.

use crate::facts::{Change, Entry, EntryKind, ExitStatus, Reply, Run};
use crate::oracle::Context;
use crate::oracle::verdict::{Evidence, Verdict};

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    if run.status.is_none() {
        return Verdict::not_applicable("it did not end by itself");
    }
    let learned = &context.baseline.learned;
    let is_partly_used = is_partly_used(run);
    let evidence = run
        .tree
        .changes
        .iter()
        .filter(|(path, change)| {
            // What is new and unknown is a leftover, which is another oracle's.
            (change.before.is_some() || learned.leaves(path)) && !learned.is_finished(path, change)
        })
        .filter(|(path, change)| {
            let is_file = |entry: &Entry| entry.kind == EntryKind::File;
            let is_written = change.after.as_ref().is_some_and(is_file);
            if is_partly_used && is_written {
                return false;
            }
            let cut = change.after.is_some() && context.contract.may_be_cut(path);
            !cut && !context.contract.may_be_anything(path)
        })
        .filter_map(|(path, change)| {
            Some(Evidence::new(path.clone(), text(context, path, change)?))
        })
        .collect();
    Verdict::of(evidence)
}

/// Whether clients of a service were stopped before all their requests were answered: what those write is not there, or
/// by half, and no state is the finished one. `restarts` and a check tell whether it is right.
fn is_partly_used(run: &Run) -> bool {
    let Some(service) = &run.service else {
        return false;
    };
    let is_done = |reply: &Reply| matches!(reply, Reply::Whole { .. });
    service.requests.iter().any(|fact| !is_done(&fact.answer))
        || service
            .commands
            .iter()
            .any(|command| command.status != Some(ExitStatus::Exited(0)))
}

fn text(context: &Context<'_>, path: &str, change: &Change) -> Option<String> {
    let finished = context.baseline.learned.finished_size(path);
    let was = change.before.as_ref();
    let text = match &change.after {
        None => match finished {
            Some(size) => format!("{path} is gone; a finished run leaves it with {size} bytes"),
            None => format!("{path} is gone; it had {} bytes", was?.size),
        },
        Some(is) if is.kind == EntryKind::Directory => {
            // A directory's permissions change while it is written; its content is judged by itself.
            if was.is_some_and(|was| was.kind == EntryKind::Directory) {
                return None;
            }
            format!("{path} is a directory now")
        }
        Some(is) => {
            let old = was.map_or_else(
                || "it was not there".to_owned(),
                |was| format!("old: {} bytes", was.size),
            );
            let new = finished.map_or_else(
                || "a finished run leaves it alone".to_owned(),
                |size| format!("finished: {size} bytes"),
            );
            let same_size = finished == Some(is.size) || was.is_some_and(|was| was.size == is.size);
            let hint = if same_size {
                format!(", mode {:04o}, other content or mode", is.mode)
            } else {
                String::new()
            };
            format!(
                "{path} has {} bytes{hint}: neither old nor finished ({old}; {new})",
                is.size
            )
        }
    };
    Some(text)
}
