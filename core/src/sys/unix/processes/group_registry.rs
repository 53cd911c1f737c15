//! The process groups to be killed when the process ends at stage 3.
//!
//! A fixed table of atomics, because the signal handler walks it. A group
//! whose leader was started a moment ago and is not yet in the table escapes:
//! its number is not known before. Workers end by themselves then, by the end
//! of their control socket, and programs with a guardian by its doing; one
//! without (not on Linux) does not.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};

use super::process;

/// Groups that can be registered at a time.
const LIMIT: usize = 1024;

/// The process that they belong to. A forked child inherits the table, and must
/// not kill what its parent has started.
static OWNER: AtomicU32 = AtomicU32::new(0);
static GROUPS: [AtomicI32; LIMIT] = [const { AtomicI32::new(0) }; LIMIT];

/// Between [`stop_all`] and the end of [`continue_all`].
static STOPPED: AtomicBool = AtomicBool::new(false);

/// A registered group; leaves the table when dropped.
#[derive(Debug)]
pub(crate) struct Registration(usize);

/// Registers the group `id`, a positive number; `None` if the table is full.
///
/// The leader of the group must not be reaped while it is registered: until
/// then the number belongs to it.
pub(crate) fn register(id: i32) -> Option<Registration> {
    claim();
    (0..LIMIT)
        .find(|&slot| {
            GROUPS[slot]
                .compare_exchange(0, id, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
        })
        .map(Registration)
}

/// Makes the table this process's own. A forked child has one thread when it
/// comes here first, and begins with an empty table.
fn claim() {
    let ours = process::id();
    let before = OWNER.swap(ours, Ordering::SeqCst);
    if before != ours && before != 0 {
        for slot in &GROUPS {
            slot.store(0, Ordering::SeqCst);
        }
    }
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
    signal_all(libc::SIGKILL);
}

/// Stops every registered group, as Ctrl+Z stops a group in the foreground.
/// One that is registered a moment later goes on. Async-signal-safe.
pub(crate) fn stop_all() {
    STOPPED.store(true, Ordering::SeqCst);
    signal_all(libc::SIGTSTP);
}

/// Lets every registered group go on. Async-signal-safe.
pub(crate) fn continue_all() {
    signal_all(libc::SIGCONT);
    // Last: who finds it false finds the groups at work again.
    STOPPED.store(false, Ordering::SeqCst);
}

/// Whether they were stopped by this process, which is about to stop, too, or
/// to let them go on.
pub(crate) fn are_stopped() -> bool {
    STOPPED.load(Ordering::SeqCst)
}

fn signal_all(signal: libc::c_int) {
    if OWNER.load(Ordering::SeqCst) != process::id() {
        return;
    }
    for slot in &GROUPS {
        let id = slot.load(Ordering::SeqCst);
        if id > 0 {
            send(id, signal);
        }
    }
}

/// Kills the group `id`, a positive number. Async-signal-safe.
pub(crate) fn kill(id: i32) {
    send(id, libc::SIGKILL);
}

/// Lets the group `id`, a positive number, go on.
pub(crate) fn resume(id: i32) {
    send(id, libc::SIGCONT);
}

fn send(id: i32, signal: libc::c_int) {
    // SAFETY: kill takes any arguments. Fails for a group that has just
    // ended, which is as well.
    let _ = unsafe { libc::kill(-id, signal) };
}

impl Drop for Registration {
    fn drop(&mut self) {
        GROUPS[self.0].store(0, Ordering::SeqCst);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::Command;

    use super::*;

    /// It may have a handler of its own, and come to its stage 3.
    #[test]
    fn a_forked_child_does_not_kill_the_groups_of_its_parent() {
        let mut command = Command::new("sleep");
        let mut sleep = command.arg("600").process_group(0).spawn().expect("sleep");
        let id = i32::try_from(sleep.id()).expect("a process id");
        let registration = register(id).expect("room");
        // SAFETY: the child keeps to async-signal-safe calls.
        match unsafe { libc::fork() } {
            0 => {
                kill_all();
                // SAFETY: no precondition.
                unsafe { libc::_exit(0) };
            }
            child => {
                let mut status = -1;
                // SAFETY: our child, and room for its status.
                assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            }
        }
        drop(registration);
        // SAFETY: our child, which is not reaped.
        assert_eq!(unsafe { libc::kill(id, libc::SIGTERM) }, 0);
        let status = sleep.wait().expect("ours");
        assert_eq!(status.signal(), Some(libc::SIGTERM), "it was killed before");
    }
}
