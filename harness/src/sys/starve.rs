//! Taking processor time away from others.
//!
//! All threads to be starved share one processor with a thread of ours that
//! never rests, and have the policy for idle work, by which they get about a
//! hundredth of it. Where the kernel groups processes by session (autogroup),
//! policies count within a session only, so that the session is made the least
//! important one as well. Neither needs privilege; taking them back does, but
//! without the restless thread they do no harm.

use super::ids::Tid;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// The restless thread. It ends with this value.
pub(crate) struct Hog {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    all: CpuSet,
    one: CpuSet,
}

impl Hog {
    /// Starts it, on the last processor that this process may use.
    pub(crate) fn start() -> io::Result<Hog> {
        let me = nix::unistd::Pid::from_raw(0);
        let all = sched_getaffinity(me)?;
        let last = (0..CpuSet::count())
            .rev()
            .find(|cpu| all.is_set(*cpu).unwrap_or(false))
            .ok_or_else(|| io::Error::other("this process may use no processor"))?;
        let mut one = CpuSet::new();
        one.set(last)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("hog".to_owned())
            .spawn(move || {
                // Anywhere else it would only take less away.
                let _ = sched_setaffinity(me, &one);
                while !stopped.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })?;
        Ok(Hog {
            stop,
            thread: Some(thread),
            all,
            one,
        })
    }

    /// Starves these threads. One that is gone is no error.
    pub(crate) fn press(&self, tids: &[Tid]) {
        for tid in tids {
            let _ = sched_setaffinity((*tid).into(), &self.one);
            policy(*tid, libc::SCHED_IDLE);
            autogroup(*tid, 19);
        }
    }

    /// Restores what these threads had, as far as that is allowed.
    pub(crate) fn relieve(self, tids: &[Tid]) {
        for tid in tids {
            let _ = sched_setaffinity((*tid).into(), &self.all);
            policy(*tid, libc::SCHED_OTHER);
            autogroup(*tid, 0);
        }
    }
}

fn policy(tid: Tid, policy: i32) {
    // SAFETY: all zeroes is a valid value, and priority 0 is the only one of both policies.
    let parameter: libc::sched_param = unsafe { std::mem::zeroed() };
    // SAFETY: reads one live local. Refused or gone, there is nothing else to do.
    let _ = unsafe { libc::sched_setscheduler(tid.number(), policy, &raw const parameter) };
}

fn autogroup(tid: Tid, nice: i32) {
    // There is no such file where the kernel does not group.
    let _ = std::fs::write(format!("/proc/{tid}/autogroup"), nice.to_string());
}

impl Drop for Hog {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It cannot panic, and the next fork wants this process to have one thread.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_starved_process_is_on_one_processor_and_gets_them_all_back() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .expect("cat");
        let tid = Tid::new(child.id() as i32);
        let processors = || {
            let set = sched_getaffinity(tid.into()).expect("affinity");
            (0..CpuSet::count())
                .filter(|cpu| set.is_set(*cpu).unwrap_or(false))
                .count()
        };
        let before = processors();
        let hog = Hog::start().expect("a thread");
        hog.press(&[tid, Tid::new(i32::MAX)]);
        assert_eq!(processors(), 1);
        hog.relieve(&[tid]);
        assert_eq!(processors(), before);
        drop(child.stdin.take());
        child.wait().expect("its end");
    }
}
