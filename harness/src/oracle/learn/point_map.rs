//! The points of a target and their classes, from recordings of it.

use super::argument_shape::{coarsened, site_argument};
use super::interpreter_start::start_calls;
use super::recorded_call::{RecordedCall, aligned};
use super::situation::Situations;
use crate::facts::{Phase, PointKey, RawPoint, Run};
use crate::schedule::PointName;
use std::collections::{BTreeSet, HashMap};

/// A point that a fault can be placed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Its name.
    pub name: PointName,
    /// How to find it quickly.
    pub key: PointKey,
    /// Every recording has it.
    pub steady: bool,
    /// Nothing had been done yet, and no handler was installed: all such points look alike.
    pub idle: bool,
    /// An interpreter makes this call before the program that it runs has begun.
    pub at_start: bool,
    /// Place in the order of its recording.
    pub order: usize,
    /// Which recording, from 0.
    pub recording: usize,
    /// When the recording met it, in nanoseconds.
    pub at_ns: u64,
    /// It can block.
    pub blocks: bool,
    /// The world outside the process has changed by it.
    pub changes: bool,
    /// The process that made the call in the recording, by fork ordinals.
    pub process: String,
    /// The thread that made the call in the recording, empty for the main thread: a fact, no part of the name.
    pub thread: String,
    /// Its class, a place in [`PointMap::classes`].
    pub class: usize,
    /// The how-manieth of its process, thread, call and argument: the name of earlier versions.
    former_ordinal: u32,
}

/// Points that are alike: the same call on the same kind of argument, from the same code, in the same situation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The programs from the target down to the process.
    pub role: String,
    /// The call.
    pub call: String,
    /// What its arguments look like.
    pub arg: String,
    /// On which side of the call.
    pub phase: Phase,
    /// What a signal would meet there, in words.
    pub situation: String,
    /// A hash of the code that makes the call.
    pub code: Option<u64>,
    /// Its points, places in [`PointMap::points`], in the order of the recordings.
    pub points: Vec<usize>,
}

impl Class {
    /// What stays the same on every machine: neither addresses nor situations are part of it.
    pub fn stable_name(&self) -> String {
        let arg = if self.arg.is_empty() {
            String::new()
        } else {
            format!("({})", self.arg)
        };
        format!("{}:{}{arg}@{}", self.role, self.call, self.phase)
    }
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub struct PointMap {
    /// In the order of the recording, one for each call and phase; then those that only later recordings have.
    pub points: Vec<Point>,
    /// In the order of their first points.
    pub classes: Vec<Class>,
    /// Calls that not every recording has.
    pub unsteady: usize,
    /// Calls that were seen and are no points: they failed, or only read.
    pub passed_over: usize,
    /// Paths that differ from run to run, with asterisks.
    pub varying_paths: Vec<String>,
}

/// The calls at which a phase is mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappedCalls {
    /// None.
    Never,
    /// Those of a main thread that may wait for something, if the signal is handled there. A signal to a process goes
    /// to its main thread if that lets it in; the waits of others go on.
    HandledWaits,
    /// Those that may wait for something.
    Waits,
    /// All.
    All,
}

impl MappedCalls {
    fn takes(self, raw: &RawPoint, signal: i32) -> bool {
        match self {
            MappedCalls::Never => false,
            MappedCalls::HandledWaits => {
                raw.blocks && raw.thread.is_empty() && raw.around.lets_in(signal)
            }
            MappedCalls::Waits => raw.blocks,
            MappedCalls::All => true,
        }
    }
}

/// Which phases are mapped, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseSelection {
    /// Just before calls.
    pub before: MappedCalls,
    /// Pending when calls begin.
    pub entry: MappedCalls,
    /// After each call.
    pub exit: bool,
}

impl PhaseSelection {
    /// What a sweep does unless told otherwise. A wait at which the signal is handled is interrupted (EINTR); where it
    /// is not handled it ends the program as just before the call.
    pub const DEFAULT: PhaseSelection = PhaseSelection {
        before: MappedCalls::Waits,
        entry: MappedCalls::HandledWaits,
        exit: true,
    };

    /// For faults that happen to the call itself: each call once.
    pub const CALLS: PhaseSelection = PhaseSelection {
        before: MappedCalls::Never,
        entry: MappedCalls::All,
        exit: false,
    };

    fn phases(self, raw: &RawPoint, signal: i32) -> Vec<Phase> {
        let exit = self.exit && raw.returned.is_some();
        let phases = [
            (self.before.takes(raw, signal), Phase::Before),
            (self.entry.takes(raw, signal), Phase::Entry),
            (exit, Phase::Exit),
        ];
        let taken = phases.into_iter().filter(|(is_taken, _)| *is_taken);
        taken.map(|(_, phase)| phase).collect()
    }
}

impl PointMap {
    /// Names the points of the first recording; the others tell what varies, and add the classes that the first one
    /// lacks. `signal` is the one that a handler counts for.
    pub fn new(recordings: &[&Run], signal: i32, mapped: PhaseSelection) -> PointMap {
        let lists = aligned(recordings);
        let mut map = PointMap::default();
        let mut classes = Classes::new(&lists);
        for (recording, list) in lists.iter().enumerate() {
            let context = RecordingContext {
                number: recording,
                situations: Situations::of(recordings[recording], signal),
                starts: start_calls(recordings[recording]),
                signal,
                mapped,
            };
            map.take(&context, list, &mut classes);
        }
        map.classes = classes.list;
        map.varying_paths = varying_paths(&lists);
        map
    }

    fn take(
        &mut self,
        context: &RecordingContext,
        list: &[RecordedCall<'_>],
        classes: &mut Classes,
    ) {
        let recording = context.number;
        let mut idle = true;
        let mut former: HashMap<(&str, &str, &str, &str), u32> = HashMap::new();
        for call in list {
            let raw = call.raw;
            let ordinal = former
                .entry((&raw.process, &raw.thread, &raw.call, &call.arg))
                .or_default();
            *ordinal += 1;
            let acts = raw.changes && raw.returned.is_some_and(|result| result >= 0);
            if acts || raw.installs == Some(context.signal) {
                idle = false;
            }
            // A call that blocks and was interrupted has waited, which is what matters.
            let failed = raw.returned.is_some_and(|result| result < 0) && !raw.blocks;
            if failed && raw.effect {
                self.passed_over += usize::from(recording == 0);
                continue;
            }
            if recording == 0 && !call.steady {
                self.unsteady += 1;
            }
            let at_start = context.starts.get(call.order).copied().unwrap_or(false);
            for phase in context.mapped.phases(raw, context.signal) {
                // Later recordings add what the ones before lack, and nothing else.
                let Some(class) = classes.of(call, phase, &context.situations, recording) else {
                    continue;
                };
                classes.list[class].points.push(self.points.len());
                let mut point = Point {
                    idle,
                    at_start,
                    former_ordinal: *ordinal,
                    ..point(call, phase, recording, class)
                };
                if recording > 0 {
                    point.name.ordinal = self.next_ordinal(&point.name);
                }
                self.points.push(point);
            }
        }
    }

    /// The first ordinal that no point of this call has.
    fn next_ordinal(&self, name: &PointName) -> u32 {
        let alike = self.points.iter().map(|point| &point.name).filter(|other| {
            (&other.process, &other.call, &other.arg, other.phase)
                == (&name.process, &name.call, &name.arg, name.phase)
        });
        alike
            .map(|other| other.ordinal)
            .max()
            .map_or(1, |last| last + 1)
    }

    /// Whether this recording brought a point that those before it lack.
    pub(crate) fn has_news_of(&self, recording: usize) -> bool {
        recording > 0 && self.points.iter().any(|point| point.recording == recording)
    }

    /// The point with this name, in the present way or in that of earlier versions.
    pub fn find(&self, name: &PointName) -> Option<&Point> {
        let mut call = name.clone();
        if let Phase::Later(_) = name.phase {
            // It is found by the call that it comes after.
            call.phase = Phase::Exit;
        }
        let name = &call;
        self.points
            .iter()
            .find(|point| point.name == *name)
            .or_else(|| self.points.iter().find(|point| point.name.same_point(name)))
            .or_else(|| {
                self.points
                    .iter()
                    .find(|point| point.former_name().same_point(name))
            })
    }
}

impl Point {
    /// Its name in earlier versions: with the ordinals of process and thread.
    fn former_name(&self) -> PointName {
        PointName {
            process: self.process.clone(),
            thread: self.thread.clone(),
            ordinal: self.former_ordinal,
            ..self.name.clone()
        }
    }
}

fn point(call: &RecordedCall<'_>, phase: Phase, recording: usize, class: usize) -> Point {
    let raw = call.raw;
    Point {
        name: PointName {
            process: raw.role.clone(),
            thread: String::new(),
            call: raw.call.clone(),
            arg: call.arg.clone(),
            ordinal: call.ordinal,
            phase,
        },
        key: PointKey {
            role: raw.role.clone(),
            number: raw.number,
            ip: raw.ip,
            arg: call.counted.clone(),
            effect: raw.effect,
            code: call.code.filter(|_| call.by_code),
            nth: call.nth,
        },
        steady: call.steady,
        idle: false,
        at_start: false,
        order: call.order,
        recording,
        at_ns: raw.at_ns,
        blocks: raw.blocks,
        changes: raw.changes,
        process: raw.process.clone(),
        thread: raw.thread.clone(),
        class,
        former_ordinal: 0,
    }
}

/// What is known of one recording besides its calls.
struct RecordingContext {
    /// From 0.
    number: usize,
    situations: Situations,
    /// For each call whether it belongs to the start of an interpreter.
    starts: Vec<bool>,
    signal: i32,
    mapped: PhaseSelection,
}

/// What tells sites apart: role, call, instruction, code, argument; and the phase.
type SiteKey = (CodeKey, String, Phase);
/// What tells pieces of code apart: role, call, instruction and code.
type CodeKey = (String, String, u64, Option<u64>);

/// The classes so far.
struct Classes {
    list: Vec<Class>,
    /// By site and situation.
    places: HashMap<(SiteKey, String), usize>,
    /// The recording in which each site was met first.
    met_in: HashMap<SiteKey, usize>,
    /// The arguments that each piece of code has.
    arguments: HashMap<CodeKey, BTreeSet<String>>,
}

fn code_key(call: &RecordedCall<'_>) -> CodeKey {
    (
        call.raw.role.clone(),
        call.raw.call.clone(),
        call.raw.ip,
        call.code,
    )
}

impl Classes {
    fn new(lists: &[Vec<RecordedCall<'_>>]) -> Classes {
        let mut arguments: HashMap<CodeKey, BTreeSet<String>> = HashMap::new();
        for call in lists.iter().flatten() {
            let known = arguments.entry(code_key(call)).or_default();
            known.insert(site_argument(&call.arg));
        }
        Classes {
            list: Vec::new(),
            places: HashMap::new(),
            met_in: HashMap::new(),
            arguments,
        }
    }

    /// The class of a call; `None` when an earlier recording has met its site.
    fn of(
        &mut self,
        call: &RecordedCall<'_>,
        phase: Phase,
        situations: &Situations,
        recording: usize,
    ) -> Option<usize> {
        let code = code_key(call);
        let arg = site_argument(&call.arg);
        let known = self.arguments.get(&code);
        let arg = known.map_or_else(|| arg.clone(), |known| coarsened(known)(&arg));
        let site = (code, arg.clone(), phase);
        if *self.met_in.entry(site.clone()).or_insert(recording) != recording {
            return None;
        }
        let situation = situations.at(call.order, call.raw);
        let next = self.list.len();
        let place = *self.places.entry((site, situation.clone())).or_insert(next);
        if place == next {
            self.list.push(Class {
                role: call.raw.role.clone(),
                call: call.raw.call.clone(),
                arg,
                phase,
                situation,
                code: call.code,
                points: Vec::new(),
            });
        }
        Some(place)
    }
}

fn varying_paths(lists: &[Vec<RecordedCall<'_>>]) -> Vec<String> {
    let calls = lists.first().into_iter().flatten();
    let paths = calls
        .flat_map(|call| call.arg.split(" -> "))
        .filter(|arg| arg.contains('*'));
    let paths: BTreeSet<String> = paths.map(str::to_owned).collect();
    paths.into_iter().collect()
}
