//! Time: when a run has to be over, and what happens then.

use super::run_loop::{ActiveRun, RunError};
use crate::facts::{EventKind, Orphan, Signal, Stuck};
use crate::sys::ids::Pid;
use crate::sys::proc;
use crate::sys::signals::Recipient;
use std::io;

/// How often what must die is killed again: a fork can slip past a kill.
const KILL_AGAIN_MS: u64 = 20;
/// When everything was killed this long ago, something is wrong with the kernel or with us.
const KILL_LIMIT_MS: u64 = 10_000;

/// A time that is too long to be counted never comes.
fn nanoseconds(ms: u64) -> u64 {
    // A quarter of all numbers leaves room for sums of two.
    ms.saturating_mul(1_000_000).min(u64::MAX / 4)
}

impl ActiveRun<'_> {
    /// The last moment for the target to end by itself.
    pub(crate) fn deadline_ns(&self) -> u64 {
        let before = nanoseconds(self.order.before_ms);
        let Some(last) = self.cursor.fired_ns.iter().flatten().max() else {
            return before;
        };
        let after = last.max(&self.cursor.due_ns().unwrap_or(0))
            + nanoseconds(self.order.after_ms)
            + self.allowance_ns;
        match self.cursor.current() {
            // A step that waits for a fact may have to wait as long as the first.
            Some(_) => after.max(before),
            None => after,
        }
    }

    pub(crate) fn next_wake_ns(&self) -> Option<u64> {
        if let Some(killed) = self.killed_ns {
            let now = self.now_ns();
            let rounds = (now - killed) / (KILL_AGAIN_MS * 1_000_000) + 1;
            return Some(killed + rounds * KILL_AGAIN_MS * 1_000_000);
        }
        if let Some(ended) = self.ended_ns {
            return Some(ended + nanoseconds(self.order.grace_ms));
        }
        if !self.running {
            return Some(self.deadline_ns());
        }
        let due = [
            self.cursor.due_ns(),
            self.later.next_ns(),
            self.next_burial_ns(),
        ];
        due.into_iter().flatten().chain([self.deadline_ns()]).min()
    }

    /// Does what has come due.
    pub(crate) fn keep_time(&mut self) -> Result<(), RunError> {
        let now = self.now_ns();
        if let Some(killed) = self.killed_ns {
            if now - killed > KILL_LIMIT_MS * 1_000_000 {
                return Err(io::Error::other(format!(
                    "processes survive SIGKILL: {:?}",
                    proc::descendants()
                        .iter()
                        .map(|stat| stat.pid.number())
                        .collect::<Vec<_>>()
                ))
                .into());
            }
            self.kill_everybody();
            return Ok(());
        }
        if let Some(ended) = self.ended_ns {
            if !self.alone && now >= ended + nanoseconds(self.order.grace_ms) {
                self.orphans = proc::descendants()
                    .iter()
                    .map(|stat| Orphan {
                        pid: stat.pid.number(),
                        command: proc::command(stat.pid),
                        group: stat.group.number(),
                        session: stat.session,
                    })
                    .collect();
                self.killed_ns = Some(now);
                self.kill_everybody();
            }
            return Ok(());
        }
        self.look_at_dead(now);
        self.do_later()?;
        if self.running && self.cursor.due_ns().is_some_and(|due| due <= now) {
            let met = "its time".to_owned();
            self.inject_due(met, None)?;
        }
        if now >= self.deadline_ns() && self.ended_ns.is_none() {
            let limit_ms = if self.cursor.any_fired() {
                self.order.after_ms
            } else {
                self.order.before_ms
            };
            self.end_by_force(EventKind::Deadline { limit_ms });
        }
        Ok(())
    }

    /// It does nothing but send itself a signal. That is as good as its deadline, unless the schedule has more for it.
    pub(crate) fn spins(&mut self, pid: Pid, signal: Signal, times: u32) {
        let nothing_comes = self.cursor.any_fired()
            && self.cursor.current().is_none()
            && self.later.next_ns().is_none();
        if nothing_comes && self.ended_ns.is_none() && self.killed_ns.is_none() {
            self.end_by_force(EventKind::Spins {
                pid: pid.number(),
                signal: signal.number(),
                times,
            });
        }
    }

    /// It will not end by itself.
    fn end_by_force(&mut self, why: EventKind) {
        self.push(why);
        self.deadline_passed = true;
        self.stuck = proc::descendants()
            .iter()
            .map(|stat| Stuck {
                pid: stat.pid.number(),
                command: proc::command(stat.pid),
                state: stat.state,
                call: proc::waiting_in(stat.pid),
                cpu_ms: stat.cpu_ms,
            })
            .collect();
        self.killed_ns = Some(self.now_ns());
        self.kill_everybody();
    }

    pub(crate) fn kill_everybody(&self) {
        for stat in proc::descendants() {
            // Refused for nobody below us; one that is gone is what we want.
            let _ = Recipient::Process(stat.pid).send(Signal::KILL);
        }
    }
}
