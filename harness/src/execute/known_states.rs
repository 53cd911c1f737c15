//! What end states have answered when the target or a check was run in them: asking again would tell the same.

use crate::facts::{CheckFact, ExitStatus, Run, TreeDelta};
use crate::oracle::{Baseline, StateShape};
use std::collections::HashMap;

/// What was found out about an end state. Checking the same state again would
/// tell the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownAnswers {
    pub(crate) rerun: Option<Run>,
    pub(crate) check: Option<CheckFact>,
    pub(crate) results: Option<CheckFact>,
}

/// What is known of end states.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownStates {
    exactly: HashMap<TreeDelta, KnownAnswers>,
    /// Of states that differ in what only counts, when answers are shared by shape.
    by_shape: Option<HashMap<StateShape, ShapeAnswers>>,
}

/// What was found out about states of one shape.
#[derive(Debug, Clone)]
enum ShapeAnswers {
    /// One of them was asked.
    Once(KnownAnswers),
    /// Two different ones were asked, and answered alike.
    Alike(KnownAnswers),
    /// They answered differently: each is asked.
    Different,
}

impl KnownAnswers {
    /// What the same command did when it was run again.
    pub(crate) fn of_rerun(rerun: Option<Run>) -> KnownAnswers {
        KnownAnswers {
            rerun,
            ..KnownAnswers::default()
        }
    }
}

impl KnownStates {
    /// Takes what is known from the beginning.
    pub(crate) fn know(&mut self, tree: TreeDelta, known: KnownAnswers) {
        self.exactly.insert(tree, known);
    }

    /// The same, without what is shared by shape.
    pub(crate) fn exact(&self) -> KnownStates {
        KnownStates {
            exactly: self.exactly.clone(),
            by_shape: None,
        }
    }

    /// Whether states of one shape answer for each other from here on.
    pub(crate) fn share_by_shape(&mut self, share: bool) {
        self.by_shape = share.then(HashMap::new);
    }

    /// What is known of an end state.
    pub(crate) fn get(&self, tree: &TreeDelta, shape: &StateShape) -> Option<KnownAnswers> {
        let alike = || match self.by_shape.as_ref()?.get(shape)? {
            ShapeAnswers::Alike(known) => Some(known.clone()),
            ShapeAnswers::Once(_) | ShapeAnswers::Different => None,
        };
        self.exactly.get(tree).cloned().or_else(alike)
    }

    /// Takes what an end state has answered; `is_like` compares another state's answers with these.
    pub(crate) fn insert(
        &mut self,
        tree: TreeDelta,
        shape: StateShape,
        known: &KnownAnswers,
        is_like: impl Fn(&KnownAnswers) -> bool,
    ) {
        if let Some(shapes) = &mut self.by_shape {
            let now = match shapes.get(&shape) {
                None => ShapeAnswers::Once(known.clone()),
                Some(ShapeAnswers::Once(first) | ShapeAnswers::Alike(first)) if is_like(first) => {
                    ShapeAnswers::Alike(first.clone())
                }
                Some(_) => ShapeAnswers::Different,
            };
            shapes.insert(shape, now);
        }
        self.exactly.insert(tree, known.clone());
    }
}

/// What makes answers differ, without what only counts.
#[derive(PartialEq, Eq)]
pub(crate) struct AnswerShape {
    rerun: Option<(Option<ExitStatus>, StateShape)>,
    check: Option<Option<ExitStatus>>,
}

impl AnswerShape {
    pub(crate) fn of(known: &KnownAnswers, baseline: &Baseline) -> AnswerShape {
        let finished = baseline.learned_rerun.as_ref().unwrap_or(&baseline.learned);
        let rerun = known.rerun.as_ref();
        AnswerShape {
            rerun: rerun.map(|rerun| (rerun.status, StateShape::of(&rerun.tree, finished))),
            check: known.check.as_ref().map(|check| check.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Change, Entry, EntryKind};
    use crate::oracle::EndState;

    fn tree(size: u64) -> TreeDelta {
        let file = Entry {
            kind: EntryKind::File,
            mode: 0o644,
            size,
            hash: size,
            shape: 1,
        };
        let change = Change {
            before: None,
            after: Some(file),
        };
        TreeDelta {
            changes: [("out.txt".to_owned(), change)].into(),
        }
    }

    fn answer(status: i32) -> KnownAnswers {
        KnownAnswers {
            check: Some(CheckFact {
                command: "true".into(),
                status: Some(ExitStatus::Exited(status)),
                output: String::new(),
            }),
            ..KnownAnswers::default()
        }
    }

    fn asked(states: &mut KnownStates, size: u64, status: i32) -> bool {
        let tree = tree(size);
        let shape = StateShape::of(&tree, &EndState::default());
        if states.get(&tree, &shape).is_some() {
            return false;
        }
        let known = answer(status);
        let same = |other: &KnownAnswers| {
            other.check.as_ref().map(|check| check.status)
                == known.check.as_ref().map(|check| check.status)
        };
        states.insert(tree, shape, &known, same);
        true
    }

    #[test]
    fn two_states_of_a_shape_that_answer_alike_answer_for_the_others() {
        let mut states = KnownStates {
            by_shape: Some(HashMap::new()),
            ..KnownStates::default()
        };
        assert!(asked(&mut states, 1, 0));
        assert!(asked(&mut states, 2000, 0), "the second one is asked, too");
        assert!(!asked(&mut states, 1000, 0));
        assert!(asked(&mut states, 0, 0), "an empty file is another shape");
    }

    #[test]
    fn a_shape_whose_states_answer_differently_is_asked_each_time() {
        let mut states = KnownStates {
            by_shape: Some(HashMap::new()),
            ..KnownStates::default()
        };
        for (size, status) in [(1, 0), (2000, 1), (1000, 0), (500, 1)] {
            assert!(asked(&mut states, size, status), "{size}");
        }
        assert!(!asked(&mut states, 500, 1), "the very same state is known");
    }

    #[test]
    fn without_shapes_each_state_is_asked() {
        let mut states = KnownStates::default();
        for size in 1..9 {
            assert!(asked(&mut states, size, 0), "{size}");
        }
        assert!(!asked(&mut states, 8, 0));
    }
}
