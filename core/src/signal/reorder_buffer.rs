//! Puts transitions back into the order in which the machine made them.
//!
//! Signals may run handlers in several threads at once. One moves the machine,
//! then another one does, and the second may be the first at the pipe. A
//! handler cannot wait for another one, which may be below it on the same
//! stack, so the reader sorts: every record holds the height of the ladder at
//! which it began, and one that does not begin where the last one ended is
//! early.
//!
//! The downside: the record in between may never come, as the pipe was full,
//! or late, as its thread was stopped. It is waited for, but not for long.

use std::time::{Duration, Instant};

use super::transition::{Record, Transition};

/// How long an early record waits for those before it: they are a few
/// instructions away.
const PATIENCE: Duration = Duration::from_millis(20);

/// The records that came early, and the height that was passed on last.
#[derive(Default)]
pub(super) struct ReorderBuffer {
    height: u8,
    epoch: u8,
    early: Vec<Record>,
    limit: Option<Instant>,
}

impl ReorderBuffer {
    /// Takes a record, in the order of arrival.
    pub(super) fn push(&mut self, record: Record) {
        self.early.push(record);
    }

    /// Returns the next transition, `None` if it is still to
    /// come. From `limit` on, or if this is the `last` call, it returns what
    /// there is.
    pub(super) fn pop(&mut self, last: bool) -> Option<Transition> {
        let fits = |record: &Record| {
            let same = record.epoch == self.epoch;
            same && record.before == self.height || !same && record.before == 0
        };
        let place = match self.early.iter().position(fits) {
            Some(place) => place,
            None if self.early.is_empty() => {
                self.limit = None;
                return None;
            }
            None => {
                let now = Instant::now();
                let limit = *self.limit.get_or_insert(now + PATIENCE);
                if !last && now < limit {
                    return None;
                }
                let lowest = self.early.iter().enumerate();
                let lowest = lowest.min_by_key(|(_, record)| record.before);
                lowest.map_or(0, |(place, _)| place)
            }
        };
        self.limit = None;
        let record = self.early.remove(place);
        self.height = record.after();
        self.epoch = record.epoch;
        Some(record.transition)
    }

    /// How long to wait at most for another record; `None` without end.
    pub(super) fn patience(&self) -> Option<Duration> {
        let limit = self.limit?;
        Some(limit.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Action, Cause, Sender, Stage};

    fn record(epoch: u8, before: u8, after: u8) -> Record {
        let stage = Stage::CancelQueued;
        let action = match after {
            0 => Action::Disarmed,
            _ => Action::Announce(stage),
        };
        let transition = Transition {
            at_ns: 0,
            action,
            from: stage,
            to: stage,
            rung: after.checked_sub(1),
            cause: Cause::None,
            sender: Sender::Unknown,
        };
        Record {
            transition,
            before,
            epoch,
        }
    }

    /// The heights in the order in which they are passed on.
    fn told(records: &[Record], last: bool) -> Vec<u8> {
        let mut buffer = ReorderBuffer::default();
        let mut told = Vec::new();
        for record in records {
            buffer.push(*record);
            while let Some(transition) = buffer.pop(false) {
                told.push(transition.rung.map_or(0, |rung| rung + 1));
            }
        }
        while let Some(transition) = buffer.pop(last) {
            told.push(transition.rung.map_or(0, |rung| rung + 1));
        }
        told
    }

    #[test]
    fn what_comes_early_waits_for_what_was_before() {
        let (one, two, three) = (record(0, 0, 1), record(0, 1, 2), record(0, 2, 3));
        for order in [[one, two, three], [three, two, one], [two, three, one]] {
            assert_eq!(told(&order, false), [1, 2, 3]);
        }
        // A rung that is passed over, and a warning that comes and goes.
        assert_eq!(told(&[record(0, 2, 3), record(0, 0, 2)], false), [2, 3]);
        let warned = [record(0, 0, 1), record(0, 0, 1), record(0, 1, 0)];
        assert_eq!(told(&warned, false), [1, 0, 1]);
    }

    #[test]
    fn a_new_epoch_begins_below() {
        let records = [record(0, 0, 1), record(1, 0, 1), record(1, 1, 2)];
        assert_eq!(told(&records, false), [1, 1, 2]);
    }

    #[test]
    fn what_never_comes_is_not_waited_for_at_the_end_or_for_long() {
        let gap = [record(0, 0, 1), record(0, 3, 4), record(0, 2, 3)];
        assert_eq!(told(&gap, false), [1]);
        assert_eq!(told(&gap, true), [1, 3, 4]);
        let mut buffer = ReorderBuffer::default();
        buffer.push(gap[1]);
        assert_eq!(buffer.patience(), None);
        while buffer.pop(false).is_none() {
            assert!(buffer.patience().expect("it waits") <= PATIENCE);
        }
    }
}
