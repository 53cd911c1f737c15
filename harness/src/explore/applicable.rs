//! At which points a fault can happen at all.

use crate::facts::{EventKind, Phase, RawPoint};
use crate::oracle::{Baseline, Point};
use crate::schedule::{Delivery, Fault};

/// What a recording tells about that.
pub(crate) struct Applicable<'a> {
    fault: &'a Fault,
    recordings: Vec<&'a [RawPoint]>,
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
        Applicable {
            fault,
            recordings: baseline
                .recordings()
                .map(|run| run.points.as_slice())
                .collect(),
            children,
        }
    }

    pub(crate) fn fits(&self, point: &Point) -> bool {
        if !self.fault.fits(&point.name.call) {
            return false;
        }
        match self.fault {
            Fault::Errno { errno } if *errno == libc::EINTR => point.blocks || waits(point),
            // One byte cannot be made fewer.
            Fault::Short { .. } => self
                .calls(point)
                .get(point.order)
                .is_none_or(|raw| raw.returned.is_none_or(|moved| moved > 1)),
            Fault::Signal {
                to: Delivery::Child,
                ..
            }
            | Fault::Freeze {
                to: Delivery::Child,
                ..
            } => point.name.process.contains('/') || self.has_child(point),
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

/// A write to something that can make it wait, so that it can be interrupted.
fn waits(point: &Point) -> bool {
    matches!(
        point.name.arg.as_str(),
        "stdout" | "stderr" | "pipe" | "socket" | "terminal"
    )
}
