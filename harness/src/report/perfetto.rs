//! The Trace Event format in JSON, which the Perfetto UI and Chrome's tracing page open.
//!
//! Each process of each run is a process of the trace, so that runs stand below each other on one scale. Times are in
//! microseconds since the start of the run.

use crate::facts::{Event, EventKind, Stream, signals};
use crate::session::{Case, Record, Results};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Characters of output shown in one event.
const CHARS_MAX: usize = 500;

/// The trace of every run that is kept.
pub fn perfetto(results: &Results) -> String {
    let mut events = Vec::new();
    let mut next = 1;
    for case in &results.cases {
        for (place, record) in case.runs.iter().enumerate() {
            let name = match case.baseline {
                Some(baseline) if baseline == place => format!("{} · undisturbed", case.name),
                _ => format!("{} · {}", case.name, record.title),
            };
            Trace::new(&mut events, &mut next, name).record(case, record);
        }
    }
    json!({
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": { "generator": format!("sigproof {}", results.tool.version) },
    })
    .to_string()
}

struct Trace<'a> {
    events: &'a mut Vec<Value>,
    next: &'a mut u32,
    name: String,
    /// The target's own numbers, and those of the trace: the same number is used in every run.
    ids: BTreeMap<i32, u32>,
}

impl<'a> Trace<'a> {
    fn new(events: &'a mut Vec<Value>, next: &'a mut u32, name: String) -> Trace<'a> {
        Trace {
            events,
            next,
            name,
            ids: BTreeMap::new(),
        }
    }

    /// The process of the trace for one of the target's; it is named and put in order when it is new.
    fn id(&mut self, pid: i32) -> u32 {
        if let Some(id) = self.ids.get(&pid) {
            return *id;
        }
        let id = *self.next;
        *self.next += 1;
        self.ids.insert(pid, id);
        self.meta(
            id,
            "process_name",
            json!({ "name": format!("{} · pid {pid}", self.name) }),
        );
        self.meta(id, "process_sort_index", json!({ "sort_index": id }));
        self.meta(id, "thread_name", json!({ "name": "main" }));
        id
    }

    fn meta(&mut self, id: u32, name: &str, args: Value) {
        self.events
            .push(json!({ "ph": "M", "pid": id, "tid": 1, "ts": 0, "name": name, "args": args }));
    }

    fn span(&mut self, pid: i32, name: &str, from_ns: u64, to_ns: u64) {
        let id = self.id(pid);
        self.events.push(json!({
            "ph": "X", "pid": id, "tid": 1, "cat": "process", "name": name,
            "ts": micros(from_ns), "dur": micros(to_ns.saturating_sub(from_ns)),
        }));
    }

    fn instant(&mut self, pid: i32, scope: &str, kind: &str, name: &str, at_ns: u64, args: Value) {
        let id = self.id(pid);
        self.events.push(json!({
            "ph": "i", "s": scope, "pid": id, "tid": 1, "cat": kind, "name": name,
            "ts": micros(at_ns), "args": args,
        }));
    }

    fn record(&mut self, case: &Case, record: &Record) {
        let program = case.command.first().map_or("target", String::as_str);
        let mut alive: BTreeMap<i32, (u64, String)> = BTreeMap::new();
        let mut target = None;
        for event in &record.events {
            self.event(event, program, &mut alive, &mut target);
        }
        for (pid, (from, name)) in alive {
            self.span(pid, &name, from, record.end_ns.max(from));
        }
    }

    fn event(
        &mut self,
        event: &Event,
        program: &str,
        alive: &mut BTreeMap<i32, (u64, String)>,
        target: &mut Option<i32>,
    ) {
        let at = event.at_ns;
        let own = target.unwrap_or(0);
        match &event.what {
            EventKind::Started { pid } => {
                *target = Some(*pid);
                alive.insert(*pid, (at, program.to_owned()));
                self.id(*pid);
            }
            EventKind::Child { pid, parent } => {
                let name = alive
                    .get(parent)
                    .map_or(program, |(_, name)| name)
                    .to_owned();
                alive.insert(*pid, (at, name));
                self.id(*pid);
            }
            EventKind::Exec { pid, command } => {
                if let Some((from, name)) = alive.insert(*pid, (at, command.clone()))
                    && at > from
                {
                    self.span(*pid, &name, from, at);
                }
            }
            EventKind::ChildExited { pid, status } => {
                if let Some((from, name)) = alive.remove(pid) {
                    self.span(*pid, &name, from, at);
                }
                let text = status.to_string();
                self.instant(*pid, "p", "exit", &text, at, json!({}));
            }
            EventKind::Exited { status } => {
                if let Some((from, name)) = alive.remove(&own) {
                    self.span(own, &name, from, at);
                }
                self.instant(own, "p", "exit", &status.to_string(), at, json!({}));
            }
            EventKind::Fault {
                step,
                fault,
                met,
                signal,
            } => {
                let name = format!("#{}: {fault}", step + 1);
                let category = signal.map_or("fault", |_| "signal");
                self.instant(own, "g", category, &name, at, json!({ "at": met }));
            }
            EventKind::Delivered {
                pid, signal, times, ..
            } => {
                let name = format!("{} taken", signals::name(*signal));
                self.instant(*pid, "p", "signal", &name, at, json!({ "times": times }));
            }
            EventKind::Handler { pid, signal } => {
                let name = format!("handles {}", signals::name(*signal));
                self.instant(*pid, "t", "handler", &name, at, json!({}));
            }
            EventKind::HandlerReturned(fact) => {
                let name = format!("handler of {}", signals::name(fact.signal));
                let from = at.saturating_sub(fact.took_ns);
                self.span(fact.pid, &name, from, at);
            }
            EventKind::Failpoint { name, nth } => {
                let name = format!("{name}#{nth}");
                self.instant(own, "p", "failpoint", &name, at, json!({}));
            }
            EventKind::Ready { seen } => {
                self.instant(own, "g", "ready", "ready", at, json!({ "seen": seen }));
            }
            EventKind::Client { client, what } => {
                let name = format!("client {}: {what}", client + 1);
                self.instant(own, "p", "client", &name, at, json!({}));
            }
            EventKind::Stop { signal } => {
                let name = format!("told to stop by {}", signals::name(*signal));
                self.instant(own, "g", "signal", &name, at, json!({}));
            }
            EventKind::File { pid, call } => self.instant(*pid, "t", "file", call, at, json!({})),
            EventKind::Output { stream, bytes } => {
                let text: String = String::from_utf8_lossy(bytes)
                    .chars()
                    .take(CHARS_MAX)
                    .collect();
                self.instant(
                    own,
                    "t",
                    "output",
                    stream_name(*stream),
                    at,
                    json!({ "text": text }),
                );
            }
            EventKind::Flooded { stream } => {
                self.instant(
                    own,
                    "t",
                    "output",
                    "flood",
                    at,
                    json!({ "stream": stream_name(*stream) }),
                );
            }
            EventKind::Spins { pid, signal, times } => {
                let name = format!("sends itself {} for ever", signals::name(*signal));
                self.instant(*pid, "g", "exit", &name, at, json!({ "times": times }));
            }
            EventKind::Deadline { limit_ms } => {
                let args = json!({ "limit_ms": limit_ms });
                self.instant(own, "g", "exit", "ran on past its deadline", at, args);
            }
        }
    }
}

fn stream_name(stream: Stream) -> &'static str {
    match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
        Stream::Terminal => "terminal",
    }
}

fn micros(ns: u64) -> f64 {
    ns as f64 / 1e3
}
