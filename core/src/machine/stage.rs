//! How urgently the program was asked to stop.

use std::fmt;

/// How urgently the program was asked to stop.
///
/// Stages are ordered and compared with `<`; a stage never goes down within
/// one epoch. The numbers are part of the interface: they travel in the
/// process-safe cell and in the timeline.
///
/// ```
/// use sigproof_core::Stage;
/// assert!(Stage::Running < Stage::CancelQueued);
/// assert!(Stage::TerminateActive.should_cancel_queued_tasks());
/// assert!(!Stage::TerminateActive.should_exit_now());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Stage {
    /// No stop was requested.
    #[default]
    Running = 0,
    /// Start no new task; let the active ones complete.
    CancelQueued = 1,
    /// Stop the active tasks as well and return partial results.
    TerminateActive = 2,
    /// Exit at once, without clean-up.
    ExitNow = 3,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Stage; 4] = [
        Stage::Running,
        Stage::CancelQueued,
        Stage::TerminateActive,
        Stage::ExitNow,
    ];

    /// The stage with this number, `None` above 3.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Stage> {
        match number {
            0 => Some(Stage::Running),
            1 => Some(Stage::CancelQueued),
            2 => Some(Stage::TerminateActive),
            3 => Some(Stage::ExitNow),
            _ => None,
        }
    }

    /// The stage held in the two low bits of `bits`; the others are ignored.
    pub(crate) const fn from_bits(bits: u32) -> Stage {
        match bits & 0b11 {
            0 => Stage::Running,
            1 => Stage::CancelQueued,
            2 => Stage::TerminateActive,
            _ => Stage::ExitNow,
        }
    }

    /// The number of the stage, 0 to 3.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether any stop was requested (stage 1 and above).
    #[must_use]
    pub const fn is_interrupted(self) -> bool {
        self.number() >= 1
    }

    /// Whether queued tasks are to be cancelled (stage 1 and above).
    #[must_use]
    pub const fn should_cancel_queued_tasks(self) -> bool {
        self.number() >= 1
    }

    /// Whether active tasks are to be terminated (stage 2 and above).
    #[must_use]
    pub const fn should_terminate_active_tasks(self) -> bool {
        self.number() >= 2
    }

    /// Whether the program is to exit at once (stage 3).
    #[must_use]
    pub const fn should_exit_now(self) -> bool {
        self.number() >= 3
    }

    /// The name for a person: "Normal Operation", "Graceful
    /// Cancellation", "Urgent Cancellation", "Immediate Termination".
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Stage::Running => "Normal Operation",
            Stage::CancelQueued => "Graceful Cancellation",
            Stage::TerminateActive => "Urgent Cancellation",
            Stage::ExitNow => "Immediate Termination",
        }
    }

    /// The name for a program, as in JSON lines: `running`,
    /// `cancel-queued`, `terminate-active`, `exit-now`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Stage::Running => "running",
            Stage::CancelQueued => "cancel-queued",
            Stage::TerminateActive => "terminate-active",
            Stage::ExitNow => "exit-now",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.title())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initial_state_is_not_interrupted() {
        let stage = Stage::default();
        assert_eq!(stage.number(), 0);
        assert!(!stage.is_interrupted());
        assert!(!stage.should_cancel_queued_tasks());
    }

    #[test]
    fn queries_follow_the_table_of_stages() {
        // stage, interrupted, cancel queued, terminate active, exit now
        let table = [
            (Stage::Running, false, false, false, false),
            (Stage::CancelQueued, true, true, false, false),
            (Stage::TerminateActive, true, true, true, false),
            (Stage::ExitNow, true, true, true, true),
        ];
        for (stage, interrupted, queued, active, exit) in table {
            assert_eq!(stage.is_interrupted(), interrupted, "{stage:?}");
            assert_eq!(stage.should_cancel_queued_tasks(), queued, "{stage:?}");
            assert_eq!(stage.should_terminate_active_tasks(), active, "{stage:?}");
            assert_eq!(stage.should_exit_now(), exit, "{stage:?}");
        }
    }

    #[test]
    fn numbers_round_trip_and_order_follows_them() {
        for (number, stage) in Stage::ALL.into_iter().enumerate() {
            let number = u8::try_from(number).expect("four stages");
            assert_eq!(stage.number(), number);
            assert_eq!(Stage::from_number(number), Some(stage));
            assert_eq!(Stage::from_bits(u32::from(number) | 0xfff0), stage);
        }
        assert_eq!(Stage::from_number(4), None);
        assert!(Stage::ALL.is_sorted());
    }
}
