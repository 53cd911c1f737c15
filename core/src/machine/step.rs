//! The machine: `(state, event, now) -> (state, action)`.
//!
//! Total, pure, free of allocation and of panics, because the signal handler
//! itself calls it.

use super::event::{Action, Event};
use super::millis::Millis;
use super::policy::{OnLadderEnd, Policy};
use super::rung::Rung;
use super::signal::{Sender, Signal};
use super::stage::Stage;
use super::state::{Position, State};

impl Policy {
    /// The next state, and what the caller has to do.
    ///
    /// Defined for every state and event; a state that does not belong to this
    /// policy is treated as the highest rung.
    #[must_use]
    pub fn step(&self, state: State, event: Event, now: Millis) -> (State, Action) {
        match event {
            Event::Signal { signal, sender } => self.on_signal(state, signal, sender, now),
            Event::Tick => self.on_tick(state, now),
            Event::Request(stage) => self.on_request(state, stage, now),
            Event::Finished => {
                // The last signal is kept: its second delivery may still come.
                let position = Position::Finished;
                (State { position, ..state }, Action::Nothing)
            }
        }
    }

    /// The stage that holds in `state`. A finished machine has no stage of its
    /// own; the cell keeps the last one.
    #[must_use]
    pub fn stage_of(&self, state: State) -> Stage {
        self.rung_of(state).map_or(Stage::Running, Rung::stage)
    }

    /// The rung on which the machine stands.
    #[must_use]
    pub fn rung_of(&self, state: State) -> Option<&Rung> {
        let height = state.height().min(self.rungs.len());
        height
            .checked_sub(1)
            .and_then(|index| self.rungs.get(index))
    }

    /// When the next [`Event::Tick`] is due, `None` if time changes nothing.
    #[must_use]
    pub fn next_deadline(&self, state: State) -> Option<Millis> {
        let rung = self.rung_of(state)?;
        let climbs = self.has_next(state.height());
        let grace = rung.grace_ms.filter(|_| climbs);
        let earliest = match (rung.window_ms, grace) {
            (Some(window), Some(grace)) => Some(window.min(grace)),
            (one, other) => one.or(other),
        };
        earliest.map(|millis| state.since.plus_millis(millis))
    }

    fn has_next(&self, height: usize) -> bool {
        height < self.rungs.len() || self.on_ladder_end == OnLadderEnd::Delegate
    }

    fn on_signal(
        &self,
        state: State,
        signal: Signal,
        sender: Sender,
        now: Millis,
    ) -> (State, Action) {
        if self.events.contains(&signal) {
            return (state, Action::Notify);
        }
        if self.is_duplicate(state, signal, sender, now) {
            return (state, Action::Nothing);
        }
        if state.position == Position::Finished {
            return (state, Action::Delegate);
        }
        // The tick that forgets an expired warning may be late.
        let state = if self.is_expired(state, now) {
            self.stepped_down(state, now)
        } else {
            state
        };
        let next = state.height() + 1;
        let entry = self
            .entries
            .iter()
            .find(|(known, _)| *known == signal)
            .and_then(|(_, stage)| self.height_of(*stage));
        let target = entry.map_or(next, |height| height.max(next));
        self.climb(state, target, Some((signal, sender)), now)
    }

    fn on_tick(&self, state: State, now: Millis) -> (State, Action) {
        if self.is_expired(state, now) {
            return (self.stepped_down(state, now), Action::Disarmed);
        }
        let over = self
            .rung_of(state)
            .and_then(|rung| rung.grace_ms)
            .is_some_and(|grace| now.millis_since(state.since) >= grace);
        if over {
            let last = self.still_open(state, now);
            self.climb(state, state.height() + 1, last, now)
        } else {
            (state, Action::Nothing)
        }
    }

    fn on_request(&self, state: State, stage: Stage, now: Millis) -> (State, Action) {
        let finished = state.position == Position::Finished;
        if finished || stage <= self.stage_of(state) {
            return (state, Action::Nothing);
        }
        let target = self.height_of(stage).unwrap_or(self.rungs.len() + 1);
        self.climb(state, target, self.still_open(state, now), now)
    }

    /// Puts the machine on the rung at `height`, counted from 1; above the
    /// last rung it stays where it is.
    fn climb(
        &self,
        state: State,
        height: usize,
        last: Option<(Signal, Sender)>,
        now: Millis,
    ) -> (State, Action) {
        let index = height.saturating_sub(1);
        match (self.rungs.get(index), u8::try_from(index)) {
            (Some(rung), Ok(index)) => {
                let position = Position::Rung(index);
                let since = now;
                (
                    State {
                        position,
                        since,
                        last,
                    },
                    rung.action(),
                )
            }
            _ => match self.on_ladder_end {
                OnLadderEnd::Delegate => (state, Action::Delegate),
                OnLadderEnd::Ignore => (state, Action::Nothing),
            },
        }
    }

    fn height_of(&self, stage: Stage) -> Option<usize> {
        let index = self.rungs.iter().position(|rung| rung.stage >= stage)?;
        Some(index + 1)
    }

    fn is_expired(&self, state: State, now: Millis) -> bool {
        self.rung_of(state)
            .and_then(|rung| rung.window_ms)
            .is_some_and(|window| now.millis_since(state.since) >= window)
    }

    fn stepped_down(&self, state: State, now: Millis) -> State {
        let height = state.height().min(self.rungs.len());
        let position = match height.checked_sub(2).map(u8::try_from) {
            Some(Ok(index)) => Position::Rung(index),
            _ => Position::Running,
        };
        State {
            position,
            since: now,
            last: self.still_open(state, now),
        }
    }

    /// The last signal, if its second delivery may still come: a step by time
    /// or by a request must not make two presses of one.
    fn still_open(&self, state: State, now: Millis) -> Option<(Signal, Sender)> {
        let open = now.millis_since(state.since) < self.duplicate_ms;
        state.last.filter(|_| open)
    }

    fn is_duplicate(&self, state: State, signal: Signal, sender: Sender, now: Millis) -> bool {
        self.still_open(state, now).is_some_and(|(last, from)| {
            last == signal && (self.duplicates_of_any_sender || from.differs_from(sender))
        })
    }
}
