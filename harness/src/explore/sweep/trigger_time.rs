//! When a trigger is met in the recorded run: from then on a sweep's promise holds.

use crate::error::Error;
use crate::facts::{CallArgument, EventKind, Phase, Run};
use crate::oracle::{Baseline, Point};
use crate::schedule::{CallSelector, Trigger, output_pattern};
use crate::tracer::is_output;
use globset::Glob;

/// When a trigger is met in the recorded run.
pub(crate) fn trigger_time(
    baseline: &Baseline,
    trigger: &Trigger,
    signal: i32,
) -> Result<u64, Error> {
    let recorded: &Run = baseline
        .runs
        .iter()
        .find(|run| !run.points.is_empty())
        .ok_or_else(|| {
            Error::usage("--after needs a recorded run, and this one made no calls".to_owned())
        })?;
    trigger_time_in(recorded, baseline, trigger, signal)
}

/// The same in one of the recorded runs.
pub(crate) fn trigger_time_in(
    recorded: &Run,
    baseline: &Baseline,
    trigger: &Trigger,
    signal: i32,
) -> Result<u64, Error> {
    let met = match trigger {
        Trigger::After { ns } | Trigger::AfterPrevious { ns } => Some(*ns),
        Trigger::Output { pattern } => {
            let pattern =
                output_pattern(pattern).map_err(|error| Error::usage(error.to_string()))?;
            let mut output = Vec::new();
            let read_ns = recorded.events.iter().find_map(|event| match &event.what {
                EventKind::Output { bytes, .. } => {
                    output.extend_from_slice(bytes);
                    pattern.is_match(&output).then_some(event.at_ns)
                }
                _ => None,
            });
            read_ns.map(|read_ns| written_ns(recorded, read_ns))
        }
        Trigger::Handler => recorded.events.iter().find_map(|event| {
            matches!(event.what, EventKind::Handler { signal: handled, .. } if handled == signal)
                .then_some(event.at_ns)
        }),
        Trigger::Ready => recorded
            .service
            .as_ref()
            .and_then(|service| service.ready_ns),
        Trigger::Request { nth } => recorded.service.as_ref().and_then(|service| {
            let sent = service.requests.iter().filter_map(|fact| fact.sent_ns);
            let mut sent: Vec<u64> = sent.collect();
            sent.sort_unstable();
            sent.get((*nth as usize).saturating_sub(1)).copied()
        }),
        Trigger::Child { nth } => recorded
            .events
            .iter()
            .filter(|event| matches!(event.what, EventKind::Child { .. }))
            .nth(*nth as usize - 1)
            .map(|event| event.at_ns),
        // Its socket is read between stops, so the message may be dated after the
        // calls that follow it. The call that sent it is dated as those are.
        Trigger::Failpoint { name, nth } => {
            let said = format!("failpoint:{name}");
            let mut sent = recorded.points.iter().filter(|point| point.arg == said);
            let sent = sent.nth((*nth as usize).saturating_sub(1));
            sent.map(|point| point.at_ns).or_else(|| {
                recorded.events.iter().find_map(|event| {
                    matches!(&event.what, EventKind::Failpoint { name: said, nth: which } if said == name && which == nth)
                        .then_some(event.at_ns)
                })
            })
        }
        Trigger::File { glob } => {
            let glob = Glob::new(glob)
                .map_err(|error| Error::usage(error.to_string()))?
                .compile_matcher();
            recorded
                .points
                .iter()
                .find(|point| {
                    point.changes
                        && CallArgument::parse(&point.call, &point.arg)
                            .result()
                            .is_some_and(|path| glob.is_match(path))
                })
                .map(|point| point.at_ns + 1)
        }
        Trigger::Call(selector) => select(baseline, selector).map(|point| point.at_ns),
        Trigger::Point { name, .. } => baseline.points.find(name).map(|point| point.at_ns),
    };
    met.ok_or_else(|| {
        Error::not_reached("--after: this never happens in an undisturbed run".to_owned())
    })
}

/// Whether a run was disturbed before it met the trigger, as far as it can tell. The points of a program with threads
/// come in any order: one behind the trigger in the recording can come before it in another run.
pub(crate) fn not_met_yet(run: &Run, trigger: &Trigger) -> bool {
    match trigger {
        Trigger::Output { pattern } => {
            output_pattern(pattern).is_ok_and(|pattern| not_said_yet(run, &pattern))
        }
        Trigger::Ready => run
            .service
            .as_ref()
            .is_some_and(|service| service.ready_ns.is_none()),
        _ => false,
    }
}

/// What was written is read before a fault is placed. A terminal can hand it on later: there the whole run is asked.
fn not_said_yet(run: &Run, pattern: &regex::bytes::Regex) -> bool {
    let mut said: Vec<u8> = Vec::new();
    for event in &run.events {
        match &event.what {
            EventKind::Output { bytes, .. } => said.extend_from_slice(bytes),
            // What was not kept may have it.
            EventKind::Flooded { .. } => return false,
            EventKind::Fault { .. } if run.terminal.is_none() => break,
            _ => {}
        }
    }
    !pattern.is_match(&said)
}

/// When the call returned that wrote what was read at `read_ns`: in a recording its writer is held meanwhile, so that
/// it is the last one that wrote before.
fn written_ns(recorded: &Run, read_ns: u64) -> u64 {
    let mut writes = recorded
        .points
        .iter()
        .filter(|point| is_output(&point.call));
    let last = writes.rfind(|point| point.at_ns <= read_ns);
    last.map_or(read_ns, |point| point.at_ns)
}

/// The point that a selector means in a recording.
pub(crate) fn select<'a>(baseline: &'a Baseline, selector: &CallSelector) -> Option<&'a Point> {
    let glob = |text: &String| Glob::new(text).ok().map(|glob| glob.compile_matcher());
    let process = selector.process.as_ref().and_then(glob);
    let arg = selector.arg.as_ref().and_then(glob);
    baseline
        .points
        .points
        .iter()
        .filter(|point| {
            selector.means(&point.name.call)
                && point.name.phase == Phase::Exit
                && process
                    .as_ref()
                    .is_none_or(|glob| glob.is_match(&point.name.process))
                && arg
                    .as_ref()
                    .is_none_or(|glob| glob.is_match(&point.name.arg))
        })
        .nth(selector.nth as usize - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Event;
    use crate::facts::Stream;

    #[test]
    fn a_run_that_had_not_said_so_was_not_ready() {
        let said = |pieces: &[&str]| {
            let what = |text: &&str| match *text {
                "^C" => EventKind::Fault {
                    step: 0,
                    fault: String::new(),
                    met: String::new(),
                    signal: Some(2),
                },
                text => EventKind::Output {
                    stream: Stream::Stdout,
                    bytes: text.as_bytes().to_vec(),
                },
            };
            let events = pieces.iter().map(what);
            Run {
                events: events.map(|what| Event { at_ns: 0, what }).collect(),
                ..Run::default()
            }
        };
        let ready = Trigger::Output {
            pattern: "ready".to_owned(),
        };
        assert!(not_met_yet(&said(&["^C"]), &ready));
        assert!(not_met_yet(&said(&["start", "ing", "^C"]), &ready));
        // Another thread went on while the program died.
        assert!(not_met_yet(&said(&["^C", "ready\n"]), &ready));
        assert!(!not_met_yet(&said(&["rea", "dy\n", "^C"]), &ready));
        // Nothing is known of the others.
        assert!(!not_met_yet(&said(&["^C"]), &Trigger::Handler));
    }
}
