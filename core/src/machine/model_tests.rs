//! The machine against a model of it: one page, written from the documents
//! and not from the code, with plain numbers and the whole past at hand.

use std::time::Duration;

use proptest::prelude::*;

use super::step_tests::{at, press};
use super::*;

/// A ladder as it is described: the policy is built from it by the public
/// interface, the model reads it.
#[derive(Clone, Debug)]
struct Ladder {
    rungs: Vec<Step>,
    delegates: bool,
    window: u64,
    any_sender: bool,
    entries: Vec<(Signal, u8)>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    kind: What,
    stage: u8,
    expires: Option<u64>,
    grace: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Warn,
    Stop,
    Announce,
}

/// Where the ladder stands, and what brought it there. Time in milliseconds.
struct Model<'l> {
    ladder: &'l Ladder,
    /// Rungs climbed, 0 while running.
    height: usize,
    entered: u64,
    finished: bool,
    /// The last press that counted, and until when its second delivery is one.
    press: Option<(Signal, Sender, u64)>,
}

impl Model<'_> {
    fn react(&mut self, event: Event, now: u64) -> Action {
        match event {
            Event::Finished => self.finished = true,
            Event::Signal { signal, sender } if !self.came_before(signal, sender, now) => {
                return self.press(signal, sender, now);
            }
            Event::Signal { .. } => {}
            Event::Tick if self.finished => {}
            Event::Tick if self.has_passed(self.rung().and_then(|rung| rung.expires), now) => {
                self.fall(now);
                return Action::Disarmed;
            }
            Event::Tick if self.has_passed(self.rung().and_then(|rung| rung.grace), now) => {
                return self.climb_to(self.height + 1, now);
            }
            Event::Tick => {}
            Event::Request(stage) if self.finished || stage.number() <= self.stage() => {}
            Event::Request(stage) => return self.climb_to(self.first_with(stage.number()), now),
        }
        Action::Nothing
    }

    /// One press, one step: the same signal from certainly another sender, or
    /// from anybody, within the window.
    fn came_before(&self, signal: Signal, sender: Sender, now: u64) -> bool {
        self.press.is_some_and(|(last, from, until)| {
            let known = from != Sender::Unknown && sender != Sender::Unknown;
            let another = known && from != sender || self.ladder.any_sender;
            last == signal && another && now < until
        })
    }

    fn press(&mut self, signal: Signal, sender: Sender, now: u64) -> Action {
        if self.finished {
            return Action::Delegate;
        }
        if self.has_passed(self.rung().and_then(|rung| rung.expires), now) {
            self.fall(now);
        }
        let entry = self.ladder.entries.iter().find(|entry| entry.0 == signal);
        // An entry that no rung reaches is none.
        let entry = entry.map(|entry| self.first_with(entry.1));
        let entry = entry.filter(|height| *height <= self.ladder.rungs.len());
        let target = entry.unwrap_or(0).max(self.height + 1);
        let action = self.climb_to(target, now);
        if target <= self.ladder.rungs.len() {
            self.press = Some((signal, sender, now + self.ladder.window));
        }
        action
    }

    fn climb_to(&mut self, height: usize, now: u64) -> Action {
        let Some(rung) = self.ladder.rungs.get(height - 1) else {
            return match self.ladder.delegates {
                true => Action::Delegate,
                false => Action::Nothing,
            };
        };
        self.move_to(height, now);
        let stage = Stage::from_number(self.stage()).expect("0 to 3");
        match rung.kind {
            What::Warn => Action::WarnArmed,
            What::Stop => Action::RequestStop(stage),
            What::Announce => Action::Announce(stage),
        }
    }

    fn fall(&mut self, now: u64) {
        self.move_to(self.height - 1, now);
    }

    /// A move within the window begins it anew: the press that came before it
    /// may still be delivered a second time.
    fn move_to(&mut self, height: usize, now: u64) {
        self.press = self.press.filter(|press| now < press.2);
        if let Some(press) = &mut self.press {
            press.2 = now + self.ladder.window;
        }
        (self.height, self.entered) = (height, now);
    }

    fn rung(&self) -> Option<Step> {
        let below = self.height.checked_sub(1)?;
        self.ladder.rungs.get(below).copied()
    }

    /// The highest stage announced on the way up: a warning has none.
    fn stage(&self) -> u8 {
        let climbed = &self.ladder.rungs[..self.height];
        let stages = climbed.iter().filter(|rung| rung.kind != What::Warn);
        stages.map(|rung| rung.stage).max().unwrap_or(0)
    }

    /// The height of the first rung on which `stage` holds, or a higher one;
    /// beyond the ladder if there is none.
    fn first_with(&self, stage: u8) -> usize {
        let above = |height: &usize| {
            Model {
                height: *height,
                ..*self
            }
            .stage()
                >= stage
        };
        let heights = 1..=self.ladder.rungs.len();
        heights.clone().find(above).unwrap_or(heights.count() + 1)
    }

    fn has_passed(&self, span: Option<u64>, now: u64) -> bool {
        span.is_some_and(|span| now >= self.entered + span)
    }

    /// The next moment at which a tick does something.
    fn due(&self) -> Option<u64> {
        let rung = self.rung().filter(|_| !self.finished)?;
        let climbs = self.height < self.ladder.rungs.len() || self.ladder.delegates;
        let grace = rung.grace.filter(|_| climbs);
        let earliest = rung.expires.into_iter().chain(grace).min()?;
        Some(self.entered + earliest)
    }
}

impl Ladder {
    fn policy(&self) -> Result<Policy, PolicyError> {
        let millis = Duration::from_millis;
        let stage = |number| Stage::from_number(number).expect("0 to 3");
        let mut policy = Policy::custom(self.rungs.iter().map(|step| {
            let mut rung = match step.kind {
                What::Warn => Rung::warn(),
                What::Stop => Rung::request_stop(stage(step.stage)),
                What::Announce => Rung::announce(stage(step.stage)),
            };
            if let Some(span) = step.expires {
                rung = rung.expires_after(millis(span));
            }
            if let Some(span) = step.grace {
                rung = rung.grace(millis(span));
            }
            rung
        }))?
        .deduplicate_within(millis(self.window));
        for (signal, number) in &self.entries {
            policy = policy.entry(*signal, stage(*number));
        }
        if self.any_sender {
            policy = policy.deduplicate_any_sender();
        }
        Ok(if self.delegates {
            policy
        } else {
            policy.on_ladder_end(OnLadderEnd::Ignore)
        })
    }
}

/// Few signals and senders, so that second deliveries are common.
fn any_event() -> impl Strategy<Value = Event> {
    let signal = prop::sample::select(vec![Signal::INTERRUPT, Signal::TERMINATE]);
    let senders = vec![Sender::Kernel, Sender::Process(7), Sender::Unknown];
    prop_oneof![
        6 => (signal, prop::sample::select(senders)).prop_map(|(signal, sender)| press(signal, sender)),
        3 => Just(Event::Tick),
        1 => prop::sample::select(Stage::ALL.to_vec()).prop_map(Event::Request),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let kind = prop::sample::select(vec![What::Warn, What::Stop, What::Announce]);
    let span = || prop::option::of(1u64..40);
    (kind, 0..4u8, span(), span()).prop_map(|(kind, stage, expires, grace)| Step {
        kind,
        stage,
        // Only a warning can expire.
        expires: expires.filter(|_| kind == What::Warn),
        grace,
    })
}

fn any_ladder() -> impl Strategy<Value = Ladder> {
    let entries =
        prop::collection::btree_map(prop::sample::select(Signal::ALL.to_vec()), 0..4u8, 0..3);
    let rungs = prop::collection::vec(any_step(), 1..6);
    (rungs, any::<bool>(), 0u64..40, any::<bool>(), entries).prop_map(
        |(mut rungs, delegates, window, any_sender, entries)| {
            // Stages that go down are refused; that is tested elsewhere.
            let mut stages: Vec<u8> = rungs.iter().map(|rung| rung.stage).collect();
            stages.sort_unstable();
            for (rung, stage) in rungs.iter_mut().zip(stages) {
                rung.stage = stage;
            }
            Ladder {
                rungs,
                delegates,
                window,
                any_sender,
                entries: entries.into_iter().collect(),
            }
        },
    )
}

/// As many as a few seconds allow, unless `PROPTEST_CASES` says otherwise.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 1500;
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_machine_does_what_the_model_does(
        ladder in any_ladder(),
        events in prop::collection::vec((any_event(), prop_oneof![0u64..8, 0u64..60]), 0..40),
        end in prop::option::of(0usize..40),
    ) {
        let policy = ladder.policy().expect("stages go up");
        let mut model = Model { ladder: &ladder, height: 0, entered: 0, finished: false, press: None };
        let mut state = State::START;
        let mut now = 0;
        for (place, (event, delay)) in events.into_iter().enumerate() {
            let event = if end == Some(place) { Event::Finished } else { event };
            now += delay;
            let (next, action) = policy.step(state, event, at(now));
            prop_assert_eq!(action, model.react(event, now), "{:?} at {}", event, now);
            let position = match model.height.checked_sub(1) {
                _ if model.finished => Position::Finished,
                None => Position::Running,
                Some(index) => Position::Rung(u8::try_from(index).expect("few")),
            };
            prop_assert_eq!(next.position(), position, "{:?} at {}", event, now);
            prop_assert_eq!(policy.next_deadline(next), model.due().map(at));
            if !model.finished {
                prop_assert_eq!(policy.stage_of(next).number(), model.stage());
            }
            state = next;
        }
    }
}
