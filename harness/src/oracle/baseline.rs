//! What undisturbed runs do, learned from a few of them.

use super::PointMap;
use crate::facts::{Change, Entry, EntryKind, ExitStatus, Run, TreeDelta, path_shape, text_shape};
use std::collections::{BTreeMap, BTreeSet};

/// Undisturbed runs and what follows from them.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// The runs, all from the same start state.
    pub runs: Vec<Run>,
    /// How they all ended.
    pub status: ExitStatus,
    /// How long the slowest took, in nanoseconds.
    pub duration_ns: u64,
    /// The state that they leave.
    pub learned: Learned,
    /// One more run, from the end state of a finished one.
    pub rerun: Option<Run>,
    /// The state that that one leaves.
    pub learned_rerun: Option<Learned>,
    /// Where a fault can be placed.
    pub points: PointMap,
}

/// An end state, with what differs from run to run known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    /// The states that a path may have; `None` for "is not there".
    finals: BTreeMap<String, Final>,
    /// Shapes of paths whose very names vary, and how many there are of each,
    /// directories not counted.
    shapes: BTreeMap<String, usize>,
    stdout: Vec<String>,
    stdout_shape: Vec<String>,
    stdout_varies: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Final {
    state: Option<Entry>,
    /// Its content differs from run to run: judged by presence and shape.
    varies: bool,
    shapes: BTreeSet<u64>,
}

impl Learned {
    /// Learns from runs that should all have ended alike.
    pub fn from_runs<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Learned {
        let runs: Vec<&Run> = runs.into_iter().collect();
        let mut learned = Learned::default();
        let paths: BTreeSet<&String> = runs
            .iter()
            .flat_map(|run| run.tree.changes.keys())
            .collect();
        for path in paths {
            let before = runs
                .iter()
                .find_map(|run| run.tree.get(path))
                .and_then(|change| change.before.clone());
            let states: Vec<Option<Entry>> = runs
                .iter()
                .map(|run| {
                    run.tree
                        .get(path)
                        .map_or_else(|| before.clone(), |change| change.after.clone())
                })
                .collect();
            let there = states.iter().flatten().count();
            if there != 0 && there != states.len() {
                learned.shapes.entry(path_shape(path)).or_default();
                continue;
            }
            learned.finals.insert(
                path.clone(),
                Final {
                    varies: states.windows(2).any(|pair| pair[0] != pair[1]),
                    shapes: states.iter().flatten().map(|entry| entry.shape).collect(),
                    state: states.into_iter().next().flatten(),
                },
            );
        }
        if let Some(run) = runs.first() {
            for (path, change) in run
                .tree
                .changes
                .iter()
                .filter(|(path, _)| !learned.finals.contains_key(*path))
            {
                *learned.shapes.entry(path_shape(path)).or_default() +=
                    usize::from(is_content(change));
            }
            learned.stdout = lines(run);
            learned.stdout_shape = learned.stdout.iter().map(|line| text_shape(line)).collect();
            learned.stdout_varies = runs
                .iter()
                .any(|other| other.stdout.hash != run.stdout.hash);
        }
        learned
    }

    /// What varies in another set of runs varies here too.
    pub fn with_varying_of(mut self, other: &Learned) -> Learned {
        for (path, known) in &other.finals {
            if let Some(own) = self.finals.get_mut(path) {
                own.varies |= known.varies;
                own.shapes.extend(&known.shapes);
            }
        }
        for shape in other.shapes.keys() {
            let moved: Vec<String> = self
                .finals
                .keys()
                .filter(|path| path_shape(path) == *shape)
                .cloned()
                .collect();
            let mut content = 0;
            for path in &moved {
                let state = self.finals.remove(path).and_then(|known| known.state);
                content +=
                    usize::from(state.is_some_and(|entry| entry.kind != EntryKind::Directory));
            }
            *self.shapes.entry(shape.clone()).or_default() += content;
        }
        self.stdout_varies |= other.stdout_varies;
        self
    }

    /// A finished run leaves something at this path (or at one of its kind).
    pub fn leaves(&self, path: &str) -> bool {
        self.finals
            .get(path)
            .is_some_and(|known| known.state.is_some())
            || self.shapes.contains_key(&path_shape(path))
    }

    /// A path whose leading components are known to vary, with those in their shape.
    pub fn blank_out(&self, path: &str) -> String {
        let parts: Vec<&str> = path.split('/').collect();
        for length in (1..=parts.len()).rev() {
            let shape = path_shape(&parts[..length].join("/"));
            if self.shapes.contains_key(&shape) {
                return [&[shape.as_str()], &parts[length..]].concat().join("/");
            }
        }
        path.to_owned()
    }

    /// The size that a finished run gives this path.
    pub fn finished_size(&self, path: &str) -> Option<u64> {
        self.finals
            .get(path)?
            .state
            .as_ref()
            .map(|entry| entry.size)
    }

    /// Whether this state of a changed path is that of a finished run.
    pub fn is_finished(&self, path: &str, change: &Change) -> bool {
        let Some(known) = self.finals.get(path) else {
            return self.shapes.contains_key(&path_shape(path));
        };
        match (&known.state, &change.after) {
            (None, None) => true,
            (Some(wanted), Some(is)) if wanted == is => true,
            (Some(wanted), Some(is)) if known.varies => {
                wanted.kind == is.kind
                    && match wanted.kind {
                        EntryKind::File => {
                            // Text has a shape to compare; of the rest only emptiness tells.
                            let is_text = is.shape != is.hash && wanted.shape != wanted.hash;
                            (wanted.size == 0 || is.size > 0)
                                && (!is_text || known.shapes.contains(&is.shape))
                        }
                        _ => true,
                    }
            }
            _ => false,
        }
    }

    /// What of a finished run's end state is missing; empty when the work was done.
    pub fn unfinished(&self, tree: &TreeDelta) -> Vec<String> {
        let mut missing: Vec<String> = self
            .finals
            .iter()
            .filter(|(path, _)| match tree.get(path) {
                Some(change) => !self.is_finished(path, change),
                // Unchanged: then it is as it was, which a finished run does not leave.
                None => true,
            })
            .map(|(path, _)| path.clone())
            .collect();
        for (shape, count) in &self.shapes {
            let here = tree
                .changes
                .iter()
                .filter(|(path, change)| is_content(change) && path_shape(path) == *shape)
                .count();
            if here < *count {
                missing.push(shape.clone());
            }
        }
        missing
    }

    /// Lines of a finished run's output that this run did not say, in order.
    pub fn unsaid(&self, run: &Run) -> Option<String> {
        let said = lines(run);
        let (wanted, said) = if self.stdout_varies {
            (
                &self.stdout_shape,
                said.iter().map(|line| text_shape(line)).collect::<Vec<_>>(),
            )
        } else {
            (&self.stdout, said)
        };
        let mut said = said.iter();
        wanted
            .iter()
            .find(|line| !said.any(|other| other == *line))
            .cloned()
    }
}

/// Something that is there and no directory: a directory with a varying name
/// can happen to be one that was there before.
fn is_content(change: &Change) -> bool {
    change
        .after
        .as_ref()
        .is_some_and(|entry| entry.kind != EntryKind::Directory)
}

fn lines(run: &Run) -> Vec<String> {
    run.stdout.text().lines().map(str::to_owned).collect()
}

impl Baseline {
    /// The same, with what further undisturbed runs tell. `None` when they tell nothing new.
    pub fn refined(&self, further: impl IntoIterator<Item = Run>) -> Option<Baseline> {
        let mut refined = self.clone();
        refined.runs.extend(further);
        refined.learned = Learned::from_runs(&refined.runs);
        refined.learned_rerun = refined
            .learned_rerun
            .map(|rerun| rerun.with_varying_of(&refined.learned));
        (refined.learned != self.learned).then_some(refined)
    }

    /// A baseline that knows nothing.
    pub(super) fn nothing() -> Baseline {
        Baseline {
            runs: Vec::new(),
            status: ExitStatus::Exited(0),
            duration_ns: 0,
            learned: Learned::default(),
            rerun: None,
            learned_rerun: None,
            points: PointMap::default(),
        }
    }

    /// Whether a run did all of its work: nothing of a finished run's end state
    /// is missing, and nothing of what it prints.
    pub fn work_left(&self, run: &Run) -> Option<String> {
        if let Some(path) = self.learned.unfinished(&run.tree).first() {
            return Some(format!("{path} is not as a finished run leaves it"));
        }
        // With a terminal the echo of what was typed is in between.
        self.learned
            .unsaid(run)
            .map(|line| format!("the output lacks the line {line:?}"))
    }
}
