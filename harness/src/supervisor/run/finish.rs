//! The end of a run: the facts together.

use super::inject::Injector;
use super::live_target::{LiveTarget, READ_BYTES};
use crate::facts::{Run, ServiceFacts};
use crate::supervisor::protocol::{StackDetail, SupervisorError, Trace};

/// Collects the facts of a run of which nobody is left.
pub(crate) fn finish(
    mut target: LiveTarget<'_>,
    injector: Injector,
    trace: Trace,
    service: Option<ServiceFacts>,
    wanted: &[String],
) -> Result<Run, SupervisorError> {
    // What an orphan wrote last. Nobody is left to write more, so it ends.
    let mut buffer = [0u8; READ_BYTES];
    for number in 0..target.streams.count() {
        while matches!(target.read(number, &mut buffer), Ok(1..)) {}
    }
    target.streams.unwatch(target.poller);
    if target.tree.is_full() {
        let full = "the private file system of the work tree ran full (see --tree-limit)";
        target.log.limit(full.to_owned());
    }
    let tree = target
        .tree
        .changes()
        .map_err(|error| SupervisorError::Harness(format!("reading the work tree: {error}")))?;
    let (contents, large) = target.tree.contents(&tree, wanted);
    for path in large {
        let text = format!("{path} is too large to be compared: it counts as a prefix");
        target.log.limit(text);
    }
    let terminal = target.streams.terminal_fact();
    let (stdout, stderr) = target.streams.finish();
    for (name, capture) in [("standard output", &stdout), ("standard error", &stderr)] {
        if capture.truncated() {
            target.log.limit(format!(
                "{name}: {} bytes, of which {} were not kept",
                capture.total,
                capture.dropped()
            ));
        }
    }
    let processes = target.processes.finish();
    let parallel = processes.recording.is_parallel();
    let named = trace.stacks() == StackDetail::Names;
    let recorded = processes.recording.finish(named);
    let (events, limits) = target.log.finish();
    let met = injector.met_by_step(&processes.met);
    let (fired_ns, inapplicable) = injector.finish();
    Ok(Run {
        events,
        status: processes.status,
        fired_ns,
        met,
        inapplicable,
        parallel,
        stepped: processes.stepped,
        end_ns: target.clock.ended_ns().unwrap_or_default(),
        orphans: processes.orphans,
        stuck: processes.stuck,
        tree,
        contents,
        stdout,
        stderr,
        terminal,
        usage: processes.usage,
        points: recorded.points,
        stacks: recorded.stacks,
        limits,
        rerun: None,
        check: None,
        results: None,
        zombies: processes.zombies,
        unfollowed: recorded.unfollowed,
        quiet: recorded.quiet,
        service,
    })
}
