//! The events of a run, in order and bounded, and what limits their value.

use crate::facts::{Event, EventKind, Stream};

/// Events kept of one run; what comes after is counted by nobody.
const EVENTS_MAX: usize = 50_000;
/// Output in a row that comes within this time, and is not longer than this, is one event.
const OUTPUT_NS: u64 = 1_000_000;
const OUTPUT_BYTES_MAX: usize = 8192;
/// Equal deliveries with fewer events than this between them are one event.
const DELIVERY_EVENTS_MAX: usize = 16;

/// Calls that change files, of which a run keeps this many: other events shall have room.
const FILE_EVENTS_MAX: usize = 5_000;

/// The log of one run.
pub(crate) struct EventLog {
    events: Vec<Event>,
    file_events: usize,
    limits: Vec<String>,
    /// Small pieces of output in a row become one event. In a recording every piece keeps its time: points are
    /// compared with it.
    joins_output: bool,
}

impl EventLog {
    pub(crate) fn new(joins_output: bool) -> EventLog {
        EventLog {
            events: Vec::new(),
            file_events: 0,
            limits: Vec::new(),
            joins_output,
        }
    }

    pub(crate) fn push(&mut self, at_ns: u64, what: EventKind) {
        if self.events.len() > EVENTS_MAX {
            return;
        }
        if self.events.len() == EVENTS_MAX {
            self.limit(format!("only the first {EVENTS_MAX} events were kept"));
        }
        self.events.push(Event { at_ns, what });
    }

    /// A call has changed a file.
    pub(crate) fn file(&mut self, at_ns: u64, pid: i32, call: String) {
        self.file_events += 1;
        if self.file_events <= FILE_EVENTS_MAX {
            self.push(at_ns, EventKind::File { pid, call });
        } else if self.joins_output {
            // In a recording the points have all of them.
            self.limit(format!(
                "only the first {FILE_EVENTS_MAX} changes of files were kept"
            ));
        }
    }

    /// Adds what limits the value of this run's facts, once.
    pub(crate) fn limit(&mut self, limit: String) {
        if !self.limits.contains(&limit) {
            self.limits.push(limit);
        }
    }

    /// Adds output that the capture has kept, or has not.
    pub(crate) fn output(&mut self, at_ns: u64, stream: Stream, bytes: &[u8], kept: bool) {
        if !kept {
            let flooded = EventKind::Flooded { stream };
            if !self.events.iter().rev().any(|event| event.what == flooded) {
                self.push(at_ns, flooded);
            }
            return;
        }
        if self.joins_output
            && let Some(Event {
                at_ns: last_ns,
                what:
                    EventKind::Output {
                        stream: last,
                        bytes: before,
                    },
            }) = self.events.last_mut()
            && *last == stream
            && at_ns - *last_ns < OUTPUT_NS
            && before.len() + bytes.len() <= OUTPUT_BYTES_MAX
        {
            before.extend_from_slice(bytes);
            return;
        }
        let bytes = bytes.to_vec();
        self.push(at_ns, EventKind::Output { stream, bytes });
    }

    /// Adds a delivery. A program can send itself the same signal for ever, and
    /// its children likewise: those are counted in one event.
    pub(crate) fn delivery(&mut self, at_ns: u64, what: EventKind) {
        let EventKind::Delivered { tid, signal, .. } = &what else {
            return;
        };
        let mut near = self.events.iter_mut().rev().take(DELIVERY_EVENTS_MAX);
        let same = near.find_map(|event| match &mut event.what {
            EventKind::Delivered {
                tid: last,
                signal: same,
                times,
                ..
            } if (&*last, &*same) == (tid, signal) => Some(times),
            _ => None,
        });
        match same {
            Some(times) => *times = times.saturating_add(1),
            None => self.push(at_ns, what),
        }
    }

    /// The events, and the limits.
    pub(crate) fn finish(self) -> (Vec<Event>, Vec<String>) {
        (self.events, self.limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(log: &mut EventLog, at_ns: u64, stream: Stream) {
        log.output(at_ns, stream, b"x", true);
    }

    #[test]
    fn small_pieces_of_output_in_a_row_are_one_event() {
        for (joins, expected) in [(true, 3), (false, 4)] {
            let mut log = EventLog::new(joins);
            output(&mut log, 0, Stream::Stdout);
            output(&mut log, 10, Stream::Stdout);
            output(&mut log, 20, Stream::Stderr);
            output(&mut log, OUTPUT_NS + 20, Stream::Stderr);
            assert_eq!(log.finish().0.len(), expected);
        }
    }

    #[test]
    fn equal_deliveries_close_together_are_counted() {
        let delivered = |signal| EventKind::Delivered {
            pid: 1,
            tid: 1,
            thread: String::new(),
            signal,
            own_fault: false,
            times: 1,
        };
        let mut log = EventLog::new(true);
        for signal in [2, 15, 2, 2] {
            log.delivery(0, delivered(signal));
        }
        let (events, _) = log.finish();
        let times = events.iter().map(|event| match &event.what {
            EventKind::Delivered { signal, times, .. } => (*signal, *times),
            other => panic!("{other:?}"),
        });
        assert_eq!(times.collect::<Vec<_>>(), [(2, 3), (15, 1)]);
    }

    #[test]
    fn a_flood_is_one_event_and_the_log_is_bounded() {
        let mut log = EventLog::new(true);
        log.output(0, Stream::Stdout, b"x", false);
        log.output(1, Stream::Stdout, b"x", false);
        for nth in 0..EVENTS_MAX as u32 + 10 {
            let name = String::new();
            log.push(2, EventKind::Failpoint { name, nth });
        }
        let (events, limits) = log.finish();
        assert_eq!(events.len(), EVENTS_MAX + 1);
        assert_eq!(limits.len(), 1);
        let floods = events
            .iter()
            .filter(|event| matches!(event.what, EventKind::Flooded { .. }));
        assert_eq!(floods.count(), 1);
    }
}
