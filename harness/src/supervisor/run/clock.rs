//! The clock of a run: the time since the target's program was executed, and when the run has to be over.

use crate::supervisor::protocol::RunRequest;
use std::time::Instant;

/// How often what must die is killed again: a fork can slip past a kill.
const KILL_AGAIN_NS: u64 = 20_000_000;
/// When everything was killed this long ago, something is wrong with the kernel or with us.
const KILL_LIMIT_NS: u64 = 10_000_000_000;

/// The clock. All times are nanoseconds since it was started.
pub(crate) struct Clock {
    born: Instant,
    running: bool,
    ended_ns: Option<u64>,
    killed_ns: Option<u64>,
    stopped_ns: Option<u64>,
    before_ms: u64,
    after_ms: u64,
    grace_ns: u64,
    /// Time that faults have taken from the target, which it gets back.
    allowance_ns: u64,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The program is not executed yet.
    Starting,
    /// The target runs.
    Running,
    /// The target's own process has ended.
    Ended,
    /// Everybody was killed.
    Killed,
}

/// What the deadline depends on: how far the schedule has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// When the last step was applied.
    pub(crate) last_ns: Option<u64>,
    /// When the next step comes due by time alone.
    pub(crate) due_ns: Option<u64>,
    /// There is a next step.
    pub(crate) unfinished: bool,
}

/// A time that is too long to be counted never comes.
fn nanoseconds(ms: u64) -> u64 {
    // A quarter of all numbers leaves room for sums of two.
    ms.saturating_mul(1_000_000).min(u64::MAX / 4)
}

impl Clock {
    pub(crate) fn new(request: &RunRequest) -> Clock {
        Clock {
            born: Instant::now(),
            running: false,
            ended_ns: None,
            killed_ns: None,
            stopped_ns: None,
            before_ms: request.before_ms,
            after_ms: request.after_ms,
            grace_ns: nanoseconds(request.grace_ms),
            allowance_ns: 0,
        }
    }

    pub(crate) fn now_ns(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// The program runs now: time counts from here.
    pub(crate) fn start(&mut self) {
        self.born = Instant::now();
        self.running = true;
    }

    /// The target's own process has ended now.
    pub(crate) fn end(&mut self) {
        self.ended_ns = Some(self.now_ns());
    }

    /// The script has told the target to stop.
    pub(crate) fn stop(&mut self) {
        self.stopped_ns = Some(self.now_ns());
    }

    /// Everybody was killed now, for the first time.
    pub(crate) fn kill(&mut self) {
        self.killed_ns = Some(self.now_ns());
    }

    pub(crate) fn stage(&self) -> Stage {
        match (self.killed_ns, self.ended_ns, self.running) {
            (Some(_), ..) => Stage::Killed,
            (None, Some(_), _) => Stage::Ended,
            (None, None, true) => Stage::Running,
            (None, None, false) => Stage::Starting,
        }
    }

    /// Whether the program was executed.
    pub(crate) fn has_started(&self) -> bool {
        self.running
    }

    /// When the target's own process ended, if it has.
    pub(crate) fn ended_ns(&self) -> Option<u64> {
        self.ended_ns
    }

    /// The target gets more time.
    pub(crate) fn allow(&mut self, ns: u64) {
        self.allowance_ns = self.allowance_ns.saturating_add(ns).min(u64::MAX / 8);
    }

    /// The last moment for the target to end by itself.
    pub(crate) fn deadline_ns(&self, progress: Progress) -> u64 {
        let before = nanoseconds(self.before_ms);
        let Some(last) = progress.last_ns.max(self.stopped_ns) else {
            return before;
        };
        let after =
            last.max(progress.due_ns.unwrap_or(0)) + nanoseconds(self.after_ms) + self.allowance_ns;
        if progress.unfinished {
            // A step that waits for a fact may have to wait as long as the first.
            after.max(before)
        } else {
            after
        }
    }

    /// The deadline that passes next, in milliseconds after the last step or the start.
    pub(crate) fn limit_ms(&self, progress: Progress) -> u64 {
        match progress.last_ns.max(self.stopped_ns) {
            Some(_) => self.after_ms,
            None => self.before_ms,
        }
    }

    /// When the descendants' grace period is over, if it has begun.
    pub(crate) fn grace_over_ns(&self) -> Option<u64> {
        self.ended_ns.map(|ended| ended + self.grace_ns)
    }

    /// Whether even SIGKILL has not ended everybody, for too long.
    pub(crate) fn is_kill_overdue(&self) -> bool {
        let now = self.now_ns();
        self.killed_ns
            .is_some_and(|killed| now - killed > KILL_LIMIT_NS)
    }

    /// When to look again. `due` are the times at which something else comes due.
    pub(crate) fn next_wake_ns(
        &self,
        progress: Progress,
        due: impl Iterator<Item = u64>,
    ) -> Option<u64> {
        if let Some(killed) = self.killed_ns {
            let rounds = (self.now_ns() - killed) / KILL_AGAIN_NS + 1;
            return Some(killed + rounds * KILL_AGAIN_NS);
        }
        if let Some(over) = self.grace_over_ns() {
            return Some(over);
        }
        let deadline = self.deadline_ns(progress);
        if !self.running {
            return Some(deadline);
        }
        due.chain(progress.due_ns).chain([deadline]).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supervisor::protocol::Trace;

    const MS: u64 = 1_000_000;

    fn clock() -> Clock {
        Clock::new(&RunRequest {
            fresh: true,
            command: None,
            trace: Trace::Steps,
            steps: Vec::new(),
            contents: Vec::new(),
            before_ms: 1000,
            after_ms: 100,
            grace_ms: 10,
        })
    }

    #[test]
    fn the_deadline_follows_the_schedule() {
        let mut clock = clock();
        let progress = Progress::default();
        assert_eq!(clock.deadline_ns(progress), 1000 * MS);
        assert_eq!(clock.limit_ms(progress), 1000);
        let fired = Progress {
            last_ns: Some(5 * MS),
            ..progress
        };
        assert_eq!(clock.deadline_ns(fired), 105 * MS);
        clock.allow(7 * MS);
        assert_eq!(clock.deadline_ns(fired), 112 * MS);
        assert_eq!(clock.limit_ms(fired), 100);
        let unfinished = Progress {
            unfinished: true,
            ..fired
        };
        assert_eq!(clock.deadline_ns(unfinished), 1000 * MS);
        let due = Progress {
            due_ns: Some(2000 * MS),
            ..unfinished
        };
        assert_eq!(clock.deadline_ns(due), 2107 * MS);
    }

    #[test]
    fn a_run_goes_from_stage_to_stage() {
        let mut clock = clock();
        let none = Progress::default();
        assert_eq!(clock.stage(), Stage::Starting);
        let due = || [3 * MS].into_iter();
        // Before the start nothing but the deadline counts.
        assert_eq!(clock.next_wake_ns(none, due()), Some(1000 * MS));
        clock.start();
        assert_eq!(clock.stage(), Stage::Running);
        assert_eq!(clock.next_wake_ns(none, due()), Some(3 * MS));
        clock.end();
        assert_eq!(clock.stage(), Stage::Ended);
        assert_eq!(clock.next_wake_ns(none, due()), clock.grace_over_ns());
        clock.kill();
        assert_eq!(clock.stage(), Stage::Killed);
        assert!(!clock.is_kill_overdue());
        assert!(clock.next_wake_ns(none, due()) > Some(clock.now_ns()));
    }

    #[test]
    fn a_time_without_end_never_comes() {
        let mut clock = clock();
        clock.before_ms = u64::MAX;
        clock.after_ms = u64::MAX;
        clock.allow(u64::MAX);
        let progress = Progress {
            last_ns: Some(u64::MAX / 4),
            due_ns: Some(u64::MAX / 4),
            unfinished: true,
        };
        assert!(clock.deadline_ns(progress) > u64::MAX / 4);
    }
}
