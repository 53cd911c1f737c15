//! Which points a sweep tries.

use super::plan_origin::{InstructionPoints, Pairs};
use crate::error::Error;
use crate::execute::until;
use crate::execute::{Recordings, SupervisorPool, learn};
use crate::explore::applicable::Applicable;
use crate::explore::finding::Standing;
use crate::facts::{CallArgument, EventKind, Phase, Run};
use crate::oracle::{Baseline, Contract, Point};
use crate::schedule::{CallSelector, Fault, PointName, Schedule, Step, Trigger};
use globset::Glob;
use regex::bytes::Regex;
use sigproof_core::{Stage, StopToken};
use std::collections::BTreeSet;

/// What narrows a sweep down.
#[derive(Debug, Clone, Default)]
pub struct PointFilter {
    /// Only calls of these names.
    pub only: Vec<String>,
    /// Only points whose argument matches one of these globs.
    pub paths: Vec<String>,
    /// From when the promise holds: earlier points are reported apart.
    pub after: Option<Trigger>,
    /// Try every point of a class, not one for all.
    pub no_classes: bool,
    /// Calls that an interpreter makes before its program begins count like any others.
    pub strict_start: bool,
}

impl PointFilter {
    /// Whether it waits for a failpoint.
    pub fn needs_failpoints(&self) -> bool {
        matches!(self.after, Some(Trigger::Failpoint { .. }))
    }

    /// Whether this point is asked for. A glob that cannot be read matches nothing.
    pub fn wants(&self, point: &Point) -> bool {
        (self.only.is_empty() || self.only.contains(&point.name.call))
            && (self.paths.is_empty()
                || self.paths.iter().any(|path| {
                    Glob::new(path)
                        .is_ok_and(|glob| glob.compile_matcher().is_match(&point.name.arg))
                }))
    }

    /// Whether everything in it can be read.
    ///
    /// # Errors
    /// A bad glob, or a call that does not exist.
    pub fn check(&self) -> Result<(), Error> {
        for glob in &self.paths {
            Glob::new(glob).map_err(|error| Error::usage(format!("--path: {error}")))?;
        }
        for call in &self.only {
            CallSelector::parse(call).map_err(|error| Error::usage(format!("--only: {error}")))?;
        }
        Ok(())
    }
}

/// What is done at each point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultSpec {
    /// The fault.
    pub fault: Fault,
    /// From the point on, not only there.
    pub lasting: bool,
    /// What comes after it.
    pub then: Vec<Step>,
}

impl FaultSpec {
    /// This fault, once.
    pub fn once(fault: Fault) -> FaultSpec {
        FaultSpec {
            fault,
            lasting: false,
            then: Vec::new(),
        }
    }

    /// What it is, in words.
    pub fn words(&self) -> String {
        let mut words = self.fault.words(self.lasting);
        for step in &self.then {
            words.push_str(&format!(", then {step}"));
        }
        words
    }

    /// Whether the processor is taken away.
    pub(crate) fn starves(&self) -> bool {
        let mut faults = self
            .then
            .iter()
            .map(|step| &step.fault)
            .chain([&self.fault]);
        faults.any(|fault| matches!(fault, Fault::Starve { .. }))
    }

    /// Whether something of it waits for a failpoint.
    pub fn needs_failpoints(&self) -> bool {
        self.then.iter().any(Step::needs_failpoints)
    }

    /// The signal that it sends, 0 when it sends none.
    pub(crate) fn signal(&self) -> i32 {
        self.fault.signal().unwrap_or(0)
    }

    /// The schedule that strikes at one point.
    pub(crate) fn at(&self, point: &Point) -> Schedule {
        let mut steps = vec![Step {
            trigger: Trigger::Point {
                name: point.name.clone(),
                key: point.key.clone(),
            },
            fault: self.fault.clone(),
            lasting: self.lasting,
        }];
        steps.extend(self.then.iter().cloned());
        Schedule { steps }
    }
}

/// One run of a sweep.
#[derive(Debug, Clone)]
pub struct PlannedRun {
    /// The point.
    pub point: PointName,
    /// What is done there.
    pub schedule: Schedule,
    /// How many points it stands for, itself included.
    pub stands_for: usize,
    /// It comes before the moment from which the promise holds.
    pub before_ready: bool,
    /// It lies in the start of an interpreter, which is no part of the verdict.
    pub at_start: bool,
    /// It was met in both recordings.
    pub steady: bool,
    /// The place of the point in the map.
    pub place: usize,
    /// Its class, a place among the map's.
    pub class: usize,
}

impl PlannedRun {
    /// Whether what it shows counts.
    pub(crate) fn standing(&self) -> Standing {
        if self.before_ready {
            Standing::BeforeReady
        } else if self.at_start {
            Standing::AtStart
        } else {
            Standing::Counts
        }
    }
}

/// All runs of a sweep.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// In the order of the recording.
    pub planned: Vec<PlannedRun>,
    /// Points found that the narrowing left out.
    pub left_out: usize,
    /// Points that are tried by one of their class.
    pub by_class: usize,
    /// Their places.
    pub grouped: BTreeSet<usize>,
    /// Places of the points at which the fault cannot happen: a call that never
    /// answers with that error, a moment at which there is no child.
    pub unfit: BTreeSet<usize>,
    /// How moments between calls came into it.
    pub between: Option<InstructionPoints>,
    /// How a plan of pairs came about.
    pub pairs: Option<Pairs>,
}

impl Plan {
    /// Chooses the points at which to strike.
    ///
    /// # Errors
    /// A bad glob, a call that does not exist, or a moment that never comes.
    pub fn new(
        baseline: &Baseline,
        filter: &PointFilter,
        fault_spec: &FaultSpec,
    ) -> Result<Plan, Error> {
        filter.check()?;
        let ready_ns = match &filter.after {
            None => 0,
            Some(trigger) => moment(baseline, trigger, fault_spec.signal())?,
        };
        let mut plan = Plan::default();
        let found = &baseline.points.points;
        let fit = Applicable::new(baseline, &fault_spec.fault);
        let (fitting, unfit): (Vec<(usize, &Point)>, Vec<_>) = found
            .iter()
            .enumerate()
            .partition(|(_, point)| fit.fits(point));
        plan.unfit = unfit.into_iter().map(|(place, _)| place).collect();
        let points: Vec<(usize, &Point)> = fitting
            .iter()
            .filter(|(_, point)| filter.wants(point))
            .copied()
            .collect();
        plan.left_out = fitting.len() - points.len();
        let groups = Groups {
            none: filter.no_classes,
            of_signal: fault_spec.fault.signal().is_some(),
            strict_start: filter.strict_start,
        };
        let members = |group| {
            points
                .iter()
                .filter(move |(_, point)| groups.of(point) == Some(group))
        };
        for (place, point) in &points {
            let group = groups.of(point);
            let stands_for = group.map_or(1, |group| members(group).count());
            let stands = match group {
                None => Some(place),
                Some(Group::Idle) => members(Group::Idle).map(|(place, _)| place).next_back(),
                Some(Group::Start) => members(Group::Start).map(|(place, _)| place).next(),
            };
            if stands != Some(place) {
                plan.grouped.insert(*place);
                continue;
            }
            plan.by_class += stands_for - 1;
            plan.planned.push(PlannedRun {
                point: point.name.clone(),
                schedule: fault_spec.at(point),
                stands_for,
                before_ready: point.at_ns < ready_ns,
                at_start: point.at_start && !filter.strict_start,
                steady: point.steady,
                place: *place,
                class: point.class,
            });
        }
        Ok(plan)
    }

    /// How many moments between calls are in it.
    pub fn more(&self) -> usize {
        self.between.as_ref().map_or(0, |between| between.chosen)
    }

    /// What each of its runs does, in order.
    pub(crate) fn schedules(&self) -> Vec<Schedule> {
        let schedules = self.planned.iter().map(|planned| planned.schedule.clone());
        schedules.collect()
    }

    /// How many classes its points belong to.
    pub fn classes(&self) -> usize {
        let classes: BTreeSet<usize> = self.planned.iter().map(|planned| planned.class).collect();
        classes.len()
    }

    /// How many points the runs of this plan stand for.
    pub fn points(&self) -> usize {
        self.planned.iter().map(|planned| planned.stands_for).sum()
    }
}

/// Points that one of them stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    /// Nothing was done and nothing is handled: to a signal they all look alike. The last of them is tried.
    Idle,
    /// The start of an interpreter. The first of them is tried at which a signal is handled.
    Start,
}

/// Which points are put together.
#[derive(Debug, Clone, Copy)]
struct Groups {
    none: bool,
    of_signal: bool,
    strict_start: bool,
}

impl Groups {
    fn of(self, point: &Point) -> Option<Group> {
        if self.none {
            None
        } else if point.idle && self.of_signal {
            Some(Group::Idle)
        } else if point.at_start && !self.strict_start {
            Some(Group::Start)
        } else {
            None
        }
    }
}

/// When a trigger is met in the recorded run.
pub(crate) fn moment(baseline: &Baseline, trigger: &Trigger, signal: i32) -> Result<u64, Error> {
    let recorded: &Run = baseline
        .runs
        .iter()
        .find(|run| !run.points.is_empty())
        .ok_or_else(|| {
            Error::usage("--after needs a recorded run, and this one made no calls".to_owned())
        })?;
    let met = match trigger {
        Trigger::After { ns } | Trigger::AfterPrevious { ns } => Some(*ns),
        Trigger::Output { pattern } => {
            let pattern = Regex::new(pattern).map_err(|error| Error::usage(error.to_string()))?;
            let mut output = Vec::new();
            recorded.events.iter().find_map(|event| match &event.what {
                EventKind::Output { bytes, .. } => {
                    output.extend_from_slice(bytes);
                    pattern.is_match(&output).then_some(event.at_ns)
                }
                _ => None,
            })
        }
        Trigger::Handler => recorded.events.iter().find_map(|event| {
            matches!(event.what, EventKind::Handler { signal: handled, .. } if handled == signal)
                .then_some(event.at_ns)
        }),
        Trigger::Child { nth } => recorded
            .events
            .iter()
            .filter(|event| matches!(event.what, EventKind::Child { .. }))
            .nth(*nth as usize - 1)
            .map(|event| event.at_ns),
        // Its socket is read between stops, so the message may be dated after the
        // calls that follow it. The call that sent it is dated as those are.
        Trigger::Failpoint { name, nth } => {
            let said = format!("failpoint:{name}");
            let mut sent = recorded.points.iter().filter(|point| point.arg == said);
            let sent = sent.nth((*nth as usize).saturating_sub(1));
            sent.map(|point| point.at_ns).or_else(|| {
                recorded.events.iter().find_map(|event| {
                    matches!(&event.what, EventKind::Failpoint { name: said, nth: which } if said == name && which == nth)
                        .then_some(event.at_ns)
                })
            })
        }
        Trigger::File { glob } => {
            let glob = Glob::new(glob)
                .map_err(|error| Error::usage(error.to_string()))?
                .compile_matcher();
            recorded
                .points
                .iter()
                .find(|point| {
                    point.changes
                        && CallArgument::parse(&point.call, &point.arg)
                            .result()
                            .is_some_and(|path| glob.is_match(path))
                })
                .map(|point| point.at_ns + 1)
        }
        Trigger::Call(selector) => select(baseline, selector).map(|point| point.at_ns),
        Trigger::Point { name, .. } => baseline.points.find(name).map(|point| point.at_ns),
    };
    met.ok_or_else(|| {
        Error::not_reached("--after: this never happens in an undisturbed run".to_owned())
    })
}

/// Learns a target's points and nothing else.
///
/// # Errors
/// A target that has no baseline.
pub fn map_points(
    pool: &SupervisorPool,
    contract: &Contract,
    wanted: Recordings,
    token: &StopToken,
) -> Result<Baseline, Error> {
    until(pool, token, Stage::CancelQueued, || {
        learn(pool, contract, wanted)
    })
}

/// The point that a selector means in a recording.
pub(crate) fn select<'a>(baseline: &'a Baseline, selector: &CallSelector) -> Option<&'a Point> {
    let glob = |text: &String| Glob::new(text).ok().map(|glob| glob.compile_matcher());
    let process = selector.process.as_ref().and_then(glob);
    let arg = selector.arg.as_ref().and_then(glob);
    baseline
        .points
        .points
        .iter()
        .filter(|point| {
            selector.means(&point.name.call)
                && point.name.phase == Phase::Exit
                && process
                    .as_ref()
                    .is_none_or(|glob| glob.is_match(&point.name.process))
                && arg
                    .as_ref()
                    .is_none_or(|glob| glob.is_match(&point.name.arg))
        })
        .nth(selector.nth as usize - 1)
}
