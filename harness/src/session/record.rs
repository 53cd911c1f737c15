//! One run, kept whole within bounds.

use super::finding::{OracleResult, OracleVerdict};
use super::screen_frames::ScreenFrame;
use crate::execute::Trial;
use crate::facts::{
    Event, EventKind, ExitStatus, Orphan, Reply, Run, Stream, Stuck, TerminalFact, TreeDelta, Usage,
};
use crate::oracle::{Judgement, OracleId, Verdict};
use crate::schedule::Schedule;
use crate::session::bounds;
use crate::session::screen_frames;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A run that a report shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What it is: `undisturbed`, or the point or schedule.
    pub title: String,
    /// The point that it strikes at (a place in [`crate::session::case::Case::points`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<usize>,
    /// The steps of its schedule, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// How the target ended; `None` when it had to be killed.
    pub status: Option<ExitStatus>,
    /// When each step was applied; `None` when its trigger was never met.
    #[serde(default)]
    pub fired_ns: Vec<Option<u64>>,
    /// When the target ended.
    pub end_ns: u64,
    /// What happened, in order; output in whole characters.
    pub events: Vec<Event>,
    /// Output that is not among the events, by stream.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<(Stream, u64)>,
    /// The terminal before and after; `None` on pipes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<TerminalFact>,
    /// What the terminal showed, from moment to moment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<ScreenFrame>,
    /// What clients of a service asked, and what came of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<ShownRequest>,
    /// What changed in the work tree.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<PathChange>,
    /// Descendants that outlived the target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orphans: Vec<Orphan>,
    /// What still ran at the deadline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stuck: Vec<Stuck>,
    /// What the oracles say of this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oracles: Vec<OracleResult>,
    /// What they found, one text each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Text>,
    /// Processor time and memory.
    #[serde(default)]
    pub usage: Usage,
    /// Things that limit what this run can tell, and what was cut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
}

/// What an oracle found in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The oracle.
    pub oracle: String,
    /// What it is about.
    pub subject: String,
    /// What is wrong.
    pub text: String,
}

/// A request to a service, as a report shows it. All times are nanoseconds since the target's program was executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownRequest {
    /// Who asked for what: `GET /slow (client 1)`.
    pub title: String,
    /// Which client, from 0.
    pub client: u32,
    /// Which of its connections, from 0.
    pub connection: u32,
    /// When its connection was made.
    pub connected_ns: Option<u64>,
    /// When all of it was sent.
    pub sent_ns: Option<u64>,
    /// When its answer was there, or nothing more could come.
    pub ended_ns: Option<u64>,
    /// How far the service had come with it when the first fault was placed, in words.
    pub at_fault: String,
    /// What came of it, in words.
    pub came: String,
    /// A whole answer came.
    pub whole: bool,
}

/// One path that is not as it was before the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathChange {
    /// The path, relative to the work tree.
    pub path: String,
    /// What it was, in words; `None` when it was not there.
    pub before: Option<String>,
    /// What it is; `None` when it is gone.
    pub after: Option<String>,
}

impl Record {
    /// A judged run.
    pub fn of_trial(trial: &Trial) -> Record {
        let mut record = Record::of_run(title(&trial.schedule), &trial.run);
        record.steps = trial
            .schedule
            .steps
            .iter()
            .map(ToString::to_string)
            .collect();
        record.oracles = trial.judgements.iter().map(OracleResult::of).collect();
        record.evidence = trial
            .judgements
            .iter()
            .flat_map(|judgement| {
                judgement.verdict.evidence().iter().map(|evidence| Text {
                    oracle: judgement.oracle.to_string(),
                    subject: bounds::text(&evidence.subject),
                    text: bounds::text(&evidence.text),
                })
            })
            .take(bounds::PATHS)
            .collect();
        record
    }

    /// A run without a verdict.
    pub fn of_run(title: impl Into<String>, run: &Run) -> Record {
        let mut limits = run.limits.clone();
        let (events, dropped) = events(run, &mut limits);
        Record {
            title: title.into(),
            point: None,
            steps: Vec::new(),
            status: run.status,
            fired_ns: run.fired_ns.clone(),
            end_ns: run.end_ns,
            events,
            dropped,
            terminal: run.terminal.clone(),
            frames: screen_frames::screens(run),
            requests: requests(run, &mut limits),
            changes: changes(&run.tree, &mut limits),
            orphans: run.orphans.clone(),
            stuck: run.stuck.clone(),
            oracles: Vec::new(),
            evidence: Vec::new(),
            usage: run.usage,
            limits,
        }
    }

    /// What a stream said, as far as it was kept.
    pub fn text(&self, wanted: Stream) -> String {
        let mut text = String::new();
        for event in &self.events {
            if let EventKind::Output { stream, bytes } = &event.what
                && *stream == wanted
            {
                text.push_str(&String::from_utf8_lossy(bytes));
            }
        }
        if let Some((_, bytes)) = self.dropped.iter().find(|(stream, _)| *stream == wanted) {
            text.push_str(&format!("\n[… {bytes} bytes not kept …]\n"));
        }
        text
    }
}

impl OracleResult {
    pub(crate) fn of(judgement: &Judgement) -> OracleResult {
        let (verdict, reason) = match &judgement.verdict {
            Verdict::Holds => (OracleVerdict::Holds, None),
            Verdict::Violated { .. } => (OracleVerdict::Violated, None),
            Verdict::NotApplicable { reason } => {
                (OracleVerdict::NotApplicable, Some(reason.clone()))
            }
        };
        OracleResult::named(judgement.oracle.name(), verdict, reason)
    }

    /// An oracle's answer.
    pub fn named(name: &str, verdict: OracleVerdict, reason: Option<String>) -> OracleResult {
        OracleResult {
            name: name.to_owned(),
            violation: name.parse().map_or("", OracleId::violation).to_owned(),
            verdict,
            reason,
        }
    }
}

fn title(schedule: &Schedule) -> String {
    match schedule.steps.as_slice() {
        [] => "undisturbed".to_owned(),
        steps => steps
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; "),
    }
}

/// The events with output in whole characters, within bounds.
fn events(run: &Run, limits: &mut Vec<String>) -> (Vec<Event>, Vec<(Stream, u64)>) {
    let mut halves: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    let mut room = bounds::OUTPUT_BYTES;
    let mut kept: BTreeMap<u8, u64> = BTreeMap::new();
    let mut events = Vec::with_capacity(run.events.len().min(bounds::EVENTS));
    for event in &run.events {
        let EventKind::Output { stream, bytes } = &event.what else {
            events.push(event.clone());
            continue;
        };
        let half = halves.entry(number(*stream)).or_default();
        half.extend_from_slice(bytes);
        let whole = whole_characters(half).min(room);
        if whole == 0 {
            continue;
        }
        room -= whole;
        *kept.entry(number(*stream)).or_default() += whole as u64;
        let rest = half.split_off(whole);
        let bytes = std::mem::replace(half, rest);
        events.push(Event {
            at_ns: event.at_ns,
            what: EventKind::Output {
                stream: *stream,
                bytes,
            },
        });
    }
    let over = events.len().saturating_sub(bounds::EVENTS);
    // A program that writes ten thousand lines does little else: its other events are the rarer ones.
    let files = without_files_in_the_middle(&mut events, over);
    if files > 0 {
        limits.push(format!(
            "{files} changes of files in the middle are not kept"
        ));
    }
    let over = over - files;
    if over > 0 {
        // The end matters more than the middle: that is where it stopped.
        let from = bounds::EVENTS / 2;
        for event in events.drain(from..from + over) {
            if let EventKind::Output { stream, bytes } = event.what {
                *kept.entry(number(stream)).or_default() -= bytes.len() as u64;
            }
        }
        limits.push(format!("{over} events in the middle are not kept"));
    }
    let streams = if run.terminal.is_some() {
        vec![(Stream::Terminal, run.stdout.total)]
    } else {
        vec![
            (Stream::Stdout, run.stdout.total),
            (Stream::Stderr, run.stderr.total),
        ]
    };
    let dropped = streams
        .into_iter()
        .map(|(stream, total)| {
            let kept = kept.get(&number(stream)).copied().unwrap_or(0);
            (stream, total.saturating_sub(kept))
        })
        .filter(|(_, dropped)| *dropped > 0)
        .collect();
    (events, dropped)
}

/// Takes out so many changes of files from the middle, as far as there are some; answers how many.
fn without_files_in_the_middle(events: &mut Vec<Event>, many: usize) -> usize {
    let mut taken = 0;
    let mut place = 0;
    events.retain(|event| {
        place += 1;
        let goes = place > bounds::EVENTS / 2
            && taken < many
            && matches!(event.what, EventKind::File { .. });
        taken += usize::from(goes);
        !goes
    });
    taken
}

fn number(stream: Stream) -> u8 {
    match stream {
        Stream::Stdout => 0,
        Stream::Stderr => 1,
        Stream::Terminal => 2,
    }
}

/// How many of the bytes are whole characters: a character cut at the end by the size of a read is not, one that is
/// broken is.
fn whole_characters(bytes: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(3);
    for (at, byte) in bytes.iter().enumerate().skip(from).rev() {
        let length = match byte {
            0b1111_0000..=0b1111_0111 => 4,
            0b1110_0000..=0b1110_1111 => 3,
            0b1100_0000..=0b1101_1111 => 2,
            0b1000_0000..=0b1011_1111 => continue,
            _ => return bytes.len(),
        };
        return if at + length > bytes.len() {
            at
        } else {
            bytes.len()
        };
    }
    bytes.len()
}

fn requests(run: &Run, limits: &mut Vec<String>) -> Vec<ShownRequest> {
    let Some(service) = &run.service else {
        return Vec::new();
    };
    let more = service.requests.len().saturating_sub(bounds::REQUESTS);
    if more > 0 {
        limits.push(format!("{more} requests are not kept"));
    }
    let kept = service.requests.iter().take(bounds::REQUESTS);
    kept.map(|fact| ShownRequest {
        title: bounds::text(&fact.title()),
        client: fact.client,
        connection: fact.connection,
        connected_ns: fact.connected_ns,
        sent_ns: fact.sent_ns,
        ended_ns: fact.ended_ns,
        at_fault: fact.at_fault.words().to_owned(),
        came: fact.answer.words(),
        whole: matches!(fact.answer, Reply::Whole { .. }),
    })
    .collect()
}

fn changes(tree: &TreeDelta, limits: &mut Vec<String>) -> Vec<PathChange> {
    let words = |entry: &crate::facts::Entry| {
        let size = match entry.kind {
            crate::facts::EntryKind::File => format!(", {} bytes", entry.size),
            _ => String::new(),
        };
        format!(
            "{}{size}, mode {:03o}, content {:08x}",
            entry.kind.word(),
            entry.mode & 0o7777,
            entry.hash as u32
        )
    };
    if tree.changes.len() > bounds::PATHS {
        limits.push(format!(
            "{} changed paths are not kept",
            tree.changes.len() - bounds::PATHS
        ));
    }
    tree.changes
        .iter()
        .take(bounds::PATHS)
        .map(|(path, change)| PathChange {
            path: path.clone(),
            before: change.before.as_ref().map(words),
            after: change.after.as_ref().map(words),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_of_files_make_room_for_rarer_events() {
        let event = |at_ns, what| Event { at_ns, what };
        let write = || EventKind::File {
            pid: 1,
            call: "write(log)".to_owned(),
        };
        let mut run = Run::default();
        run.events.push(event(0, EventKind::Started { pid: 1 }));
        let writes = 0..bounds::EVENTS as u64;
        run.events.extend(writes.map(|at| event(at, write())));
        let child = EventKind::Child { pid: 2, parent: 1 };
        run.events.push(event(9_000, child.clone()));
        let record = Record::of_run("many writes", &run);
        assert_eq!(record.events.len(), bounds::EVENTS);
        assert_eq!(record.events.last().map(|event| &event.what), Some(&child));
        assert_eq!(
            record.limits,
            ["2 changes of files in the middle are not kept"]
        );
    }

    #[test]
    fn characters_are_never_cut() {
        let text = "aé€🛑".as_bytes();
        let whole: Vec<usize> = (0..=text.len())
            .map(|end| whole_characters(&text[..end]))
            .collect();
        assert_eq!(whole, [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10]);
        assert_eq!(
            whole_characters(b"\xff\x80"),
            2,
            "what is broken goes through"
        );
    }
}
