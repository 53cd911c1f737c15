//! What the machine did, as the handler reports it to the watcher thread.

use crate::machine::{Action, Cause, Sender, Stage};
use crate::sys::wake_pipe::RECORD_BYTES;

/// One transition of the machine, as it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// When, in nanoseconds on the monotonic clock of the system.
    pub at_ns: u64,
    /// What the machine asked for.
    pub action: Action,
    /// The stage before.
    pub from: Stage,
    /// The stage after.
    pub to: Stage,
    /// Index of the rung that was entered, `None` if the machine fell back to
    /// running or stayed where it was.
    pub rung: Option<u8>,
    /// Why.
    pub cause: Cause,
    /// Who sent the signal, [`Sender::Unknown`] if there was none.
    pub sender: Sender,
}

/// A transition on its way to the watcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) transition: Transition,
    /// Rungs climbed before it, 0 to 14.
    pub(super) before: u8,
    /// The low bits of the epoch in which it happened.
    pub(super) epoch: u8,
}

impl Record {
    /// Rungs climbed after it.
    pub(super) fn after(&self) -> u8 {
        if self.transition.action == Action::Notify {
            return self.before;
        }
        self.transition.rung.map_or(0, |rung| rung + 1)
    }

    /// Sixteen bytes: the time, then from the lowest bit 3 of action, 2 each
    /// of action stage, from and to, 4 of rung, 8 of cause, 23 of sender, 4 of
    /// height, 8 of epoch.
    pub(super) fn to_bytes(self) -> [u8; RECORD_BYTES] {
        let transition = self.transition;
        let (kind, stage) = match transition.action {
            Action::Nothing => (0, Stage::Running),
            Action::WarnArmed => (1, Stage::Running),
            Action::Disarmed => (2, Stage::Running),
            Action::RequestStop(stage) => (3, stage),
            Action::Announce(stage) => (4, stage),
            Action::Delegate => (5, Stage::Running),
            Action::Notify => (6, Stage::Running),
        };
        let low = kind
            | u64::from(stage.number()) << 3
            | u64::from(transition.from.number()) << 5
            | u64::from(transition.to.number()) << 7
            | u64::from(transition.rung.map_or(15, |rung| rung & 0xf)) << 9
            | u64::from(transition.cause.to_bits()) << 13
            | u64::from(transition.sender.to_bits()) << 21
            | u64::from(self.before & 0xf) << 44
            | u64::from(self.epoch) << 48;
        (u128::from(transition.at_ns) << 64 | u128::from(low)).to_ne_bytes()
    }

    pub(super) fn from_bytes(bytes: [u8; RECORD_BYTES]) -> Record {
        let all = u128::from_ne_bytes(bytes);
        // Each cut is one of the fields that `to_bytes` wrote.
        let field = |shift: u32, bits: u32| (all >> shift & ((1 << bits) - 1)) as u32;
        let byte = |shift, bits| u8::try_from(field(shift, bits)).unwrap_or(u8::MAX);
        let stage = Stage::from_bits(field(3, 2));
        let action = match field(0, 3) {
            1 => Action::WarnArmed,
            2 => Action::Disarmed,
            3 => Action::RequestStop(stage),
            4 => Action::Announce(stage),
            5 => Action::Delegate,
            6 => Action::Notify,
            _ => Action::Nothing,
        };
        let transition = Transition {
            at_ns: (all >> 64) as u64,
            action,
            from: Stage::from_bits(field(5, 2)),
            to: Stage::from_bits(field(7, 2)),
            rung: Some(byte(9, 4)).filter(|rung| *rung != 15),
            cause: Cause::from_bits(field(13, 8)),
            sender: Sender::from_bits(field(21, 23)),
        };
        Record {
            transition,
            before: byte(44, 4),
            epoch: byte(48, 8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Signal;

    #[test]
    fn bytes_round_trip() {
        let actions = [
            Action::Nothing,
            Action::WarnArmed,
            Action::Disarmed,
            Action::RequestStop(Stage::TerminateActive),
            Action::Announce(Stage::ExitNow),
            Action::Delegate,
            Action::Notify,
        ];
        for action in actions {
            for rung in [None, Some(0), Some(13)] {
                let transition = Transition {
                    at_ns: u64::MAX - 1,
                    action,
                    from: Stage::CancelQueued,
                    to: Stage::ExitNow,
                    rung,
                    cause: Cause::Deadline(Some(Signal::TERMINATE)),
                    sender: Sender::Process(4_194_303),
                };
                let record = Record {
                    transition,
                    before: 14,
                    epoch: 255,
                };
                assert_eq!(Record::from_bytes(record.to_bytes()), record);
            }
        }
    }
}
