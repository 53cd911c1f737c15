//! What happened when: the record of an interrupted run.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::event_fields::EventFields;
use super::json_object::Object;
use super::notice::{Feedback, Notice};
use crate::machine::{Action, Cause, Policy, Stage};
use crate::signal::{Observer, Transition};
use crate::sys::clock;

/// Events kept; older ones make room and are counted.
const LIMIT: usize = 10_000;

/// A record of events with monotonic times, to be written as JSON.
///
/// It is an [`Observer`] of signals and stages, a [`Feedback`] for pools, and
/// takes events of your own. Clones share the record; it keeps the last
/// 10,000 events. With the feature `tracing`, each event is also emitted
/// there, with the target `sigproof_core` and the fields `event`, `at_ns`,
/// `stage`, `from`, `cause`, `signal`, `pid` (of the sender) and so on.
///
/// # Format, version 1
/// One JSON object, its events one a line:
///
/// ```text
/// {"version":1,"clock":"monotonic-ns","dropped":0,"events":[
/// {"at_ns":51,"event":"signal","signal":"SIGINT","sender":"kernel"},
/// {"at_ns":51,"event":"stage","from":0,"to":1,"cause":"signal"},
/// {"at_ns":90,"event":"partial-results","completed":3,"total":10}
/// ]}
/// ```
///
/// | event | fields |
/// | --- | --- |
/// | `signal` | `signal`; `sender`: `"kernel"` for a key, or a process id; none if not known |
/// | `stage`, `armed`, `disarmed`, from the handler | `from`, `to` (0 to 3), `cause` (`signal`, `deadline`, `request`) |
/// | `event`, from the handler | those of a stage: a signal that is an event of the program's own came |
/// | `stage`, from a feedback | those, and `signal`, `rung`, `confirmed` |
/// | `submission-stopped` | `index` of the first task not started, `total` |
/// | `collection-stopped`, `active-killed`, `help` | |
/// | `task-failed`, `task-lost`, `task-abandoned` | `index`; `message` of a failure or a loss |
/// | `task-timed-out` | `index`; `abandoned` (`true` or `false`) |
/// | `partial-results` | `completed`, `total` |
/// | `cleanup-failed` | `message` |
/// | `phase-begins`, `phase-completed`, `phase-interrupted`, `phase-failed`, the same with `teardown-` | `detail`: its name |
/// | `exit` | `cause`, `to`: the handler is removed, the program concludes or goes on without it |
/// | any other: your own | `detail` |
///
/// Members may be added without a new version; a reader ignores what it does
/// not know. Times are those of the monotonic clock of the system.
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
    /// Where the handler has got to.
    last: Option<(Stage, Cause)>,
}

/// An event of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimelineEvent {
    /// When, in nanoseconds on the monotonic clock of the system.
    pub at_ns: u64,
    /// What: `signal`, `stage`, `armed`, `submission-stopped`,
    /// `phase-begins` and so on.
    pub name: String,
    fields: EventFields,
}

impl Timeline {
    /// An empty record.
    #[must_use]
    pub fn new() -> Timeline {
        Timeline::default()
    }

    /// Adds an event of your own, with the present time.
    pub fn record(&self, name: &str, detail: &str) {
        let fields = EventFields {
            detail: Some(detail.to_owned()),
            ..EventFields::default()
        };
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
            event.fields.write(&mut object);
            let comma = if index < last { "," } else { "" };
            writeln!(sink, "{}{comma}", object.end())?;
        }
        writeln!(sink, "]}}")
    }

    fn push(&self, at_ns: u64, name: &str, fields: EventFields) {
        #[cfg(feature = "tracing")]
        super::tracing::emit(at_ns, name, &fields);
        let mut inner = self.lock();
        if inner.events.len() >= LIMIT {
            inner.events.pop_front();
            inner.dropped += 1;
        }
        inner.events.push_back(TimelineEvent {
            at_ns,
            name: name.to_owned(),
            fields,
        });
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Timeline {
    fn observe(&mut self, _policy: &Policy, transition: &Transition) {
        // A deadline knows the signal that began it all; none arrived now.
        if let Cause::Signal(signal) = transition.cause {
            let fields = EventFields::of_signal(signal, transition.sender);
            self.push(transition.at_ns, "signal", fields);
        }
        let (name, fields) = EventFields::of_transition(transition);
        if transition.action != Action::Notify {
            self.lock().last = Some((transition.to, transition.cause));
        }
        self.push(transition.at_ns, name, fields);
    }

    fn finish(&mut self) {
        let last = self.lock().last;
        let fields = EventFields {
            to: last.map(|(stage, _)| stage),
            cause: last.map(|(_, cause)| cause),
            ..EventFields::default()
        };
        self.push(clock::now_ns(), "exit", fields);
    }
}

impl Feedback for Timeline {
    fn notify(&self, notice: &Notice) {
        let (name, fields) = EventFields::of_notice(notice);
        let at_ns = match notice {
            Notice::Stage(stage) => stage.at_ns,
            _ => clock::now_ns(),
        };
        self.push(at_ns, name, fields);
    }
}
