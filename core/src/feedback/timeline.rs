//! What happened when: the record of an interrupted run.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::json::{Object, cause_id, fields_of};
use super::notice::{Feedback, Notice};
use crate::machine::{Action, Policy, Sender};
use crate::signal::{Observer, Transition};
use crate::sys::clock;

/// Events kept; older ones make room and are counted.
const LIMIT: usize = 10_000;

/// A record of events with monotonic times, to be written as JSON.
///
/// It is an [`Observer`] of signals and stages, a [`Feedback`] for pools, and
/// takes events of one's own. Clones share the record; it keeps the last
/// 10,000 events.
///
/// ```
/// use sigproof_core::{Options, Policy, InterruptHandler, feedback::Timeline};
/// let timeline = Timeline::new();
/// let options = Options::new(Policy::escalating()).observer(timeline.clone());
/// let handler = InterruptHandler::install(options)?;
/// timeline.record("begin", "hashing 300 files");
/// let mut json = Vec::new();
/// timeline.write_json(&mut json)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    events: VecDeque<TimelineEvent>,
    dropped: u64,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEvent {
    /// When, in nanoseconds on the monotonic clock of the system.
    pub at_ns: u64,
    /// What: `signal`, `stage`, `armed`, `submission-stopped`,
    /// `phase-begins` and so on.
    pub name: String,
    /// The rest of the event: the members of a JSON object, without braces.
    fields: String,
}

impl Timeline {
    /// An empty record.
    #[must_use]
    pub fn new() -> Timeline {
        Timeline::default()
    }

    /// Adds an event of one's own, at this moment.
    pub fn record(&self, name: &str, detail: &str) {
        let mut fields = Object::members();
        fields.text("detail", detail);
        self.push(clock::now_ns(), name, fields);
    }

    /// The events so far, in the order in which they were recorded.
    #[must_use]
    pub fn events(&self) -> Vec<TimelineEvent> {
        self.lock().events.iter().cloned().collect()
    }

    /// Writes the record as one JSON object: `version` (1), `clock`, `dropped`
    /// (events that had to make room) and `events`, one a line, in order of
    /// time.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_json(&self, sink: &mut impl Write) -> io::Result<()> {
        let mut events = self.events();
        // Observers hear of a signal later than it happened.
        events.sort_by_key(|event| event.at_ns);
        let dropped = self.lock().dropped;
        writeln!(
            sink,
            "{{\"version\":1,\"clock\":\"monotonic-ns\",\"dropped\":{dropped},\"events\":["
        )?;
        let last = events.len().saturating_sub(1);
        for (index, event) in events.iter().enumerate() {
            let mut object = Object::new();
            object.number("at_ns", event.at_ns);
            object.text("event", &event.name);
            object.raw(&event.fields);
            let comma = if index < last { "," } else { "" };
            writeln!(sink, "{}{comma}", object.end())?;
        }
        writeln!(sink, "]}}")
    }

    fn push(&self, at_ns: u64, name: &str, fields: Object) {
        let mut inner = self.lock();
        if inner.events.len() >= LIMIT {
            inner.events.pop_front();
            inner.dropped += 1;
        }
        inner.events.push_back(TimelineEvent {
            at_ns,
            name: name.to_owned(),
            fields: fields.into_members(),
        });
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Timeline {
    fn observe(&mut self, _policy: &Policy, transition: &Transition) {
        if let Some(signal) = transition.cause.signal() {
            let mut fields = Object::members();
            fields.text("signal", signal.name());
            match transition.sender {
                Sender::Kernel => fields.text("sender", "kernel"),
                Sender::Process(pid) => fields.number("sender", pid),
                Sender::Unknown => {}
            }
            self.push(transition.at_ns, "signal", fields);
        }
        let mut fields = Object::members();
        let name = match transition.action {
            Action::WarnArmed => "armed",
            Action::Disarmed => "disarmed",
            _ => "stage",
        };
        fields.number("from", transition.from.number());
        fields.number("to", transition.to.number());
        fields.text("cause", cause_id(transition.cause));
        self.push(transition.at_ns, name, fields);
    }
}

impl Feedback for Timeline {
    fn notify(&self, notice: &Notice) {
        let mut fields = Object::members();
        let name = fields_of(notice, &mut fields);
        let at_ns = match notice {
            Notice::Stage(stage) => stage.at_ns,
            _ => clock::now_ns(),
        };
        self.push(at_ns, name, fields);
    }
}
