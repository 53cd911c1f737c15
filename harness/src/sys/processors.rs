//! Which processors this process, and what it starts, may use.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use std::io;

/// Those that it had at the start.
pub(crate) struct Processors {
    all: CpuSet,
}

impl Processors {
    pub(crate) fn here() -> io::Result<Processors> {
        let all = sched_getaffinity(Pid::from_raw(0))?;
        Ok(Processors { all })
    }

    /// Pins this process to one of them; `number` selects it, counted round and round.
    pub(crate) fn pin_to_cpu(&self, number: usize) -> io::Result<()> {
        let mine: Vec<usize> = (0..CpuSet::count())
            .filter(|cpu| self.all.is_set(*cpu).unwrap_or(false))
            .collect();
        let Some(cpu) = mine.get(number % mine.len().max(1)) else {
            return Ok(());
        };
        let mut one = CpuSet::new();
        one.set(*cpu)?;
        Ok(sched_setaffinity(Pid::from_raw(0), &one)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_keeps_to_one_of_its_own() {
        // In a thread of its own: affinity is a thread's.
        std::thread::spawn(|| {
            let before = Processors::here().expect("affinity");
            before.pin_to_cpu(7).expect("one of mine");
            let after = Processors::here().expect("affinity").all;
            let set = |cpus: &CpuSet, cpu| cpus.is_set(cpu).unwrap_or(false);
            let left: Vec<usize> = (0..CpuSet::count())
                .filter(|cpu| set(&after, *cpu))
                .collect();
            assert_eq!(left.len(), 1);
            assert!(set(&before.all, left[0]));
        })
        .join()
        .expect("no panic");
    }
}
