//! Which points a sweep tries.

use super::plan_class::PlanClass;
use super::plan_origin::{InstructionPoints, Pairs};
use super::trigger_time::trigger_time;
use crate::error::Error;
use crate::execute::until;
use crate::execute::{Recordings, SupervisorPool, learn};
use crate::explore::applicable::Applicable;
use crate::explore::confirm::Candidate;
use crate::explore::finding::Standing;
use crate::explore::shard::Shard;
use crate::oracle::{Baseline, Contract, Point};
use crate::schedule::{CallSelector, Fault, PointName, Schedule, Step, Trigger};
use globset::Glob;
use sigproof_core::{Stage, StopToken};
use std::collections::{BTreeMap, BTreeSet};

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
        self.takes(&point.name.call, &point.name.arg)
    }

    /// The same of a call with its argument.
    pub(crate) fn takes(&self, call: &str, arg: &str) -> bool {
        (self.only.is_empty() || self.only.iter().any(|only| CallSelector::is_of(only, call)))
            && (self.paths.is_empty()
                || self.paths.iter().any(|path| {
                    Glob::new(path).is_ok_and(|glob| glob.compile_matcher().is_match(arg))
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
    /// The last call that it is about changes something.
    pub changes: bool,
    /// The place of the point in the map.
    pub place: usize,
    /// Its class, a place in [`Plan::classes`].
    pub class: usize,
    /// It is at a call without an effect, which is none of the map's points.
    pub quiet: bool,
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
    /// The classes that its runs belong to; those of other shards, and those of points left out, are among them.
    pub classes: Vec<PlanClass>,
    /// Points found that the narrowing left out.
    pub left_out: usize,
    /// Points that are tried by one of their class.
    pub by_class: usize,
    /// Their places.
    pub grouped: BTreeSet<usize>,
    /// Places of the points that belong to other shards.
    pub elsewhere: BTreeSet<usize>,
    /// Classes of which other shards try the points.
    pub classes_elsewhere: BTreeSet<usize>,
    /// Places of the points at which the fault cannot happen: a call that never
    /// answers with that error, a moment at which there is no child, a service that is not ready yet.
    pub unfit: BTreeSet<usize>,
    /// How moments between calls came into it.
    pub between: Option<InstructionPoints>,
    /// How a plan of pairs came about.
    pub pairs: Option<Pairs>,
    /// Kinds of calls without an effect, those included that are beyond the bound.
    pub quiet_kinds: usize,
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
        shard: Option<Shard>,
    ) -> Result<Plan, Error> {
        filter.check()?;
        let ready_ns = match &filter.after {
            None => 0,
            Some(trigger) => trigger_time(baseline, trigger, fault_spec.signal())?,
        };
        let classes: Vec<PlanClass> = baseline.points.classes.iter().map(PlanClass::of).collect();
        let is_others =
            |class: usize| shard.is_some_and(|shard| !shard.takes(&classes[class].name));
        // What a service does before it can be used is no use of it.
        let service = baseline.recorded().and_then(|run| run.service.as_ref());
        let usable_ns = service.and_then(|service| service.ready_ns).unwrap_or(0);
        let mut plan = Plan::default();
        let found = &baseline.points.points;
        let fit = Applicable::new(baseline, &fault_spec.fault);
        let (fitting, unfit): (Vec<(usize, &Point)>, Vec<_>) = found
            .iter()
            .enumerate()
            .partition(|(_, point)| fit.fits(point) && point.at_ns >= usable_ns);
        plan.unfit = unfit.into_iter().map(|(place, _)| place).collect();
        let (points, left_out): (Vec<(usize, &Point)>, Vec<_>) = fitting
            .into_iter()
            .partition(|(_, point)| filter.wants(point));
        let left_out_elsewhere = left_out.iter().filter(|(_, point)| is_others(point.class));
        plan.elsewhere = left_out_elsewhere.map(|(place, _)| *place).collect();
        plan.left_out = left_out.len() - plan.elsewhere.len();
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
                None => None,
                Some(Group::Idle) => members(Group::Idle).next_back(),
                Some(Group::Start) => members(Group::Start).next(),
            };
            let (stands, class) =
                stands.map_or((place, point.class), |(place, point)| (place, point.class));
            if is_others(class) {
                plan.elsewhere.insert(*place);
                plan.classes_elsewhere.insert(class);
                continue;
            }
            if stands != place {
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
                changes: point.changes,
                place: *place,
                class: point.class,
                quiet: false,
            });
        }
        plan.classes = classes;
        Ok(plan)
    }

    /// How many moments between calls are in it.
    pub fn more(&self) -> usize {
        self.between.as_ref().map_or(0, |between| between.chosen)
    }

    /// Its runs at points of the map. Those at calls without an effect come after all of them.
    pub(crate) fn loud(&self) -> &[PlannedRun] {
        let count = self.planned.partition_point(|planned| !planned.quiet);
        &self.planned[..count]
    }

    /// What each of its runs does, in order.
    pub(crate) fn to_confirm(&self) -> Vec<Candidate> {
        let rank = |class: usize| self.classes.get(class).map_or(u8::MAX, |class| class.rank);
        let runs = self.planned.iter().map(|planned| Candidate {
            schedule: planned.schedule.clone(),
            rank: rank(planned.class),
        });
        runs.collect()
    }

    /// How many classes its runs belong to.
    pub fn class_count(&self) -> usize {
        let classes: BTreeSet<usize> = self.loud().iter().map(|planned| planned.class).collect();
        classes.len()
    }

    /// Of these runs, those at the first, the middle and the last point of each class; or all.
    pub(crate) fn some_of_each_class(
        &self,
        all: bool,
        of: impl Fn(&PlannedRun) -> bool,
    ) -> Vec<PlannedRun> {
        let mut classes: BTreeMap<usize, Vec<&PlannedRun>> = BTreeMap::new();
        for planned in self.planned.iter().filter(|planned| of(planned)) {
            classes.entry(planned.class).or_default().push(planned);
        }
        let mut chosen = Vec::new();
        for members in classes.into_values() {
            let last = members.len() - 1;
            let some = [0, last / 2, last];
            let members = members.into_iter().enumerate();
            let members = members.filter(|(place, _)| all || some.contains(place));
            chosen.extend(members.map(|(_, planned)| planned.clone()));
        }
        chosen
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Phase;

    fn planned(class: usize, place: usize) -> PlannedRun {
        PlannedRun {
            point: PointName {
                process: "x".into(),
                thread: String::new(),
                call: "write".into(),
                arg: String::new(),
                ordinal: 1,
                phase: Phase::Exit,
            },
            schedule: Schedule::undisturbed(),
            stands_for: 1,
            before_ready: false,
            at_start: false,
            steady: true,
            changes: true,
            place,
            class,
            quiet: false,
        }
    }

    #[test]
    fn three_points_of_each_class_are_followed_further() {
        let plan = Plan {
            planned: (0..9).map(|place| planned(place / 8, place)).collect(),
            ..Plan::default()
        };
        let places = |all, of: fn(&PlannedRun) -> bool| -> Vec<usize> {
            let chosen = plan.some_of_each_class(all, of);
            chosen.iter().map(|planned| planned.place).collect()
        };
        assert_eq!(places(false, |_| true), [0, 3, 7, 8]);
        assert_eq!(places(true, |_| true), (0..9).collect::<Vec<_>>());
        assert_eq!(places(false, |planned| planned.place > 5), [6, 7, 8]);
    }
}
