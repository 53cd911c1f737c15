//! Which code makes a target's calls: call stacks, taken in the recordings.

use crate::facts::{Frame, Phase, PointKey, Run, own};
use crate::oracle::{Baseline, PhaseSelection, Point, PointMap};
use crate::schedule::PointName;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// A call and who makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSite {
    /// The call, with its argument.
    pub call: String,
    /// The program's own function that makes it, as a person reads it: `save (save.c:41)`.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The whole stack, the innermost frame first; empty when it is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stack: Vec<Frame>,
}

/// `` `openat(out.tmp)` in save (save.c:41) ``
impl fmt::Display for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.call)?;
        match &self.place {
            Some(place) => write!(f, " in {place}"),
            None => Ok(()),
        }
    }
}

/// A moment in a thread's run: between which of its calls with an effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeLocation {
    /// The call that has returned; `None` when there is none before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<CallSite>,
    /// The call that comes next, or begins; `None` when there is none any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<CallSite>,
    /// The fault is pending as the next call begins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub entering: bool,
    /// In a sweep of pairs: the call at which the second fault comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<CallSite>,
}

impl fmt::Display for CodeLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.after, &self.before) {
            (_, Some(next)) if self.entering => write!(f, "as {next} begins")?,
            (Some(last), Some(next)) => write!(f, "between {last} and {next}")?,
            (Some(last), None) => write!(f, "after {last}")?,
            (None, Some(next)) => write!(f, "before {next}")?,
            (None, None) => f.write_str("at an unknown place")?,
        }
        match &self.then {
            Some(second) => write!(f, ", then at {second}"),
            None => Ok(()),
        }
    }
}

/// The call stacks of a target's points.
#[derive(Debug, Clone, Default)]
pub struct CallSites {
    stacks: HashMap<PointKey, Arc<[Frame]>>,
}

impl CallSites {
    /// Of the calls of a baseline's recordings.
    pub fn of(baseline: &Baseline) -> CallSites {
        let recordings: Vec<&Run> = baseline.recordings().collect();
        let mut sites = CallSites::default();
        sites.add(&baseline.points, &recordings);
        if let Some(run) = &baseline.quiet {
            sites.take_quiet(run);
        }
        sites
    }

    /// Takes the stacks of a recorded run; what is known already stays.
    pub(crate) fn take(&mut self, run: &Run) {
        let map = PointMap::new(&[run], 0, PhaseSelection::DEFAULT);
        self.add(&map, &[run]);
    }

    /// Takes the stacks of calls without an effect, in place of those that are known.
    pub(crate) fn take_quiet(&mut self, run: &Run) {
        for (order, call) in run.quiet.iter().enumerate() {
            self.stacks.insert(call.key(), run.stacks.at(order).into());
        }
    }

    fn add(&mut self, map: &PointMap, recordings: &[&Run]) {
        let mut lists: HashMap<(usize, u32), Arc<[Frame]>> = HashMap::new();
        for point in &map.points {
            let Some(run) = recordings.get(point.recording) else {
                continue;
            };
            let Some(list) = run.stacks.of_points.get(point.order).copied().flatten() else {
                continue;
            };
            let stack = lists
                .entry((point.recording, list))
                .or_insert_with(|| run.stacks.at(point.order).into());
            self.stacks
                .entry(point.key.clone())
                .or_insert_with(|| Arc::clone(stack));
        }
    }

    /// Nothing is known.
    pub fn is_empty(&self) -> bool {
        self.stacks.is_empty()
    }

    /// The stack at a call, the innermost frame first; empty when it is not known.
    pub fn stack(&self, key: &PointKey) -> &[Frame] {
        self.stacks.get(key).map_or(&[], |stack| stack)
    }

    /// The program's own function that makes a call.
    pub fn own(&self, key: &PointKey) -> Option<&Frame> {
        own(self.stack(key))
    }

    pub(crate) fn site(&self, name: &PointName, key: &PointKey) -> CallSite {
        let call = match name.arg.as_str() {
            "" => name.call.clone(),
            arg => format!("{}({arg})", name.call),
        };
        CallSite {
            call,
            place: self.own(key).map(ToString::to_string),
            stack: self.stack(key).to_vec(),
        }
    }

    /// Where a point of the map lies.
    pub fn moment(&self, map: &PointMap, name: &PointName) -> Option<CodeLocation> {
        let point = map.find(name)?;
        let same_thread = |other: &&Point| {
            (&other.process, &other.thread, other.recording)
                == (&point.process, &point.thread, point.recording)
        };
        let site = |point: &Point| self.site(&point.name, &point.key);
        let others = || map.points.iter().filter(same_thread);
        let next = others().find(|other| other.order > point.order);
        let last = others().rfind(|other| other.order < point.order);
        let at_exit = name.phase == Phase::Exit;
        Some(CodeLocation {
            after: if at_exit { Some(point) } else { last }.map(site),
            before: if at_exit { next } else { Some(point) }.map(site),
            entering: name.phase == Phase::Entry,
            then: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(call: &str, place: Option<&str>) -> Option<CallSite> {
        Some(CallSite {
            call: call.into(),
            place: place.map(str::to_owned),
            stack: Vec::new(),
        })
    }

    #[test]
    fn a_moment_reads_like_a_sentence() {
        let moment = CodeLocation {
            after: site("openat(out.tmp)", Some("save (save.c:41)")),
            before: site("rename(out.tmp -> out)", None),
            entering: false,
            then: None,
        };
        assert_eq!(
            moment.to_string(),
            "between `openat(out.tmp)` in save (save.c:41) and `rename(out.tmp -> out)`"
        );
        let last = CodeLocation {
            before: None,
            then: site("unlink(out.tmp)", Some("clean_up (save.c:50)")),
            ..moment.clone()
        };
        assert_eq!(
            last.to_string(),
            "after `openat(out.tmp)` in save (save.c:41), then at `unlink(out.tmp)` in clean_up (save.c:50)"
        );
        let entering = CodeLocation {
            entering: true,
            ..moment
        };
        assert_eq!(entering.to_string(), "as `rename(out.tmp -> out)` begins");
    }
}
