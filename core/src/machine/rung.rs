//! One step of a policy.

use std::borrow::Cow;
use std::time::Duration;

use super::event::Action;
use super::millis::span_millis;
use super::stage::Stage;

/// What entering a rung does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RungKind {
    Warn,
    RequestStop,
    Announce,
}

/// One step of a policy: a stage, the message on entering it, and how long the
/// program may stay.
///
/// ```
/// use std::time::Duration;
/// use sigproof_core::{Rung, Stage};
/// let rung = Rung::announce(Stage::CancelQueued)
///     .named("drain")
///     .message("Draining, this takes up to a minute")
///     .grace(Duration::from_secs(60));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    pub(super) kind: RungKind,
    pub(super) stage: Stage,
    pub(super) name: Cow<'static, str>,
    pub(super) message: Option<String>,
    pub(super) hint: Option<String>,
    pub(super) grace_ms: Option<u32>,
    pub(super) window_ms: Option<u32>,
}

impl Rung {
    fn new(kind: RungKind, stage: Stage, name: &'static str) -> Rung {
        Rung {
            kind,
            stage,
            name: Cow::Borrowed(name),
            message: None,
            hint: None,
            grace_ms: None,
            window_ms: None,
        }
    }

    /// A rung that enters `stage` and announces it.
    #[must_use]
    pub fn announce(stage: Stage) -> Rung {
        Rung::new(RungKind::Announce, stage, stage.id())
    }

    /// A rung that only warns: the stage stays what it was, the next signal
    /// goes further.
    #[must_use]
    pub fn warn() -> Rung {
        Rung::new(RungKind::Warn, Stage::Running, "stop-armed")
    }

    /// A rung that carries out a stop that was warned of: it enters `stage`.
    #[must_use]
    pub fn request_stop(stage: Stage) -> Rung {
        Rung::new(RungKind::RequestStop, stage, "stopping")
    }

    /// Names the rung; the name appears as the cause in feedback and timeline.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Rung {
        self.name = name.into();
        self
    }

    /// Sets the message that is shown on entering the rung, in place of the
    /// usual one.
    #[must_use]
    pub fn message(mut self, message: impl Into<String>) -> Rung {
        self.message = Some(message.into());
        self
    }

    /// Sets the hint that is shown after the message, in place of the usual
    /// one. An empty hint shows nothing.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Rung {
        self.hint = Some(hint.into());
        self
    }

    /// After this long on the rung the machine climbs to the next one by
    /// itself. Millisecond resolution, rounded up; at most 24 days. Time
    /// during which the process is stopped (Ctrl+Z) does not count.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Rung {
        self.grace_ms = Some(span_millis(grace));
        self
    }

    /// A warning is forgotten after this long. Millisecond resolution,
    /// rounded up; at most 24 days. No effect on rungs that do not warn: a
    /// stage never goes down.
    #[must_use]
    pub fn expires_after(mut self, window: Duration) -> Rung {
        if self.kind == RungKind::Warn {
            self.window_ms = Some(span_millis(window));
        }
        self
    }

    /// The stage that holds on this rung; for a warning, the stage that held
    /// before it.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// The name of the rung.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The rung's own message, `None` for the usual one.
    #[must_use]
    pub fn own_message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The rung's own hint, `None` for the usual one.
    #[must_use]
    pub fn own_hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub(super) const fn action(&self) -> Action {
        match self.kind {
            RungKind::Warn => Action::WarnArmed,
            RungKind::RequestStop => Action::RequestStop(self.stage),
            RungKind::Announce => Action::Announce(self.stage),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rung_has_its_own_name_and_words() {
        let plain = Rung::announce(Stage::CancelQueued);
        assert_eq!(plain.name(), Stage::CancelQueued.id());
        assert_eq!((plain.own_message(), plain.own_hint()), (None, None));
        let own = plain
            .named("drain")
            .message("Draining")
            .hint("Once more to cut it short");
        assert_eq!(own.name(), "drain");
        assert_eq!(own.own_message(), Some("Draining"));
        assert_eq!(own.own_hint(), Some("Once more to cut it short"));
        assert_eq!(own.stage(), Stage::CancelQueued);
    }
}
