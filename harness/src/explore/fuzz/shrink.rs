//! The smallest schedule that fails in the same way: fewest faults, then simplest triggers, then smallest offsets.
//!
//! Each candidate is run several times, since races are probabilistic; it is taken when it shows the violation at least
//! half as often as what it replaces. A time is replaced by the call at which a fault does the same, found in a
//! recording with the faults before it in place: a point shows every time what a time shows now and then. Runs and time
//! are bounded; what is reached by then is the answer.

use super::reductions::{kept, shorter, usual};
use crate::execute::trial::{Trial, Trials};
use crate::facts::Run;
use crate::oracle::{PhaseSelection, Point, PointMap};
use crate::schedule::{Schedule, Step, Trigger};
use sigproof_core::StopToken;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Points that are tried in place of one time.
const POINTS_MAX: usize = 32;
/// Runs of a candidate that shows seldom.
const TIMES_SELDOM: u32 = 10;
/// Shrinking one finding takes no longer than this, and one more run.
const TIME_MAX: Duration = Duration::from_secs(60);

/// A schedule, and how surely it shows the violation.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) schedule: Schedule,
    /// In so many of so many runs.
    pub(crate) seen: (u32, u32),
    /// A run that shows it.
    pub(crate) trial: Arc<Trial>,
}

impl Shown {
    fn share(&self) -> f64 {
        f64::from(self.seen.0) / f64::from(self.seen.1.max(1))
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.schedule.steps
    }
}

/// Shrinks one finding.
pub(crate) struct Shrinker<'a> {
    pub(crate) trials: &'a Trials,
    pub(crate) token: &'a StopToken,
    pub(crate) oracle: String,
    pub(crate) subject: String,
    /// Runs of a candidate.
    pub(crate) times: u32,
    /// Runs that may be made.
    pub(crate) left: usize,
    /// Runs that may be made besides, once it shows in half of the runs.
    pub(crate) reserve: usize,
    /// Runs that were made.
    pub(crate) used: usize,
    pub(crate) begun: Instant,
}

impl Shrinker<'_> {
    /// The smallest schedule that is found within the bounds.
    pub(crate) fn shrink(&mut self, mut best: Shown) -> Shown {
        self.drop_unfired(&mut best);
        // A step that could not go while the others were races may go when they are placed at calls.
        loop {
            self.drop_steps(&mut best);
            let before = best.steps().to_vec();
            self.pin(&mut best);
            self.replace(&mut best);
            if self.over() || before == best.steps() {
                break;
            }
        }
        self.shorten(&mut best);
        self.earlier(&mut best);
        self.simplify(&mut best);
        self.spell(&mut best);
        best
    }

    pub(crate) fn over(&self) -> bool {
        self.left == 0 || self.token.is_interrupted() || self.begun.elapsed() >= TIME_MAX
    }

    fn run(&mut self, schedule: &Schedule) -> Option<Trial> {
        if self.over() {
            return None;
        }
        self.left -= 1;
        self.used += 1;
        self.trials.run(schedule.clone(), false).ok()
    }

    /// Runs a candidate so many times; answers it when it shows often enough.
    pub(crate) fn shows(&mut self, schedule: &Schedule, times: u32, need: u32) -> Option<Shown> {
        let mut seen = 0;
        let mut shown = None;
        for done in 0..times {
            if seen + (times - done) < need {
                return None;
            }
            let trial = self.run(schedule)?;
            if trial.has(&self.oracle, &self.subject) {
                seen += 1;
                shown = Some(trial);
            }
        }
        let trial = Arc::new(shown.filter(|_| seen >= need)?);
        if times > 1 && seen * 2 >= times {
            self.left += std::mem::take(&mut self.reserve);
        }
        Some(Shown {
            schedule: schedule.clone(),
            seen: (seen, times),
            trial,
        })
    }

    /// Takes a candidate that shows at least half as often.
    fn take(&mut self, best: &mut Shown, candidate: &Schedule) -> bool {
        let seldom = best.share() < 0.5;
        let times = if seldom {
            self.times.max(TIMES_SELDOM)
        } else {
            self.times
        };
        let need = (f64::from(times) * best.share() / 2.0).ceil().max(1.0) as u32;
        match self.shows(candidate, times, need) {
            Some(shown) => {
                *best = shown;
                true
            }
            None => false,
        }
    }

    /// Steps that did not come due in the failing run did not make it fail.
    fn drop_unfired(&mut self, best: &mut Shown) {
        let fired = &best.trial.run.fired_ns;
        let places: Vec<usize> = (0..best.steps().len())
            .filter(|place| fired.get(*place).copied().flatten().is_some())
            .collect();
        if places.len() < best.steps().len() && !places.is_empty() {
            let schedule = Schedule {
                steps: places
                    .iter()
                    .map(|place| best.steps()[*place].clone())
                    .collect(),
            };
            self.take(best, &schedule);
        }
    }

    /// One fault, each; then two, each pair; until some do.
    fn drop_steps(&mut self, best: &mut Shown) {
        let all = best.steps().len();
        for size in 1..all {
            for chosen in (0u32..1 << all).filter(|chosen| chosen.count_ones() as usize == size) {
                let places: Vec<usize> = (0..all)
                    .filter(|place| chosen & (1 << place) != 0)
                    .collect();
                for candidate in kept(&best.schedule, &best.trial.run.fired_ns, &places) {
                    if self.over() {
                        return;
                    }
                    if self.take(best, &candidate) {
                        return;
                    }
                }
            }
        }
    }

    /// Calls in place of times, and of other moments that do not show it every time.
    fn pin(&mut self, best: &mut Shown) {
        for place in 0..best.steps().len() {
            let timed = matches!(
                best.steps()[place].trigger,
                Trigger::After { .. } | Trigger::AfterPrevious { .. }
            );
            let placed = matches!(
                best.steps()[place].trigger,
                Trigger::Point { .. } | Trigger::Call(_)
            );
            if placed || (!timed && best.share() >= 1.0) {
                continue;
            }
            let schedule = best.schedule.clone();
            self.place(best, &schedule, place);
        }
    }

    /// Two faults that need a third for the moment of the second alone: without it, at another moment.
    fn replace(&mut self, best: &mut Shown) {
        for place in 0..best.steps().len().saturating_sub(1) {
            let mut schedule = best.schedule.clone();
            schedule.steps.remove(place);
            if self.place(best, &schedule, place) || self.over() {
                return;
            }
        }
    }

    /// Puts the step at this place to some point at which it shows as often as what it replaces.
    fn place(&mut self, best: &mut Shown, schedule: &Schedule, place: usize) -> bool {
        for point in self.points(best, schedule, place) {
            if self.over() {
                return false;
            }
            let mut schedule = schedule.clone();
            schedule.steps[place].trigger = Trigger::Point {
                name: point.name,
                key: point.key,
            };
            // Most of them do not: one look is enough.
            if self.shows(&schedule, 1, 1).is_none() {
                continue;
            }
            let need = self.as_often_as(best);
            if let Some(shown) = self.shows(&schedule, self.times, need) {
                *best = shown;
                return true;
            }
        }
        false
    }

    pub(crate) fn as_often_as(&self, best: &Shown) -> u32 {
        (f64::from(self.times) * best.share()).ceil().max(1.0) as u32
    }

    /// Points at which this step could be placed, the likeliest first: those near the moment at which it struck.
    fn points(&mut self, best: &Shown, schedule: &Schedule, place: usize) -> Vec<Point> {
        let fired = |index: usize| best.trial.run.fired_ns.get(index).copied().flatten();
        let at = fired(place).unwrap_or(0);
        let (points, after) = if place == 0 {
            (self.trials.baseline.points.points.clone(), 0)
        } else {
            let before = fired(place - 1).unwrap_or(0);
            match self.recorded_after(&schedule.steps[..place]) {
                Some((points, struck)) => (points, at.saturating_sub(before) + struck),
                None => return Vec::new(),
            }
        };
        let wanted = if place == 0 { at } else { after };
        let fault = &schedule.steps[place].fault;
        let mut points: Vec<Point> = points
            .into_iter()
            .filter(|point| !fault.is_of_call() && fault.fits(&point.name.call))
            .collect();
        points.sort_by_key(|point| point.at_ns.abs_diff(wanted));
        points.truncate(POINTS_MAX);
        points
    }

    /// What the target does after these steps, and when the last of them struck.
    pub(crate) fn recorded_after(&mut self, steps: &[Step]) -> Option<(Vec<Point>, u64)> {
        let schedule = Schedule {
            steps: steps.to_vec(),
        };
        if self.left < 2 || self.over() {
            return None;
        }
        self.left -= 2;
        self.used += 2;
        let (one, two) = (
            self.trials.record(&schedule).ok()?,
            self.trials.record(&schedule).ok()?,
        );
        let struck = last_ns(&one)?;
        let map = PointMap::new(&[&one, &two], 0, PhaseSelection::DEFAULT);
        let late = |point: &Point| {
            let raw = one.points.get(point.order);
            raw.is_some_and(|raw| raw.at_ns > struck && (raw.in_handler || raw.effect))
        };
        Some((map.points.into_iter().filter(late).collect(), struck))
    }

    /// The smallest offset that still does.
    fn shorten(&mut self, best: &mut Shown) {
        for place in 0..best.steps().len() {
            for trigger in shorter(&best.steps()[place].trigger) {
                if self.over() {
                    return;
                }
                let mut schedule = best.schedule.clone();
                schedule.steps[place].trigger = trigger;
                if self.take(best, &schedule) {
                    break;
                }
            }
        }
    }

    /// The first call that looks like the one at which it begins.
    fn earlier(&mut self, best: &mut Shown) {
        let Some(Trigger::Point { name, .. }) = best.steps().first().map(|step| &step.trigger)
        else {
            return;
        };
        let alike = |point: &&Point| {
            let (one, other) = (&point.name, name);
            one.ordinal < other.ordinal
                && (&one.process, &one.thread, &one.call, &one.arg, one.phase)
                    == (
                        &other.process,
                        &other.thread,
                        &other.call,
                        &other.arg,
                        other.phase,
                    )
        };
        let baseline = Arc::clone(&self.trials.baseline);
        let Some(point) = baseline.points.points.iter().find(alike) else {
            return;
        };
        let mut schedule = best.schedule.clone();
        schedule.steps[0].trigger = Trigger::Point {
            name: point.name.clone(),
            key: point.key.clone(),
        };
        let need = self.as_often_as(best);
        if let Some(shown) = self.shows(&schedule, self.times, need) {
            *best = shown;
        }
    }

    /// Once instead of always, and to whom such a signal goes usually.
    fn simplify(&mut self, best: &mut Shown) {
        let pty = self.trials.pool.target().pty.is_some();
        for place in 0..best.steps().len() {
            if best.steps()[place].lasting {
                let mut schedule = best.schedule.clone();
                schedule.steps[place].lasting = false;
                self.take(best, &schedule);
            }
            if let Some(fault) = usual(&best.steps()[place].fault, pty) {
                let mut schedule = best.schedule.clone();
                schedule.steps[place].fault = fault;
                self.take(best, &schedule);
            }
        }
    }
}

fn last_ns(run: &Run) -> Option<u64> {
    run.fired_ns.last().copied().flatten()
}
