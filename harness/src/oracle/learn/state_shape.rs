//! An end state without what only counts.

use super::baseline::EndState;
use crate::facts::{EntryKind, TreeDelta, path_shape, text_shape};
use std::collections::BTreeSet;

/// An end state without numbers: which kinds of paths are there, gone, empty, complete.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StateShape(BTreeSet<(String, &'static str)>);

impl StateShape {
    /// Of what a run changed.
    pub(crate) fn of(tree: &TreeDelta, finished: &EndState) -> StateShape {
        let paths = tree.changes.iter().map(|(path, change)| {
            let state = match &change.after {
                None => "gone",
                Some(_) if finished.is_finished(path, change) => "finished",
                Some(entry) if entry.kind == EntryKind::File && entry.size == 0 => "empty",
                Some(entry) => match (&change.before, entry.kind) {
                    (None, EntryKind::File) => "new, unfinished",
                    (Some(_), EntryKind::File) => "changed, unfinished",
                    (_, kind) => kind.word(),
                },
            };
            (text_shape(&path_shape(path)), state)
        });
        StateShape(paths.collect())
    }
}
