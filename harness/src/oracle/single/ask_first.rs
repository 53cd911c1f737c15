//! `ask-first`: a child that is ended by SIGKILL was asked to stop before, so that it was able to clean up.

use crate::facts::{EventKind, ExitStatus, Run};
use crate::oracle::Context;
use crate::oracle::verdict::{Evidence, Verdict};
use crate::schedule::{Fault, Schedule};
use std::collections::{BTreeMap, BTreeSet};

/// Signals that ask a process to stop, or tell it that others do.
const REQUESTS: [i32; 5] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGPIPE,
    libc::SIGTERM,
];

/// What a child is called that has executed nothing yet.
const UNNAMED: &str = "a child that has executed no program";

pub(crate) fn judge(context: &Context<'_>, run: &Run) -> Verdict {
    if run.last_fault_ns().is_none() {
        return Verdict::not_applicable("nothing was done to it");
    }
    let evidence = killed_unasked(context.schedule, &context.baseline.runs, run)
        .into_iter()
        .map(|(pid, command)| {
            let text = format!(
                "pid {pid} ({command}) was ended by SIGKILL, and nobody had asked it to stop before"
            );
            Evidence::new(command, text)
        });
    Verdict::of(evidence.collect())
}

/// Descendants that were ended by SIGKILL unasked, with their commands. What the schedule kills, and what undisturbed
/// runs kill as well, is none of them.
pub(crate) fn killed_unasked(
    schedule: &Schedule,
    undisturbed: &[Run],
    run: &Run,
) -> Vec<(i32, String)> {
    let kills = schedule
        .steps
        .iter()
        .any(|step| matches!(step.fault, Fault::Signal { signal, .. } if signal == libc::SIGKILL));
    if kills {
        return Vec::new();
    }
    let Some(first) = run.fired_ns.iter().flatten().min().copied() else {
        return Vec::new();
    };
    let mut found = unasked(run, first);
    if found.is_empty() {
        return found;
    }
    let usual: BTreeSet<String> = undisturbed
        .iter()
        .flat_map(|run| unasked(run, 0))
        .map(|(_, command)| command)
        .collect();
    found.retain(|(_, command)| !usual.contains(command));
    found
}

fn unasked(run: &Run, from_ns: u64) -> Vec<(i32, String)> {
    let mut commands: BTreeMap<i32, String> = BTreeMap::new();
    let mut asked: BTreeSet<i32> = BTreeSet::new();
    let mut found = Vec::new();
    for event in &run.events {
        match &event.what {
            EventKind::Exec { pid, command } => {
                commands.insert(*pid, command.clone());
            }
            EventKind::Child { pid, parent } => {
                if let Some(command) = commands.get(parent).cloned() {
                    commands.insert(*pid, command);
                }
            }
            EventKind::Delivered { pid, signal, .. } if REQUESTS.contains(signal) => {
                asked.insert(*pid);
            }
            EventKind::ChildExited {
                pid,
                status: ExitStatus::Signaled(libc::SIGKILL),
            } if event.at_ns >= from_ns && !asked.contains(pid) => {
                let command = commands
                    .get(pid)
                    .cloned()
                    .unwrap_or_else(|| UNNAMED.to_owned());
                found.push((*pid, command));
            }
            // What is left then, the harness kills.
            EventKind::Spins { .. } | EventKind::Deadline { .. } => {
                break;
            }
            _ => {}
        }
    }
    // Who has killed may end before the one that was killed; whoever outlives it by too long, the harness kills.
    let is_orphan = |pid: i32| run.orphans.iter().any(|orphan| orphan.pid == pid);
    found.retain(|(pid, _)| !is_orphan(*pid));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Event;
    use crate::schedule::{Delivery, Trigger};

    #[test]
    fn who_was_asked_before_may_be_killed() {
        let run = |asked: bool, killed: bool| {
            let mut events = vec![EventKind::Exec {
                pid: 102,
                command: "ffmpeg".into(),
            }];
            if asked {
                events.push(EventKind::Delivered {
                    pid: 102,
                    tid: 102,
                    thread: String::new(),
                    signal: libc::SIGTERM,
                    own_fault: false,
                    times: 1,
                });
            }
            let signal = if killed { libc::SIGKILL } else { libc::SIGTERM };
            events.push(EventKind::ChildExited {
                pid: 102,
                status: ExitStatus::Signaled(signal),
            });
            let events = events.into_iter().map(|what| Event { at_ns: 5, what });
            Run {
                events: events.collect(),
                fired_ns: vec![Some(1)],
                ..Run::default()
            }
        };
        let interrupted = Schedule::of(
            Trigger::After { ns: 1 },
            Fault::Signal {
                signal: libc::SIGINT,
                to: Delivery::Process,
            },
        );
        let found = |run: &Run, usual: &[Run]| killed_unasked(&interrupted, usual, run).len();
        assert_eq!(found(&run(false, true), &[]), 1);
        assert_eq!(found(&run(true, true), &[]), 0);
        assert_eq!(found(&run(false, false), &[]), 0);
        assert_eq!(found(&run(false, true), &[run(false, true)]), 0);
    }
}
