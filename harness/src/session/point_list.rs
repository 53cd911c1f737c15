//! The points of a target, as `sigproof points` lists them.

use crate::explore::{self, CallSites, PointFilter, Share};
use crate::facts::Frame;
use crate::oracle::{Baseline, Point};
use crate::schedule::PointName;
use crate::session::build::not_followed::not_followed;

/// The points that were asked for, and how many there are in all.
#[derive(Debug, Clone, Default)]
pub struct PointList {
    /// Those that were asked for, in the order of the recording.
    pub points: Vec<ListedPoint>,
    /// Points found in the recording.
    pub found: usize,
    /// Calls that are no points: they failed, or only read.
    pub passed_over: usize,
    /// Calls that were met in one recording only.
    pub unsteady: usize,
    /// Points listed, by call.
    pub by_call: Vec<Share>,
    /// Points listed, by the program's own function; empty without stacks.
    pub by_function: Vec<Share>,
    /// What else is done, which no point tells, each a sentence.
    pub not_followed: Vec<String>,
}

/// One of them.
#[derive(Debug, Clone)]
pub struct ListedPoint {
    /// Its name.
    pub name: PointName,
    /// The process that made the call in the recording, by fork ordinals: `bash/1:sort`.
    pub process: String,
    /// The thread that made it, empty for the main thread.
    pub thread: String,
    /// When the recording met it, in nanoseconds.
    pub at_ns: u64,
    /// Every recording has it.
    pub steady: bool,
    /// Nothing had been done yet, and no handler was installed.
    pub idle: bool,
    /// It can block.
    pub blocks: bool,
    /// The world outside the process has changed by it.
    pub changes: bool,
    /// The program's own function that makes the call, when it is known.
    pub function: Option<String>,
    /// The stack of the thread that comes by, the innermost frame first; `None` when no stacks were taken.
    pub stack: Option<Vec<Frame>>,
}

impl PointList {
    /// The points of a baseline that pass the filter, with stacks when those were taken.
    pub fn of(baseline: &Baseline, filter: &PointFilter, sites: Option<&CallSites>) -> PointList {
        let map = &baseline.points;
        let wanted = || map.points.iter().filter(|point| filter.wants(point));
        let nothing = CallSites::default();
        let shares = explore::Coverage::of_map(wanted(), sites.unwrap_or(&nothing));
        let told = not_followed(baseline.runs.iter());
        PointList {
            not_followed: [told.unproven, told.notes].concat(),
            points: wanted()
                .map(|point| ListedPoint::of(point, sites))
                .collect(),
            found: map.points.len(),
            passed_over: map.passed_over,
            unsteady: map.unsteady,
            by_call: shares.by_call,
            by_function: shares.by_function,
        }
    }
}

impl ListedPoint {
    fn of(point: &Point, sites: Option<&CallSites>) -> ListedPoint {
        let own = sites.and_then(|sites| sites.own(&point.key));
        ListedPoint {
            name: point.name.clone(),
            process: point.process.clone(),
            thread: point.thread.clone(),
            at_ns: point.at_ns,
            steady: point.steady,
            idle: point.idle,
            blocks: point.blocks,
            changes: point.changes,
            function: own.map(ToString::to_string),
            stack: sites.map(|sites| sites.stack(&point.key).to_vec()),
        }
    }
}
