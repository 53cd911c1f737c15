//! Policies: how signals move the stage, as a table of rungs.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::millis::span_millis;
use super::rung::{Rung, RungKind};
use super::signal::Signal;
use super::stage::Stage;
use super::state::MAX_RUNGS;

/// What a signal does at the end of the ladder, when there is no further rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnLadderEnd {
    /// It goes to the default handler: a forced exit.
    Delegate,
    /// It is ignored.
    Ignore,
}

/// How signals move the stage: a ladder of rungs, each signal climbs one.
///
/// [`Policy::step`] is the whole machine, a total function without clock or
/// I/O.
///
/// # One press, one step
/// The same key press may be delivered twice: by the terminal, and forwarded
/// by a wrapper such as npm or `timeout`. Two signals of the same kind within
/// 20 ms ([`Policy::deduplicate_within`]) from *different* senders therefore
/// count once. A step by time or by a request between the two does not change
/// that: the window begins anew with it.
///
/// Two signals from one sender count twice, and so do signals whose sender is
/// not known. That includes `timeout`, which sends its signal to the program
/// and then to the group of the program; see
/// [`Policy::deduplicate_any_sender`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(super) rungs: Vec<Rung>,
    pub(super) on_ladder_end: OnLadderEnd,
    pub(super) duplicate_ms: u32,
    pub(super) duplicates_of_any_sender: bool,
    pub(super) entries: Vec<(Signal, Stage)>,
    pub(super) events: Vec<Signal>,
}

impl Policy {
    /// The window within which a second delivery of one press is recognised,
    /// unless set otherwise: 20 ms. No human presses that fast.
    pub const DUPLICATE_WINDOW: Duration = Duration::from_millis(20);

    fn from_rungs(rungs: Vec<Rung>) -> Policy {
        Policy {
            rungs,
            on_ladder_end: OnLadderEnd::Delegate,
            duplicate_ms: span_millis(Self::DUPLICATE_WINDOW),
            duplicates_of_any_sender: false,
            entries: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Three stages: the first signal cancels queued tasks, the second
    /// terminates active ones, the third exits at once.
    #[must_use]
    pub fn escalating() -> Policy {
        Policy::from_rungs(vec![
            Rung::announce(Stage::CancelQueued),
            Rung::announce(Stage::TerminateActive),
            Rung::announce(Stage::ExitNow),
        ])
    }

    /// Stop on confirmation: the first Ctrl+C warns and work goes on, the
    /// second stops the program (stage 2), a further one goes to the default
    /// handler and forces the exit.
    ///
    /// A key is pressed by accident, and a supervisor asks once. So SIGTERM,
    /// SIGHUP and SIGQUIT stop the program at once, without a warning. To have
    /// one of them confirmed as well, let it enter at [`Stage::Running`]:
    ///
    /// ```
    /// use sigproof_core::{Policy, Signal, Stage};
    /// let policy = Policy::confirmed().entry(Signal::TERMINATE, Stage::Running);
    /// ```
    #[must_use]
    pub fn confirmed() -> Policy {
        let stop = Stage::TerminateActive;
        Policy::from_rungs(vec![Rung::warn(), Rung::request_stop(stop)])
            .entry(Signal::TERMINATE, stop)
            .entry(Signal::HANGUP, stop)
            .entry(Signal::QUIT, stop)
    }

    /// A service under a supervisor: SIGTERM, or Ctrl+C, begins to drain (stage
    /// 1). Active work has 30 s to complete, then 10 s to stop (stage 2), then
    /// the process ends (stage 3). A further signal goes on at once.
    ///
    /// Other times: [`Policy::escalate_after`]. SIGHUP as a request to read the
    /// configuration again: [`Options::on_event`](crate::Options::on_event). To
    /// report that the service is not ready any more:
    /// [`Options::on_stage`](crate::Options::on_stage).
    ///
    /// ```
    /// use std::time::Duration;
    /// use sigproof_core::{Options, Policy, Signal, Stage};
    /// let policy = Policy::service().escalate_after(Stage::CancelQueued, Duration::from_secs(5));
    /// let options = Options::from(policy)
    ///     .on_stage(Stage::CancelQueued, || println!("not ready"))
    ///     .on_event(Signal::HANGUP, || println!("reading the configuration again"));
    /// ```
    #[must_use]
    pub fn service() -> Policy {
        const DRAIN: Duration = Duration::from_secs(30);
        const STOP: Duration = Duration::from_secs(10);
        Policy::from_rungs(vec![
            Rung::announce(Stage::CancelQueued)
                .named("drain")
                .grace(DRAIN),
            Rung::announce(Stage::TerminateActive)
                .named("stop")
                .grace(STOP),
            Rung::announce(Stage::ExitNow),
        ])
    }

    /// Makes `signal` an event of the program's own: it is reported to observers
    /// ([`Action::Notify`](crate::machine::Action::Notify)) and never climbs.
    #[must_use]
    pub fn event(mut self, signal: Signal) -> Policy {
        if !self.events.contains(&signal) {
            self.events.push(signal);
        }
        self
    }

    /// Builds a policy from a list of rungs.
    ///
    /// A warning rung takes the stage of the rung below it.
    ///
    /// # Errors
    /// If there is no rung, more than 14 ([`MAX_RUNGS`]), or if a stage goes
    /// down from one rung to the next.
    pub fn custom(rungs: impl IntoIterator<Item = Rung>) -> Result<Policy, PolicyError> {
        let mut rungs: Vec<Rung> = rungs.into_iter().take(MAX_RUNGS + 1).collect();
        if rungs.is_empty() {
            return Err(PolicyError::Empty);
        }
        if rungs.len() > MAX_RUNGS {
            return Err(PolicyError::TooManyRungs);
        }
        let mut below = Stage::Running;
        for (index, rung) in rungs.iter_mut().enumerate() {
            if rung.kind == RungKind::Warn {
                rung.stage = below;
            }
            if rung.stage < below {
                return Err(PolicyError::StageGoesDown { rung: index });
            }
            below = rung.stage;
        }
        Ok(Policy::from_rungs(rungs))
    }

    /// Forgets a warning after this long: the machine is running again.
    /// Millisecond resolution, rounded up; at most 24 days.
    #[must_use]
    pub fn arm_expires_after(mut self, window: Duration) -> Policy {
        for rung in &mut self.rungs {
            if rung.kind == RungKind::Warn {
                rung.window_ms = Some(span_millis(window));
            }
        }
        self
    }

    /// Climbs on by itself after `grace` on a rung of `stage`. Millisecond
    /// resolution, rounded up; at most 24 days. Time during which the process
    /// is stopped (Ctrl+Z) does not count.
    #[must_use]
    pub fn escalate_after(mut self, stage: Stage, grace: Duration) -> Policy {
        for rung in &mut self.rungs {
            if rung.stage == stage && rung.kind != RungKind::Warn {
                rung.grace_ms = Some(span_millis(grace));
            }
        }
        self
    }

    /// Makes `signal` enter at `stage` at least, for instance SIGTERM at
    /// stage 2. It goes to the first rung with that stage or a higher one, and
    /// never climbs less than one rung.
    #[must_use]
    pub fn entry(mut self, signal: Signal, stage: Stage) -> Policy {
        self.entries.retain(|(known, _)| *known != signal);
        self.entries.push((signal, stage));
        self
    }

    /// Sets the window within which a second delivery of one press is
    /// recognised. Zero switches the recognition off.
    #[must_use]
    pub fn deduplicate_within(mut self, window: Duration) -> Policy {
        self.duplicate_ms = span_millis(window);
        self
    }

    /// Recognises second deliveries from any sender, the same one
    /// included: under `timeout` without `--foreground` the program then sees
    /// one signal, not two.
    #[must_use]
    pub fn deduplicate_any_sender(mut self) -> Policy {
        self.duplicates_of_any_sender = true;
        self
    }

    /// Sets what a signal does when there is no further rung; the default is
    /// [`OnLadderEnd::Delegate`].
    #[must_use]
    pub fn on_ladder_end(mut self, on_ladder_end: OnLadderEnd) -> Policy {
        self.on_ladder_end = on_ladder_end;
        self
    }

    /// The rungs, lowest first.
    #[must_use]
    pub fn rungs(&self) -> &[Rung] {
        &self.rungs
    }

    /// Whether time alone can move the machine.
    pub(crate) fn is_timed(&self) -> bool {
        self.rungs
            .iter()
            .any(|rung| rung.window_ms.is_some() || rung.grace_ms.is_some())
    }

    /// The highest stage that signals lead to, before the end of the
    /// ladder ([`Policy::on_ladder_end`]): 3 when escalating, 2 when
    /// confirmed.
    #[must_use]
    pub fn max_stage(&self) -> Stage {
        self.rungs.last().map_or(Stage::Running, |rung| rung.stage)
    }

    /// Whether the first signal only warns.
    #[must_use]
    pub fn asks_for_confirmation(&self) -> bool {
        self.rungs
            .first()
            .is_some_and(|rung| rung.kind == RungKind::Warn)
    }
}

/// A list of rungs that cannot be a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyError {
    /// There is no rung.
    Empty,
    /// There are more than [`MAX_RUNGS`] rungs.
    TooManyRungs,
    /// A rung has a lower stage than the one before it.
    StageGoesDown {
        /// Its index, counted from 0.
        rung: usize,
    },
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PolicyError::Empty => f.write_str("a policy needs at least one rung"),
            PolicyError::TooManyRungs => write!(f, "a policy has at most {MAX_RUNGS} rungs"),
            PolicyError::StageGoesDown { rung } => {
                write!(f, "rung {rung} has a lower stage than the rung before it")
            }
        }
    }
}

impl Error for PolicyError {}
