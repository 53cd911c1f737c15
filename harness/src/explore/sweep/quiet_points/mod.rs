//! Calls without an effect, where a handler is installed: after everything else, one of each kind.
//!
//! A handler that allocates, prints or reads the time hangs or crashes only when it interrupts the C library in the
//! middle of its own work. The library makes calls there that change nothing: `brk`, `mmap`, `openat(/etc/localtime)`,
//! `getrandom`.

mod handlers_seen;

use super::plan::{FaultSpec, Plan, PlannedRun, PointFilter};
use super::trigger_time::trigger_time_in;
use crate::explore::shard::Shard;
use crate::facts::{Phase, QuietCall, Run, text_shape};
use crate::oracle::Baseline;
use crate::schedule::{PointName, Schedule, Step, Trigger};
pub(crate) use handlers_seen::HandlersSeen;
use handlers_seen::TRIED_MAX;
use std::collections::BTreeSet;

/// Adds them to a plan.
pub(crate) fn add(
    plan: &mut Plan,
    baseline: &Baseline,
    filter: &PointFilter,
    spec: &FaultSpec,
    shard: Option<Shard>,
) {
    let Some(run) = &baseline.quiet else {
        return;
    };
    let Some(ready_ns) = ready(run, baseline, filter, spec.signal()) else {
        return;
    };
    let wanted = run
        .quiet
        .iter()
        .filter(|call| filter.takes(&call.raw.call, &call.raw.arg))
        // Another call has this name: one with an effect on the same file.
        .filter(|call| baseline.points.find(&name(call)).is_none());
    let (chosen, kinds) = choose(wanted.collect());
    plan.quiet_kinds = kinds;
    let takes = |call: &&QuietCall| shard.is_none_or(|shard| shard.takes(&name(call).to_string()));
    let own = chosen
        .into_iter()
        .enumerate()
        .filter(|(_, call)| takes(call));
    let planned = own.map(|(rank, call)| PlannedRun {
        point: name(call),
        schedule: schedule(call, spec),
        stands_for: 0,
        before_ready: call.raw.at_ns < ready_ns,
        at_start: false,
        steady: false,
        // Neither is one of the map's; where it stands among its like counts.
        changes: false,
        place: rank,
        class: usize::MAX,
        quiet: true,
    });
    plan.planned.extend(planned);
}

/// From when the promise holds, in this run; `None` where that cannot be told of it: it has none of the points.
fn ready(run: &Run, baseline: &Baseline, filter: &PointFilter, signal: i32) -> Option<u64> {
    match &filter.after {
        None => Some(0),
        Some(Trigger::Call(_) | Trigger::Point { .. } | Trigger::File { .. }) => None,
        Some(trigger) => trigger_time_in(run, baseline, trigger, signal).ok(),
    }
}

/// One of each piece of code first, then other arguments of it; those first at which a handler does harm most often.
/// Returns how many kinds there are, too.
fn choose(calls: Vec<&QuietCall>) -> (Vec<&QuietCall>, usize) {
    let mut codes = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    let mut ranked: Vec<(bool, u8, usize, &QuietCall)> = Vec::new();
    for (order, call) in calls.into_iter().enumerate() {
        let raw = &call.raw;
        let code = (&raw.role, &raw.call, raw.ip);
        let is_first = codes.insert(code);
        if kinds.insert((code, text_shape(&raw.arg))) {
            ranked.push((!is_first, rank(call), order, call));
        }
    }
    ranked.sort_by_key(|(again, rank, order, _)| (*again, *rank, *order));
    let kinds = ranked.len();
    let chosen = ranked.into_iter().take(TRIED_MAX);
    (chosen.map(|(.., call)| call).collect(), kinds)
}

/// Memory; what the library itself opens, which is never in the work tree; what it looks at.
fn rank(call: &QuietCall) -> u8 {
    match call.raw.call.as_str() {
        "brk" | "mmap" | "munmap" | "mremap" | "mprotect" | "madvise" | "getrandom" => 0,
        "open" | "openat" | "openat2" if call.raw.arg.starts_with('/') => 0,
        "stat" | "lstat" | "fstat" | "newfstatat" | "fstatat" | "statx" => 1,
        _ => 2,
    }
}

fn name(call: &QuietCall) -> PointName {
    PointName {
        process: call.raw.role.clone(),
        thread: String::new(),
        call: call.raw.call.clone(),
        arg: call.raw.arg.clone(),
        ordinal: call.ordinal,
        phase: Phase::Exit,
    }
}

fn schedule(call: &QuietCall, spec: &FaultSpec) -> Schedule {
    let first = Step {
        trigger: Trigger::Point {
            name: name(call),
            key: call.key(),
        },
        fault: spec.fault.clone(),
        lasting: spec.lasting,
    };
    let steps = std::iter::once(first).chain(spec.then.iter().cloned());
    Schedule {
        steps: steps.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::RawPoint;

    fn call(call: &str, ip: u64, arg: &str) -> QuietCall {
        QuietCall {
            raw: RawPoint {
                role: "prog".into(),
                call: call.into(),
                arg: arg.into(),
                ip,
                ..RawPoint::default()
            },
            nth: 1,
            ordinal: 1,
        }
    }

    #[test]
    fn memory_and_what_the_library_opens_come_first() {
        let mut calls = vec![
            call("readlink", 1, ""),
            call("newfstatat", 2, ""),
            call("openat", 3, "words.txt"),
            call("openat", 4, "/etc/localtime"),
            call("brk", 5, ""),
        ];
        // Many files by one piece of code: none of them keeps another call out.
        calls.extend((0..30).map(|file| call("openat", 3, &format!("{}.txt", "x".repeat(file)))));
        let (chosen, kinds) = choose(calls.iter().collect());
        let names: Vec<&str> = chosen.iter().map(|call| call.raw.call.as_str()).collect();
        let first = ["openat", "brk", "newfstatat", "readlink", "openat"];
        assert_eq!(names[..5], first, "{names:?}");
        assert_eq!(chosen[0].raw.arg, "/etc/localtime");
        assert_eq!(chosen.len(), TRIED_MAX);
        assert_eq!(kinds, calls.len());
    }

    #[test]
    fn arguments_that_only_count_are_one_kind() {
        let calls: Vec<QuietCall> = (0..9)
            .map(|file| call("openat", 3, &format!("/lib/part{file}.so")))
            .collect();
        let (chosen, kinds) = choose(calls.iter().collect());
        assert_eq!((chosen.len(), kinds), (1, 1));
    }
}
