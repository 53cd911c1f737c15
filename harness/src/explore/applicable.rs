//! At which points a fault can happen at all.

use crate::facts::{EventKind, Phase, RawPoint};
use crate::oracle::{Baseline, Point};
use crate::schedule::{Delivery, Fault};

/// What a recording tells about that.
pub(crate) struct Applicable<'a> {
    fault: &'a Fault,
    recordings: Vec<&'a [RawPoint]>,
    /// A handler is installed that makes the calls which it interrupts fail.
    interrupting: bool,
    /// When a descendant was born or ended, and how many there were from then on.
    children: Vec<(u64, usize)>,
}

impl<'a> Applicable<'a> {
    pub(crate) fn new(baseline: &'a Baseline, fault: &'a Fault) -> Applicable<'a> {
        let recorded = baseline.runs.iter().find(|run| !run.points.is_empty());
        let mut children = Vec::new();
        let mut living = 0usize;
        for event in recorded.iter().flat_map(|run| &run.events) {
            match event.what {
                EventKind::Child { .. } => living += 1,
                EventKind::ChildExited { .. } => living = living.saturating_sub(1),
                _ => continue,
            }
            children.push((event.at_ns, living));
        }
        let recordings: Vec<&[RawPoint]> = baseline
            .recordings()
            .map(|run| run.points.as_slice())
            .collect();
        let mut calls = recordings.iter().copied().flatten();
        Applicable {
            fault,
            interrupting: calls.any(|raw| raw.interrupts),
            recordings,
            children,
        }
    }

    pub(crate) fn fits(&self, point: &Point) -> bool {
        let recorded = self.calls(point).get(point.order);
        if !recorded.map_or_else(
            || self.fault.fits(&point.name.call),
            |raw| self.fault.fits_recorded(raw, self.interrupting),
        ) {
            return false;
        }
        match self.fault {
            Fault::Signal {
                to: Delivery::Child,
                ..
            }
            | Fault::Freeze {
                to: Delivery::Child,
                ..
            } => point.name.process.contains('/') || self.has_child(point),
            Fault::Signal {
                to: Delivery::Exec(program),
                ..
            } => {
                let others = recorded.map_or("", |raw| raw.around.others.as_str());
                program.is_role(&point.name.process)
                    || others.split(',').any(|role| program.is_role(role.trim()))
            }
            Fault::Signal {
                to: Delivery::Thread(name),
                ..
            } => self.has_thread(point, name.as_str()),
            _ => true,
        }
    }

    /// The calls of the recording that a point is from.
    fn calls(&self, point: &Point) -> &'a [RawPoint] {
        self.recordings.get(point.recording).copied().unwrap_or(&[])
    }

    /// When the thread goes on from a point: a call's return is not timed, the
    /// next call is.
    fn moment(&self, point: &Point) -> u64 {
        if point.name.phase != Phase::Exit {
            return point.at_ns;
        }
        let next = self
            .calls(point)
            .iter()
            .skip(point.order + 1)
            .find(|raw| raw.process == point.process && raw.thread == point.thread);
        next.map_or(u64::MAX, |raw| raw.at_ns)
    }

    fn has_child(&self, point: &Point) -> bool {
        let moment = self.moment(point);
        let before = self.children.iter().rev().find(|(at, _)| *at < moment);
        before.is_some_and(|(_, living)| *living > 0)
    }

    /// Whether a thread of this place (`t1`) has made a call before, and makes one after.
    /// Of a name that a thread gave itself nothing is known.
    fn has_thread(&self, point: &Point, name: &str) -> bool {
        let calls = self.calls(point);
        let own = |raw: &&RawPoint| raw.process == point.process && raw.thread == name;
        if name == "main" || !calls.iter().any(|raw| raw.thread == name) {
            return true;
        }
        let first = calls.iter().find(own).map(|raw| raw.at_ns);
        let last = calls.iter().rfind(own).map(|raw| raw.at_ns);
        match (first, last) {
            (Some(first), Some(last)) => (first..=last).contains(&point.at_ns),
            _ => false,
        }
    }
}
