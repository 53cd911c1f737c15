//! The process groups to be killed when the process ends at stage 3.
//!
//! A fixed table of atomics, because the signal handler walks it. A group
//! whose leader was started a moment ago and is not yet in the table escapes:
//! its number is not known before. Workers end by themselves then, by the end
//! of their control socket, and programs with a guardian by its doing; one
//! without (not on Linux) does not.

use std::io;
use std::sync::atomic::{AtomicI32, Ordering};

/// Groups that can be registered at a time.
const LIMIT: usize = 1024;

static GROUPS: [AtomicI32; LIMIT] = [const { AtomicI32::new(0) }; LIMIT];

/// A registered group; leaves the table when dropped.
#[derive(Debug)]
pub(crate) struct Registration(usize);

/// Registers the group `id`, a positive number; `None` if the table is full.
///
/// The leader of the group must not be reaped while it is registered: until
/// then the number belongs to it.
pub(crate) fn register(id: i32) -> Option<Registration> {
    (0..LIMIT)
        .find(|&slot| {
            GROUPS[slot]
                .compare_exchange(0, id, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
        })
        .map(Registration)
}

/// The table is full.
pub(crate) fn too_many() -> io::Error {
    io::Error::new(
        io::ErrorKind::QuotaExceeded,
        format!("more than {LIMIT} process groups"),
    )
}

/// Kills every registered group. Async-signal-safe.
pub(crate) fn kill_all() {
    for slot in &GROUPS {
        let id = slot.load(Ordering::SeqCst);
        if id > 0 {
            kill(id);
        }
    }
}

/// Kills the group `id`, a positive number. Async-signal-safe.
pub(crate) fn kill(id: i32) {
    // SAFETY: kill takes any arguments. Fails for a group that has just
    // ended, which is as well.
    let _ = unsafe { libc::kill(-id, libc::SIGKILL) };
}

impl Drop for Registration {
    fn drop(&mut self) {
        GROUPS[self.0].store(0, Ordering::SeqCst);
    }
}
