//! `old-or-new`: each output is what it was before, or what a finished run makes.

use crate::facts::{Change, Entry, EntryKind, ExitStatus, Reply, Run, ServiceFacts, path_shape};
use crate::oracle::Context;
use crate::oracle::expected::Expected;
use crate::oracle::prefix::{PrefixRule, not_a_prefix};
use crate::oracle::verdict::{Acceptance, Evidence, Verdict};
use xxhash_rust::xxh3::xxh3_64;

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    if run.status.is_none() {
        return Verdict::not_applicable("it did not end by itself");
    }
    let learned = &context.baseline.learned;
    let is_partly_used = is_partly_used(context, run);
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
            let is_declared = context.contract.may_be_anything(path);
            !(is_declared || is_partly_used && is_written)
        })
        .filter_map(|(path, change)| {
            if let Some(rule) = context.contract.prefix_of(path)
                && change.after.is_some()
            {
                return cut(context, run, path, change, &rule);
            }
            let accept = acceptance(context, path, change);
            // What was typed, and not acted on: its history lacks the last lines. An empty one is no history.
            let has_some = change.after.as_ref().is_some_and(|is| is.size > 0);
            if context.contract.is_for_a_person() && has_some && accept.is_prefix_by_lines() {
                return None;
            }
            Some(Evidence::new(path.clone(), text(context, path, change)?).accepted_by(accept))
        })
        .collect();
    Verdict::of(evidence)
}

/// Whether clients of a service were stopped before all their requests were answered, or a person before the last key:
/// what those write is not there, or by half, and no state is the finished one. `restarts` and a check tell whether it
/// is right. Clients that had not begun made no requests at all.
fn is_partly_used(context: &Context<'_>, run: &Run) -> bool {
    let Some(service) = &run.service else {
        return false;
    };
    // Ctrl+C and Ctrl+Z make the terminal forget what was typed, and a person's program gives up what it does.
    let is_for_a_person = context.contract.is_for_a_person();
    let gives_up = [libc::SIGINT, libc::SIGQUIT, libc::SIGTSTP];
    let sent = Expected::of(context.schedule, run).sent;
    if service.keys_left > 0
        || is_for_a_person && sent.iter().any(|signal| gives_up.contains(signal))
    {
        return true;
    }
    let made = |facts: &ServiceFacts| (facts.requests.len(), facts.commands.len());
    let usual = || {
        let runs = context.baseline.runs.iter();
        runs.filter_map(|run| run.service.as_ref())
    };
    if usual().map(made).any(|(requests, commands)| {
        requests > service.requests.len() || commands > service.commands.len()
    }) {
        return true;
    }
    // An error in place of the work is one, unless it is what the client wanted to hear.
    let is_usual = |reply: &Reply| {
        let mut requests = usual().flat_map(|service| &service.requests);
        requests.any(|fact| fact.answer.same_status(reply))
    };
    let is_done = |reply: &Reply| reply.is_success() || is_usual(reply);
    service.requests.iter().any(|fact| !is_done(&fact.answer))
        || service
            .commands
            .iter()
            .any(|command| command.status != Some(ExitStatus::Exited(0)))
}

/// What is wrong with an output that may be cut.
fn cut(
    context: &Context<'_>,
    run: &Run,
    path: &str,
    change: &Change,
    rule: &PrefixRule,
) -> Option<Evidence> {
    let is = run.contents.get(path)?;
    let finished = finished_contents(context, path);
    if finished.is_empty() {
        return None;
    }
    let wrong = not_a_prefix(rule.kind, is, change.before.as_ref(), &finished)?;
    let text = format!("{path} is no prefix of what a finished run leaves: {wrong}");
    let any = Acceptance::Any(globset::escape(path));
    Some(Evidence::new(path, text).accepted_by(any))
}

/// What undisturbed runs leave at a path, or at one of its kind.
fn finished_contents<'a>(context: &'a Context<'_>, path: &str) -> Vec<&'a [u8]> {
    let shape = path_shape(path);
    let of_run = |run: &'a Run| -> Option<&'a [u8]> {
        let same = run.contents.get(path);
        let alike = || {
            let mut others = run.contents.iter();
            others.find(|(other, _)| path_shape(other) == shape)
        };
        same.or_else(|| alike().map(|(_, content)| content))
            .map(Vec::as_slice)
    };
    context.baseline.runs.iter().filter_map(of_run).collect()
}

/// The declaration that fits: a prefix where that is all that is wrong.
fn acceptance(context: &Context<'_>, path: &str, change: &Change) -> Acceptance {
    let glob = globset::escape(path);
    let Some(is) = change
        .after
        .as_ref()
        .filter(|is| is.kind == EntryKind::File)
    else {
        return Acceptance::Any(glob);
    };
    let length = usize::try_from(is.size).unwrap_or(usize::MAX);
    let keeps_the_old = change
        .before
        .as_ref()
        .is_none_or(|before| before.size <= is.size);
    let start = finished_contents(context, path)
        .into_iter()
        .filter_map(|finished| finished.get(..length))
        .find(|start| xxh3_64(start) == is.hash && keeps_the_old);
    match start {
        Some(start) if start.is_empty() || start.ends_with(b"\n") => Acceptance::Prefix(glob),
        Some(_) => Acceptance::Prefix(format!("bytes:{glob}")),
        None => Acceptance::Any(glob),
    }
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
                || "new".to_owned(),
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
