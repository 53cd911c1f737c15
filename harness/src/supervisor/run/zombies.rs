//! Children that have ended: does their parent wait for them, and how long do they have to wait?

use crate::facts::Zombie;
use crate::sys::ids::Pid;
use crate::sys::proc;

/// When a dead child is looked at, counted from its end.
const LOOKS_MS: [u64; 7] = [50, 100, 200, 400, 800, 1_600, 2_000];
/// Children that are watched at a time; a program that makes more of them is judged by the first.
const DEAD_MAX: usize = 1_000;
/// Zombies that are reported.
const ZOMBIES_MAX: usize = 20;

/// The dead children of one run.
#[derive(Debug, Default)]
pub(crate) struct ZombieWatch {
    dead: Vec<Dead>,
    zombies: Vec<Zombie>,
}

/// A child that has ended.
#[derive(Debug)]
struct Dead {
    pid: Pid,
    ended_ns: u64,
    /// How often it was looked at.
    looks: usize,
    /// What was seen of it, once it was seen unwaited for.
    seen: Option<Zombie>,
}

impl Dead {
    fn next_ns(&self) -> Option<u64> {
        let after_ms = LOOKS_MS.get(self.looks)?;
        Some(self.ended_ns + after_ms * 1_000_000)
    }

    /// Whether it still waits for its parent.
    fn look(&mut self, now_ns: u64) -> bool {
        self.looks += 1;
        // What the supervisor has adopted, it waits for.
        let is_zombie = |stat: &proc::Stat| stat.state == 'Z' && stat.parent != Pid::current();
        let Some(stat) = proc::stat(self.pid).filter(is_zombie) else {
            return false;
        };
        let age_ms = (now_ns - self.ended_ns) / 1_000_000;
        match &mut self.seen {
            Some(seen) => seen.age_ms = age_ms,
            None => {
                self.seen = Some(Zombie {
                    pid: self.pid.number(),
                    command: proc::command(self.pid),
                    parent: stat.parent.number(),
                    parent_command: proc::command(stat.parent),
                    ended_ns: self.ended_ns,
                    age_ms,
                });
            }
        }
        true
    }
}

impl ZombieWatch {
    /// A child has ended.
    pub(crate) fn watch_exit(&mut self, pid: Pid, at_ns: u64) {
        // A number that comes again: its parent's death has made it ours, and we wait for it.
        if let Some(known) = self.dead.iter().position(|dead| dead.pid == pid) {
            let dead = self.dead.swap_remove(known);
            self.keep(dead);
            return;
        }
        if self.dead.len() < DEAD_MAX {
            self.dead.push(Dead {
                pid,
                ended_ns: at_ns,
                looks: 0,
                seen: None,
            });
        }
    }

    /// When the next dead child is to be looked at.
    pub(crate) fn next_ns(&self) -> Option<u64> {
        self.dead.iter().filter_map(Dead::next_ns).min()
    }

    /// Looks at those that are due.
    pub(crate) fn look(&mut self, now_ns: u64) {
        let mut place = 0;
        while let Some(dead) = self.dead.get_mut(place) {
            let is_due = dead.next_ns().is_some_and(|due| due <= now_ns);
            if is_due && !dead.look(now_ns) {
                let dead = self.dead.swap_remove(place);
                self.keep(dead);
            } else {
                place += 1;
            }
        }
    }

    /// The target has ended. Those that it has not waited for till then, which are the supervisor's now, it never will.
    pub(crate) fn target_ended(&mut self, now_ns: u64) {
        for dead in &mut self.dead {
            let is_there = || proc::stat(dead.pid).is_some_and(|stat| stat.state == 'Z');
            if let Some(seen) = &mut dead.seen
                && is_there()
            {
                seen.age_ms = (now_ns - dead.ended_ns) / 1_000_000;
            }
        }
    }

    fn keep(&mut self, dead: Dead) {
        if self.zombies.len() < ZOMBIES_MAX {
            self.zombies.extend(dead.seen);
        }
    }

    /// Those that had to wait, each for as long as that was seen.
    pub(crate) fn finish(mut self) -> Vec<Zombie> {
        for dead in std::mem::take(&mut self.dead) {
            self.keep(dead);
        }
        self.zombies.sort_by_key(|zombie| zombie.ended_ns);
        self.zombies
    }
}
