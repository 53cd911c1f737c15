//! A schedule by the names that its points have, so that it is run again as it is printed.

use super::shrink::{Shown, Shrinker};
use crate::oracle::Point;
use crate::schedule::Trigger;

impl Shrinker<'_> {
    /// Later steps as they are written: what is printed, kept as text and run again is then the same.
    pub(crate) fn spell(&mut self, best: &mut Shown) {
        // Also when the bound was met: these are a few runs.
        self.left = self
            .left
            .max(4 * self.times as usize + 2 * best.steps().len());
        self.rename(best);
        for every in [false, true] {
            let mut schedule = best.schedule.clone();
            for step in schedule.steps.iter_mut().skip(1) {
                if let Trigger::Point { .. } = step.trigger
                    && let Ok(Trigger::Call(mut call)) = Trigger::parse(&step.trigger.to_string())
                {
                    call.every = every;
                    step.trigger = Trigger::Call(call);
                }
            }
            if schedule == best.schedule || self.over() {
                return;
            }
            let need = self.as_often_as(best);
            if let Some(shown) = self.shows(&schedule, self.times, need) {
                *best = shown;
                return;
            }
        }
    }

    /// Points by the names that they have behind the steps before them: one that was found behind others can have
    /// another.
    fn rename(&mut self, best: &mut Shown) {
        for place in 1..best.steps().len() {
            let Trigger::Point { key, .. } = best.steps()[place].trigger.clone() else {
                continue;
            };
            let Some((points, _)) = self.recorded_after(&best.steps()[..place]) else {
                continue;
            };
            let phase = |trigger: &Trigger| match trigger {
                Trigger::Point { name, .. } => Some(name.phase),
                _ => None,
            };
            let wanted = phase(&best.steps()[place].trigger);
            let same = |point: &&Point| point.key == key && Some(point.name.phase) == wanted;
            if let Some(point) = points.iter().find(same) {
                best.schedule.steps[place].trigger = Trigger::Point {
                    name: point.name.clone(),
                    key,
                };
            }
        }
    }
}
