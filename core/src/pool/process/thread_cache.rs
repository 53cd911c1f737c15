//! Threads that stay for the next run, where runs may be short: to start a
//! thread and to wait for its end takes longer than a small job of a worker
//! process.
//!
//! They only ever run our own code. What a caller's task leaves in the thread
//! would stay as well, so the thread pool does without.

use crate::pool::shared::{Job, Join, LOOKS};
use std::io;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// The threads that have nothing to do. They end with it.
#[derive(Default)]
pub(super) struct ThreadCache {
    idle: Arc<Idle>,
}

#[derive(Default)]
struct Idle(Mutex<Vec<CachedThread>>);

struct CachedThread {
    /// Without it the thread ends.
    jobs: Sender<Job<'static>>,
    /// Each job that is over.
    over: Receiver<()>,
    thread: JoinHandle<()>,
}

impl ThreadCache {
    /// Has a thread do `job`: one that is idle, or a new one. Whoever joins it
    /// makes it idle again. If nobody does it ends when the job is over.
    ///
    /// # Errors
    /// Those of starting a thread.
    pub(super) fn start(&self, name: String, job: Job<'static>) -> io::Result<Join<'static>> {
        let idle = self.idle.lock().pop();
        let hand = idle.map_or_else(|| CachedThread::new(name), Ok)?;
        // It waits: it is idle, and jobs do not panic.
        hand.jobs.send(job).map_err(|_| io::ErrorKind::BrokenPipe)?;
        let idle = Arc::clone(&self.idle);
        Ok(Box::new(move || {
            if wait(&hand.over) {
                idle.lock().push(hand);
            }
        }))
    }

    /// Ends the idle ones.
    pub(super) fn end(&self) {
        let idle = std::mem::take(&mut *self.idle.lock());
        let (lines, threads): (Vec<_>, Vec<_>) = idle
            .into_iter()
            .map(|hand| ((hand.jobs, hand.over), hand.thread))
            .unzip();
        drop(lines);
        for thread in threads {
            // There is nothing to learn from how it ended.
            let _ = thread.join();
        }
    }
}

impl Drop for ThreadCache {
    fn drop(&mut self) {
        self.end();
    }
}

impl Idle {
    fn lock(&self) -> MutexGuard<'_, Vec<CachedThread>> {
        // Nothing that can panic runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CachedThread {
    fn new(name: String) -> io::Result<CachedThread> {
        let (jobs, orders) = channel::<Job<'static>>();
        let (done, over) = channel();
        let thread = thread::Builder::new().name(name).spawn(move || {
            for job in orders {
                job();
                if done.send(()).is_err() {
                    return;
                }
            }
        })?;
        Ok(CachedThread { jobs, over, thread })
    }
}

/// Waits until a job is over, `false` if its thread has gone. Who joins has its
/// outcome already, and is faster than a thread that ends: looks for a moment
/// before it sleeps.
fn wait(over: &Receiver<()>) -> bool {
    for _ in 0..LOOKS {
        match over.try_recv() {
            Ok(()) => return true,
            Err(TryRecvError::Empty) => thread::yield_now(),
            Err(TryRecvError::Disconnected) => return false,
        }
    }
    over.recv().is_ok()
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use super::*;

    /// Does something in a thread and returns the id of that thread.
    fn thread_of(thread_cache: &ThreadCache) -> (thread::ThreadId, Join<'static>) {
        let (say, heard) = channel();
        let job = move || say.send(thread::current().id()).expect("somebody listens");
        let join = thread_cache.start("hand".to_owned(), Box::new(job));
        (heard.recv().expect("it ran"), join.expect("a thread"))
    }

    #[test]
    fn a_joined_thread_does_the_next_job() {
        let thread_cache = ThreadCache::default();
        let (first, join) = thread_of(&thread_cache);
        // It was not joined yet.
        let (other, join_other) = thread_of(&thread_cache);
        assert_ne!(first, other);
        join();
        assert_eq!(thread_of(&thread_cache).0, first);
        join_other();
        assert_eq!(thread_of(&thread_cache).0, other);
    }

    #[test]
    fn a_joined_job_has_dropped_what_it_had() {
        let thread_cache = ThreadCache::default();
        let kept = Arc::new(());
        let its = Arc::clone(&kept);
        let join = thread_cache.start("hand".to_owned(), Box::new(move || drop(its)));
        join.expect("a thread")();
        assert_eq!(Arc::strong_count(&kept), 1);
    }

    #[test]
    fn threads_end_with_their_owner() {
        struct Farewell(Sender<()>);
        impl Drop for Farewell {
            fn drop(&mut self) {
                // The test listens until then.
                let _ = self.0.send(());
            }
        }
        thread_local! {
            static FAREWELL: std::cell::RefCell<Option<Farewell>> =
                const { std::cell::RefCell::new(None) };
        }
        let thread_cache = ThreadCache::default();
        let (say, heard) = channel();
        let job = move || FAREWELL.set(Some(Farewell(say)));
        let join = thread_cache.start("hand".to_owned(), Box::new(job));
        join.expect("a thread")();
        assert!(heard.try_recv().is_err(), "it stays");
        drop(thread_cache);
        heard.try_recv().expect("it has ended");
    }
}
