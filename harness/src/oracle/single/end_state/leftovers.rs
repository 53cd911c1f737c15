//! `leftovers`: an interrupted run leaves nothing that a finished one does not.

use crate::facts::{EntryKind, Run};
use crate::oracle::Context;
use crate::oracle::expected::Expected;
use crate::oracle::verdict::{Acceptance, Evidence, Verdict};
use crate::schedule::same_arg;

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    if run.status.is_none() {
        return Verdict::not_applicable("it did not end by itself");
    }
    let expect = Expected::of(context.schedule, run);
    if expect.cannot_remove {
        return Verdict::not_applicable("it was not able to remove files");
    }
    if expect.killed {
        return Verdict::not_applicable("nobody cleans up after SIGKILL");
    }
    let mut evidence: Vec<Evidence> = Vec::new();
    let mut inside: Option<String> = None;
    for (path, change) in &run.tree.changes {
        let (None, Some(entry)) = (&change.before, &change.after) else {
            continue;
        };
        if inside
            .as_ref()
            .is_some_and(|directory| path.starts_with(directory.as_str()))
        {
            continue;
        }
        if context.baseline.learned.leaves(path) || context.contract.keeps(path) {
            continue;
        }
        if entry.kind == EntryKind::Directory {
            inside = Some(format!("{path}/"));
        }
        let size = match entry.kind {
            EntryKind::File => format!(", {} bytes", entry.size),
            _ => String::new(),
        };
        let text = format!(
            "{path} ({}{size}) is left behind; a finished run does not leave it",
            entry.kind.word()
        );
        // What is in a directory comes with it.
        let below = match entry.kind {
            EntryKind::Directory => "{,/**}",
            _ => "",
        };
        let keep = Acceptance::Keep(format!("{}{below}", glob(context, path)));
        evidence.push(Evidence::new(subject(context, path), text).accepted_by(keep));
    }
    Verdict::of(evidence)
}

/// Names that differ from run to run, with what differs blanked out: the finding is the same.
fn subject(context: &Context<'_>, path: &str) -> String {
    let known = varying(context, path).unwrap_or(path);
    context.baseline.learned.blank_out(known)
}

/// The path as a glob, with asterisks for what differs from run to run.
fn glob(context: &Context<'_>, path: &str) -> String {
    match varying(context, path) {
        Some(pattern) => {
            let parts: Vec<String> = pattern.split('*').map(globset::escape).collect();
            parts.join("*")
        }
        None => globset::escape(path),
    }
}

/// The pattern of the recordings that says most about a path. One that is an asterisk alone, of arguments that have
/// nothing in common, says nothing: it would be all paths, and to keep all is no advice.
fn varying<'a>(context: &'a Context<'_>, path: &str) -> Option<&'a str> {
    let literal = |pattern: &&String| pattern.chars().filter(|c| !matches!(c, '*' | '/')).count();
    let patterns = context.baseline.points.varying_paths.iter();
    patterns
        .filter(|pattern| literal(pattern) > 0 && same_arg(pattern, path))
        .max_by_key(literal)
        .map(String::as_str)
}
