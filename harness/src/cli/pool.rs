//! The supervisors of a session.

use super::stdio::warn;
use crate::error::Error;
use crate::execute::SupervisorPool;
use crate::target::{Isolation, Target};

/// The number of parallel runs: as asked for, otherwise one for each CPU.
pub(super) fn parallel_runs(jobs: Option<usize>) -> usize {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    jobs.unwrap_or_else(processors)
}

/// Opens a pool, and reports what it cleaned up.
pub(super) fn open_pool(
    target: &Target,
    jobs: usize,
    isolation: Isolation,
) -> Result<SupervisorPool, Error> {
    let pool = SupervisorPool::open(target, jobs, isolation)?;
    for directory in &pool.removed {
        warn(&format!(
            "removed the work tree of a session that was killed: {}",
            directory.display()
        ));
    }
    if !pool.private() && isolation != Isolation::Copy {
        // Named now, because a session that is killed cannot name it any more.
        warn(&format!("work trees are at {}", pool.tree()));
    }
    Ok(pool)
}
