//! The state of the machine: where it stands on the ladder of rungs, and the
//! last accepted signal. It fits in 64 bits, so that the signal handler can
//! move it by one compare-and-swap.

use super::millis::Millis;
use super::signal::{Sender, Signal};

/// The largest number of rungs a policy can have.
pub const MAX_RUNGS: usize = 14;

const FINISHED: u8 = 15;

/// Where the machine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Position {
    /// No rung was reached yet.
    Running,
    /// The rung with this index, counted from 0.
    Rung(u8),
    /// The work is done. Nothing leaves this position.
    Finished,
}

/// The state of the machine.
///
/// Plain data without interior mutability; [`crate::machine::Policy::step`]
/// computes the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub(super) position: Position,
    /// When the position was entered.
    pub(super) since: Millis,
    /// The last accepted signal. After a step by time or by a request it is
    /// kept only if its second delivery could still come then.
    pub(super) last: Option<(Signal, Sender)>,
}

impl State {
    /// The state at the start.
    pub const START: State = State {
        position: Position::Running,
        since: Millis::from_millis(0),
        last: None,
    };

    /// Where the machine stands.
    #[must_use]
    pub const fn position(self) -> Position {
        self.position
    }

    /// When the machine got there.
    #[must_use]
    pub const fn since(self) -> Millis {
        self.since
    }

    /// The signal that brought it there. If time or a request did: the one
    /// before, when it was so recent that its second delivery could still
    /// come, else `None`.
    #[must_use]
    pub fn last_signal(self) -> Option<Signal> {
        self.last.map(|(signal, _)| signal)
    }

    /// Number of rungs climbed: 0 while running, 1 on the first rung. A
    /// finished machine stands on none.
    pub(super) const fn height(self) -> usize {
        match self.position {
            Position::Rung(index) => index as usize + 1,
            Position::Running | Position::Finished => 0,
        }
    }

    /// Layout, from the top: 32 bits of time, 23 of sender, 5 of signal, 4 of
    /// position.
    pub(crate) const fn to_bits(self) -> u64 {
        let position = match self.position {
            Position::Running => 0,
            Position::Rung(index) => index + 1,
            Position::Finished => FINISHED,
        };
        let (signal, sender) = match self.last {
            Some((signal, sender)) => (signal.number() as u64, sender.to_bits()),
            None => (0, 0),
        };
        (self.since.to_bits() as u64) << 32 | (sender as u64) << 9 | signal << 4 | position as u64
    }

    pub(crate) const fn from_bits(bits: u64) -> State {
        let position = match (bits & 0xf) as u8 {
            0 => Position::Running,
            FINISHED => Position::Finished,
            above => Position::Rung(above - 1),
        };
        let sender = Sender::from_bits(((bits >> 9) & 0x7f_ffff) as u32);
        let last = match Signal::from_number(((bits >> 4) & 0x1f) as i32) {
            Some(signal) => Some((signal, sender)),
            None => None,
        };
        State {
            position,
            since: Millis::from_bits((bits >> 32) as u32),
            last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_round_trip() {
        let mut positions = vec![Position::Running, Position::Finished];
        positions.extend(
            (0..MAX_RUNGS).map(|index| Position::Rung(u8::try_from(index).expect("few rungs"))),
        );
        let mut lasts = vec![None];
        for signal in Signal::ALL {
            for sender in [Sender::Kernel, Sender::Process(4_194_303), Sender::Unknown] {
                lasts.push(Some((signal, sender)));
            }
        }
        for &position in &positions {
            for &last in &lasts {
                for since in [0, 1, u64::from(u32::MAX)] {
                    let since = Millis::from_millis(since);
                    let state = State {
                        position,
                        since,
                        last,
                    };
                    assert_eq!(State::from_bits(state.to_bits()), state);
                    assert_eq!(state.last_signal(), last.map(|(signal, _)| signal));
                }
            }
        }
        assert_eq!(State::from_bits(0), State::START);
    }
}
