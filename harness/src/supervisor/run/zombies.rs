//! Children that have ended: does their parent wait for them?

use crate::facts::Zombie;
use crate::sys::ids::Pid;
use crate::sys::proc;
use std::collections::VecDeque;

/// A child that has been dead for this long, while its parent goes on, is not waited
/// for. A program that finishes its active work first is right for two seconds.
const UNREAPED_NS: u64 = 2_000_000_000;
/// Children that are watched at a time; a program that makes more of them in
/// two seconds is judged by the first.
const DEAD_MAX: usize = 1_000;
/// Zombies that are reported.
const ZOMBIES_MAX: usize = 20;

/// The dead children of one run.
#[derive(Debug, Default)]
pub(crate) struct ZombieWatch {
    /// Those that have ended, and when, in order.
    dead: VecDeque<(Pid, u64)>,
    zombies: Vec<Zombie>,
}

impl ZombieWatch {
    /// A child has ended.
    pub(crate) fn watch_exit(&mut self, pid: Pid, at_ns: u64) {
        if self.dead.len() < DEAD_MAX {
            self.dead.push_back((pid, at_ns));
        }
    }

    /// When the next dead child is to be looked at.
    pub(crate) fn next_ns(&self) -> Option<u64> {
        let (_, ended) = self.dead.front()?;
        Some(ended + UNREAPED_NS)
    }

    /// Looks at those that have been dead for long.
    pub(crate) fn look(&mut self, now_ns: u64) {
        while self.next_ns().is_some_and(|due| due <= now_ns) {
            let Some((pid, ended_ns)) = self.dead.pop_front() else {
                return;
            };
            // What the supervisor has adopted, it waits for.
            let is_zombie = |stat: &proc::Stat| stat.state == 'Z' && stat.parent != Pid::current();
            let Some(stat) = proc::stat(pid).filter(is_zombie) else {
                continue;
            };
            if self.zombies.len() < ZOMBIES_MAX {
                self.zombies.push(Zombie {
                    pid: pid.number(),
                    command: proc::command(pid),
                    parent: stat.parent.number(),
                    parent_command: proc::command(stat.parent),
                    ended_ns,
                    age_ms: (now_ns - ended_ns) / 1_000_000,
                });
            }
        }
    }

    /// Those that nobody waited for.
    pub(crate) fn finish(self) -> Vec<Zombie> {
        self.zombies
    }
}
