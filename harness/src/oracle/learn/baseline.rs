//! What undisturbed runs do, learned from a few of them.

use super::argument_shape::common;
use super::point_map::PointMap;
use super::rendered::lines;
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
    pub learned: EndState,
    /// One more run, from the end state of a finished one.
    pub rerun: Option<Run>,
    /// The state that that one leaves.
    pub learned_rerun: Option<EndState>,
    /// Where a fault can be placed.
    pub points: PointMap,
    /// A run of which calls without an effect were kept, when that was asked for and the signal is handled.
    pub quiet: Option<Run>,
}

/// An end state, with what differs from run to run known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndState {
    /// The states that a path may have; `None` for "is not there".
    finals: BTreeMap<String, FinalState>,
    /// Shapes of paths whose very names vary, and how many there are of each,
    /// directories not counted.
    shapes: BTreeMap<String, usize>,
    /// What the paths of each shape share, with asterisks where they differ; without one if a single path was seen.
    names: BTreeMap<String, String>,
    stdout: Output,
}

/// What every finished run says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Output {
    /// These lines, in this order.
    Lines(Vec<String>),
    /// It differs from run to run: lines of these shapes, so many of each, in any order.
    Shapes(BTreeMap<String, usize>),
}

impl Default for Output {
    fn default() -> Output {
        Output::Lines(Vec::new())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FinalState {
    state: Option<Entry>,
    /// Its content differs from run to run: judged by presence and shape.
    varies: bool,
    shapes: BTreeSet<u64>,
    /// The sizes that it was seen with.
    sizes: BTreeSet<u64>,
}

impl Baseline {
    /// The recorded runs, in order: the places of points count in them.
    pub fn recordings(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(|run| !run.points.is_empty())
    }

    /// A recorded run: it tells more than one that nobody looked into.
    pub fn recorded(&self) -> Option<&Run> {
        self.runs
            .iter()
            .find(|run| !run.points.is_empty())
            .or_else(|| self.runs.first())
    }

    /// From when to when requests were in flight in the recorded run.
    pub fn in_flight_ns(&self) -> Option<std::ops::RangeInclusive<u64>> {
        let requests = &self.recorded()?.service.as_ref()?.requests;
        let begun = requests.iter().filter_map(|fact| fact.sent_ns).min()?;
        let ended = requests.iter().filter_map(|fact| fact.ended_ns).max()?;
        Some(begun..=ended)
    }

    /// Whether nothing of it goes on at the same time, nor looks whether it could.
    pub fn is_sequential(&self) -> bool {
        let mut recorded = self.runs.iter().filter(|run| !run.points.is_empty());
        recorded.clone().next().is_some() && recorded.all(|run| !run.parallel)
    }
}

impl EndState {
    /// Learns from runs that should all have ended alike.
    pub fn from_runs<'a>(runs: impl IntoIterator<Item = &'a Run>) -> EndState {
        let runs: Vec<&Run> = runs.into_iter().collect();
        let mut learned = EndState::default();
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
                learned.note_name(path);
                continue;
            }
            learned.finals.insert(
                path.clone(),
                FinalState {
                    varies: states.windows(2).any(|pair| pair[0] != pair[1]),
                    shapes: states.iter().flatten().map(|entry| entry.shape).collect(),
                    sizes: states.iter().flatten().map(|entry| entry.size).collect(),
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
            let same =
                |other: &&Run| other.stdout.hash == run.stdout.hash || lines(other) == lines(run);
            learned.stdout = if runs.iter().all(same) {
                Output::Lines(lines(run))
            } else {
                let mut common = shapes(run);
                for other in &runs {
                    let other = shapes(other);
                    common.retain(|shape, count| {
                        *count = (*count).min(other.get(shape).copied().unwrap_or(0));
                        *count > 0
                    });
                }
                Output::Shapes(common)
            };
        }
        learned
    }

    /// A path whose name varies was seen.
    fn note_name(&mut self, path: &str) {
        let name = self.names.entry(path_shape(path));
        name.and_modify(|name| *name = common(name, path))
            .or_insert_with(|| path.to_owned());
    }

    /// What varies in another set of runs varies here too.
    pub fn with_varying_of(mut self, other: &EndState) -> EndState {
        for (path, known) in &other.finals {
            if let Some(own) = self.finals.get_mut(path) {
                own.varies |= known.varies;
                own.shapes.extend(&known.shapes);
                own.sizes.extend(&known.sizes);
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
            for path in &moved {
                self.note_name(path);
            }
            if let Some(name) = other.names.get(shape) {
                let ours = self.names.entry(shape.clone());
                ours.and_modify(|ours| *ours = common(ours, name))
                    .or_insert_with(|| name.clone());
            }
        }
        if let (Output::Shapes(common), Output::Lines(lines)) = (&other.stdout, &self.stdout) {
            // What a first run says in varying words a second one does, too.
            let mut own = BTreeMap::new();
            for line in lines {
                *own.entry(text_shape(line)).or_insert(0) += 1;
            }
            own.retain(|shape, _| common.contains_key(shape));
            self.stdout = Output::Shapes(own);
        }
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
                (wanted.kind, wanted.mode) == (is.kind, is.mode) && known.looks_finished(is)
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
                let name = self.names.get(shape).filter(|name| name.contains('*'));
                missing.push(name.unwrap_or(shape).clone());
            }
        }
        missing
    }

    /// Something of a finished run's output that this run did not say.
    pub fn unsaid(&self, run: &Run) -> Option<String> {
        match &self.stdout {
            Output::Lines(wanted) => {
                let said = lines(run);
                let mut said = said.iter();
                wanted
                    .iter()
                    .find(|line| !said.any(|other| other == *line))
                    .cloned()
            }
            Output::Shapes(wanted) => {
                let said = shapes(run);
                let missing =
                    |(shape, count): &(&String, &usize)| said.get(*shape).unwrap_or(&0) < *count;
                wanted.iter().find(missing).map(|(shape, _)| shape.clone())
            }
        }
    }
}

impl FinalState {
    /// Whether a content that varies may be that of a finished run. A text that
    /// has one shape in all runs must have it; one whose shape differs as well
    /// (random letters) must have the size, if that is always the same. Of other
    /// content (an index, an archive) only emptiness tells.
    fn looks_finished(&self, is: &Entry) -> bool {
        if is.kind != EntryKind::File {
            return true;
        }
        let is_text = is.shape != is.hash;
        if self.shapes.len() == 1 {
            return self.shapes.contains(&is.shape);
        }
        if is_text && self.sizes.len() == 1 {
            return self.sizes.contains(&is.size);
        }
        is.size > 0 || self.sizes.contains(&0)
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

fn shapes(run: &Run) -> BTreeMap<String, usize> {
    let mut shapes = BTreeMap::new();
    for line in lines(run) {
        *shapes.entry(text_shape(&line)).or_insert(0) += 1;
    }
    shapes
}

impl Baseline {
    /// The same, with what further undisturbed runs tell. `None` when they tell nothing new.
    pub fn refined(&self, further: impl IntoIterator<Item = Run>) -> Option<Baseline> {
        let mut refined = self.clone();
        refined.runs.extend(further);
        refined.learned = EndState::from_runs(&refined.runs);
        refined.learned_rerun = refined
            .learned_rerun
            .map(|rerun| rerun.with_varying_of(&refined.learned));
        (refined.learned != self.learned).then_some(refined)
    }

    /// A baseline that knows nothing.
    pub(crate) fn nothing() -> Baseline {
        Baseline {
            runs: Vec::new(),
            status: ExitStatus::Exited(0),
            duration_ns: 0,
            learned: EndState::default(),
            rerun: None,
            learned_rerun: None,
            points: PointMap::default(),
            quiet: None,
        }
    }

    /// Whether a run had done all of its work when it ended: with the status, the end state and the output of an
    /// undisturbed one.
    pub(crate) fn is_finished(&self, run: &Run) -> bool {
        !self.runs.is_empty() && run.status == Some(self.status) && self.work_left(run).is_none()
    }

    /// Whether a run did all of its work: nothing of a finished run's end state
    /// is missing, and nothing of what it prints.
    pub fn work_left(&self, run: &Run) -> Option<String> {
        self.files_left(run).or_else(|| {
            self.learned
                .unsaid(run)
                .map(|line| format!("the output lacks the line {line:?}"))
        })
    }

    /// The same for the files alone.
    pub fn files_left(&self, run: &Run) -> Option<String> {
        let left = self.learned.unfinished(&run.tree);
        let path = left.first()?;
        Some(format!("{path} is not as a finished run leaves it"))
    }
}
