//! `leftovers`: an interrupted run leaves nothing that a finished one does not.

use crate::facts::{EntryKind, Run};
use crate::oracle::Context;
use crate::oracle::expected::Expected;
use crate::oracle::verdict::{Evidence, Verdict};
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
        evidence.push(Evidence::new(
            subject(context, path),
            format!(
                "{path} ({}{size}) is left behind; a finished run does not leave it",
                entry.kind.word()
            ),
        ));
    }
    Verdict::of(evidence)
}

/// Names that differ from run to run, with what differs blanked out: the finding is the same.
fn subject(context: &Context<'_>, path: &str) -> String {
    let varying = &context.baseline.points.varying_paths;
    let known = varying
        .iter()
        .find(|pattern| same_arg(pattern, path))
        .map_or(path, String::as_str);
    context.baseline.learned.blank_out(known)
}
