//! Children that have ended: does their parent wait for them?

use super::run_loop::ActiveRun;
use crate::facts::Zombie;
use crate::sys::ids::Pid;
use crate::sys::proc;

/// A child that is dead for this long, while its parent goes on, is not waited
/// for. A program that finishes its active work first is right for two seconds.
const UNREAPED_MS: u64 = 2_000;
/// Children that are watched at a time; a program that makes more of them in
/// two seconds is told by the first.
const DEAD_MAX: usize = 1_000;
/// Zombies that are told.
const ZOMBIES_MAX: usize = 20;

impl ActiveRun<'_> {
    /// A child has ended now.
    pub(crate) fn watch_exit(&mut self, pid: Pid) {
        if self.dead.len() < DEAD_MAX && self.ended_ns.is_none() {
            let now = self.now_ns();
            self.dead.push_back((pid, now));
        }
    }

    /// When the next dead child is to be looked at.
    pub(crate) fn next_burial_ns(&self) -> Option<u64> {
        let (_, ended) = self.dead.front()?;
        Some(ended + UNREAPED_MS * 1_000_000)
    }

    /// Looks at those that have been dead for long.
    pub(crate) fn look_at_dead(&mut self, now: u64) {
        while self.next_burial_ns().is_some_and(|due| due <= now) {
            let Some((pid, ended_ns)) = self.dead.pop_front() else {
                return;
            };
            let us = Pid::current();
            let Some(stat) = proc::stat(pid).filter(|stat| stat.state == 'Z' && stat.parent != us)
            else {
                continue;
            };
            if self.zombies.len() < ZOMBIES_MAX {
                self.zombies.push(Zombie {
                    pid: pid.number(),
                    command: proc::command(pid),
                    parent: stat.parent.number(),
                    parent_command: proc::command(stat.parent),
                    ended_ns,
                    age_ms: (now - ended_ns) / 1_000_000,
                });
            }
        }
    }
}
