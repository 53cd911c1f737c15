//! `leftovers`: an interrupted run leaves nothing that a finished one does not.

use super::{Context, Evidence, Verdict};
use crate::facts::{EntryKind, Run, path_shape};

pub(super) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    if run.status.is_none() {
        return Verdict::not_applicable("it did not end by itself");
    }
    let mut evidence: Vec<Evidence> = Vec::new();
    let mut inside: Option<String> = None;
    for (path, change) in &run.tree.changes {
        let (None, Some(entry)) = (&change.before, &change.after) else {
            continue;
        };
        if inside.as_ref().is_some_and(|directory| path.starts_with(directory.as_str())) {
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
            subject(path),
            format!("{path} ({}{size}) is left behind; a finished run does not leave it", entry.kind.word()),
        ));
    }
    Verdict::of(evidence)
}

/// Random names differ from run to run; the finding is the same.
fn subject(path: &str) -> String {
    path_shape(path)
        .split('/')
        .zip(path.split('/'))
        .map(|(shape, plain)| if shape.contains('<') { shape } else { plain })
        .collect::<Vec<_>>()
        .join("/")
}
