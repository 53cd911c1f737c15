//! What the triggers of random schedules are made of: the points, lines, files and children of the undisturbed runs,
//! and the calls that the target makes once something has been done to it.

use crate::error::Error;
use crate::explore::applicable::Applicable;
use crate::explore::sweep::plan::PointFilter;
use crate::explore::sweep::trigger_time::trigger_time;
use crate::facts::{CallArgument, EventKind, Phase, RawPoint, Run};
use crate::oracle::{Baseline, PhaseSelection, Point, PointMap};
use crate::schedule::{CallSelector, Fault, Trigger};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Lines of output that are waited for.
const LINES_MAX: usize = 40;
/// Calls after a fault that are remembered.
const LATER_MAX: usize = 2_000;
/// Calls after a fault of one run that look alike: a loop that waits makes thousands.
const ALIKE_MAX: u32 = 16;
/// What is later than this after a fault comes too late, in nanoseconds.
const WAIT_MAX_NS: u64 = 2_000_000_000;

/// One thing that can be done, and where in an undisturbed run it can be done.
#[derive(Debug, Clone)]
pub(crate) struct FaultChoice {
    pub(crate) fault: Fault,
    pub(crate) lasting: bool,
    /// Points of the recording.
    pub(crate) points: Arc<Vec<Trigger>>,
    /// The same, from the moment on from which the promise holds.
    pub(crate) first_points: Arc<Vec<Trigger>>,
}

/// A call that comes after a fault.
#[derive(Debug, Clone)]
pub(crate) struct LaterCall {
    pub(crate) trigger: Trigger,
    /// The call as it was recorded: it tells which faults can happen to it.
    raw: Arc<RawPoint>,
    /// There are handlers that make the calls fail which they interrupt.
    interrupting: bool,
}

impl LaterCall {
    #[cfg(test)]
    pub(crate) fn of(trigger: Trigger) -> LaterCall {
        LaterCall {
            trigger,
            raw: Arc::default(),
            interrupting: false,
        }
    }

    pub(crate) fn fits(&self, fault: &Fault) -> bool {
        fault.fits_recorded(&self.raw, self.interrupting)
    }
}

/// All of it.
#[derive(Debug, Clone)]
pub(crate) struct Corpus {
    pub(crate) choices: Vec<FaultChoice>,
    /// Output, children, files: moments of an undisturbed run that are no calls.
    pub(crate) moments: Arc<Vec<Trigger>>,
    /// The moment from which the promise holds, when there is one.
    pub(crate) ready: Option<Trigger>,
    /// Handlers that are installed, by signal.
    pub(crate) handled: BTreeSet<i32>,
    /// Calls that come after a fault, as seen so far.
    pub(crate) later: Vec<LaterCall>,
    pub(crate) known: BTreeSet<String>,
    /// How late after the start a fault is worth a try, in nanoseconds.
    pub(crate) longest_start_ns: u64,
    /// How late after another fault, in nanoseconds.
    pub(crate) longest_wait_ns: u64,
}

impl Corpus {
    pub(crate) fn new(
        baseline: &Baseline,
        faults: &[(Fault, bool)],
        filter: &PointFilter,
    ) -> Result<Corpus, Error> {
        filter.check()?;
        let signal = faults.iter().find_map(|(fault, _)| fault.signal());
        let ready_ns = match &filter.after {
            None => 0,
            Some(trigger) => trigger_time(baseline, trigger, signal.unwrap_or(0))?,
        };
        let calls = of_calls(baseline, faults);
        let choices = faults
            .iter()
            .map(|(fault, lasting)| {
                let map = match &calls {
                    Some(map) if fault.is_of_call() => map,
                    _ => &baseline.points,
                };
                let fit = Applicable::new(baseline, fault);
                let points = || {
                    let wanted = |point: &&Point| {
                        let counts = filter.strict_start || !point.at_start;
                        fit.fits(point) && filter.wants(point) && counts
                    };
                    map.points.iter().filter(wanted)
                };
                let ready = points().filter(|point| point.at_ns >= ready_ns);
                FaultChoice {
                    fault: fault.clone(),
                    lasting: *lasting,
                    first_points: Arc::new(ready.map(at).collect()),
                    points: Arc::new(points().map(at).collect()),
                }
            })
            .collect();
        let narrowed = !filter.only.is_empty() || !filter.paths.is_empty();
        Ok(Corpus {
            choices,
            moments: Arc::new(if narrowed {
                Vec::new()
            } else {
                moments(baseline, ready_ns)
            }),
            ready: filter.after.clone().filter(|_| !narrowed),
            handled: if narrowed {
                BTreeSet::new()
            } else {
                handled(baseline, ready_ns)
            },
            later: Vec::new(),
            known: BTreeSet::new(),
            longest_start_ns: if narrowed || filter.after.is_some() {
                0
            } else {
                of_size(baseline)
            },
            longest_wait_ns: WAIT_MAX_NS,
        })
    }

    #[cfg(test)]
    pub(crate) fn empty(longest_start_ns: u64) -> Corpus {
        Corpus {
            choices: Vec::new(),
            moments: Arc::default(),
            ready: None,
            handled: BTreeSet::new(),
            later: Vec::new(),
            known: BTreeSet::new(),
            longest_start_ns,
            longest_wait_ns: WAIT_MAX_NS,
        }
    }

    /// Takes the calls that a recorded run made after its first fault.
    pub(crate) fn learn(&mut self, run: &Run) {
        let Some(struck_ns) = run.fired_ns.first().copied().flatten() else {
            return;
        };
        let interrupting = run.points.iter().any(|raw| raw.interrupts);
        let mut counted: BTreeMap<(&str, &str, &str, &str), (u32, u32)> = BTreeMap::new();
        for raw in &run.points {
            if !raw.effect {
                continue;
            }
            let nth = counted
                .entry((&raw.process, &raw.thread, &raw.call, &raw.arg))
                .or_insert((0, 0));
            nth.0 += 1;
            if raw.at_ns <= struck_ns || self.later.len() >= LATER_MAX {
                continue;
            }
            nth.1 += 1;
            if nth.1 > ALIKE_MAX {
                continue;
            }
            let nth = nth.0;
            for phase in phases(raw) {
                let trigger = Trigger::Call(selector(raw, nth, phase));
                if self.known.insert(trigger.to_string()) {
                    self.later.push(LaterCall {
                        trigger,
                        raw: Arc::new(raw.clone()),
                        interrupting,
                    });
                }
            }
        }
    }
}

/// How long the target runs, in a power of ten: what is drawn from a seed must not depend on some microseconds.
fn of_size(baseline: &Baseline) -> u64 {
    let shortest = baseline.runs.iter().map(|run| run.end_ns).min();
    let size = (shortest.unwrap_or(0).max(100_000) as f64).log10().ceil();
    10u64.saturating_pow(size as u32)
}

fn at(point: &Point) -> Trigger {
    Trigger::Point {
        name: point.name.clone(),
        key: point.key.clone(),
    }
}

/// The points of faults that happen to a call itself, when there is one among these.
fn of_calls(baseline: &Baseline, faults: &[(Fault, bool)]) -> Option<PointMap> {
    let wanted = faults.iter().any(|(fault, _)| fault.is_of_call());
    let mut recorded = baseline.runs.iter().filter(|run| !run.points.is_empty());
    match (wanted, recorded.next(), recorded.next()) {
        (true, Some(one), Some(two)) => Some(PointMap::new(&[one, two], 0, PhaseSelection::CALLS)),
        _ => None,
    }
}

fn phases(raw: &RawPoint) -> Vec<Phase> {
    let mut phases = Vec::new();
    if raw.blocks {
        phases.push(Phase::Before);
    }
    if raw.returned.is_some() {
        phases.push(Phase::Exit);
    }
    phases
}

/// Names a call by its place among those that look like it.
fn selector(raw: &RawPoint, nth: u32, phase: Phase) -> CallSelector {
    let process = if raw.thread.is_empty() {
        raw.process.clone()
    } else {
        format!("{}+{}", raw.process, raw.thread)
    };
    CallSelector {
        process: Some(process),
        call: raw.call.clone(),
        arg: (!raw.arg.is_empty()).then(|| raw.arg.clone()),
        nth,
        phase,
        every: false,
    }
}

fn handled(baseline: &Baseline, ready_ns: u64) -> BTreeSet<i32> {
    let recorded = baseline.recorded().into_iter();
    recorded
        .flat_map(|run| &run.events)
        .filter(|event| event.at_ns >= ready_ns)
        .filter_map(|event| match event.what {
            EventKind::Handler { signal, .. } => Some(signal),
            _ => None,
        })
        .collect()
}

/// Moments that every undisturbed run has.
fn moments(baseline: &Baseline, ready_ns: u64) -> Vec<Trigger> {
    let Some(recorded) = baseline.recorded() else {
        return Vec::new();
    };
    let mut moments: Vec<Trigger> = lines(baseline, ready_ns)
        .into_iter()
        .map(|line| Trigger::Output {
            pattern: regex::escape(&line),
        })
        .collect();
    let mut nth = 0;
    for event in &recorded.events {
        if let EventKind::Child { .. } = event.what {
            nth += 1;
            if event.at_ns >= ready_ns {
                moments.push(Trigger::Child { nth });
            }
        }
    }
    let made = baseline.points.points.iter().filter(|point| {
        point.changes && point.at_ns >= ready_ns && point.name.phase == Phase::Exit
    });
    let mut files = BTreeSet::new();
    for point in made {
        let name = &point.name;
        let argument = CallArgument::parse(&name.call, &name.arg);
        let path = argument.result().unwrap_or_default();
        let makes = ["open", "rename", "link", "mkdir", "mknod"];
        let own = !path.is_empty() && !path.starts_with(['/', '$', '*']);
        if own && makes.iter().any(|call| name.call.contains(call)) && !name.call.contains("unlink")
        {
            files.insert(path.to_owned());
        }
    }
    moments.extend(files.into_iter().map(|glob| Trigger::File { glob }));
    moments
}

/// Lines that all undisturbed runs say, from a moment on.
fn lines(baseline: &Baseline, ready_ns: u64) -> Vec<String> {
    let said = |run: &Run| {
        let mut text = Vec::new();
        for event in run.events.iter().filter(|event| event.at_ns >= ready_ns) {
            if let EventKind::Output { bytes, .. } = &event.what {
                text.extend_from_slice(bytes);
            }
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        text.lines().map(str::to_owned).collect::<Vec<String>>()
    };
    let recorded: Vec<Vec<String>> = baseline
        .runs
        .iter()
        .filter(|run| !run.points.is_empty())
        .map(said)
        .collect();
    let Some((first, others)) = recorded.split_first() else {
        return Vec::new();
    };
    let plain = |line: &String| {
        !line.trim().is_empty() && line.len() <= 80 && !line.chars().any(char::is_control)
    };
    let mut seen = BTreeSet::new();
    first
        .iter()
        .filter(|line| plain(line) && others.iter().all(|other| other.contains(line)))
        .filter(|line| seen.insert(line.to_owned()))
        .take(LINES_MAX)
        .cloned()
        .collect()
}
