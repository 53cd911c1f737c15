//! How jobs come to a worker process, and how it learns that its pool is gone:
//! at the end of the line, even while a job is at work.
//!
//! On Linux a thread waits for that end alone, and the thread that works reads
//! by itself: to hand a job from one thread to the other took longer than the
//! way through the line. Elsewhere there is no waiting for the end alone, and
//! a thread reads.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde::de::DeserializeOwned;

use super::frame::{self, Frame};
use crate::sys::worker;
use crate::sys::worker_channel::WorkerChannel;

/// The jobs that come from a pool, as they come. When the pool is gone, the
/// process ends, with its group.
pub(super) struct Jobs<I> {
    jobs: I,
    asked_to_end: Arc<AtomicBool>,
}

impl<J, I: Iterator<Item = io::Result<J>>> Jobs<I> {
    /// The next job; `None` when the pool asks for the end, or is gone.
    pub(super) fn next(&mut self) -> Option<io::Result<J>> {
        self.jobs.next()
    }

    /// Whether the pool has asked for the end.
    pub(super) fn were_asked_to_end(&self) -> bool {
        self.asked_to_end.load(Ordering::SeqCst)
    }
}

/// Reads jobs from `link`.
///
/// # Errors
/// Those of duplicating a descriptor and of starting a thread.
#[cfg(all(target_os = "linux", not(sigproof_portable)))]
pub(super) fn jobs<J>(
    link: WorkerChannel,
    limit: usize,
) -> io::Result<Jobs<impl Iterator<Item = io::Result<J>>>>
where
    J: DeserializeOwned + Send + 'static,
{
    let watched = link.try_clone()?;
    control(move || {
        watched.wait_until_ended();
        true
    })?;
    let asked_to_end = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&asked_to_end);
    // The pool sends a job when it has the reply to the one before, so no more
    // than that is in the buffer.
    let mut source = io::BufReader::new(link);
    let jobs = std::iter::from_fn(move || read(&mut source, limit, &asked));
    Ok(Jobs { jobs, asked_to_end })
}

/// Reads jobs from `link`.
///
/// # Errors
/// Those of starting a thread.
#[cfg(any(not(target_os = "linux"), sigproof_portable))]
pub(super) fn jobs<J>(
    mut link: WorkerChannel,
    limit: usize,
) -> io::Result<Jobs<impl Iterator<Item = io::Result<J>>>>
where
    J: DeserializeOwned + Send + 'static,
{
    // At most one job waits here, see above.
    let (sender, receiver) = std::sync::mpsc::channel();
    let asked_to_end = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&asked_to_end);
    control(move || {
        while let Some(job) = read(&mut link, limit, &asked) {
            if sender.send(job).is_err() {
                return true;
            }
        }
        !asked.load(Ordering::SeqCst)
    })?;
    let jobs = receiver.into_iter();
    Ok(Jobs { jobs, asked_to_end })
}

/// A thread that ends the process when `until` returns `true`.
fn control(until: impl FnOnce() -> bool + Send + 'static) -> io::Result<()> {
    let spawned = thread::Builder::new()
        .name("control".to_owned())
        .spawn(move || {
            if until() {
                worker::kill_own_group();
            }
        });
    spawned.map(drop)
}

fn read<J: DeserializeOwned>(
    source: &mut impl io::Read,
    limit: usize,
    asked_to_end: &AtomicBool,
) -> Option<io::Result<J>> {
    match frame::read(source, limit) {
        Ok(Frame::Value(job)) => Some(Ok(job)),
        Ok(Frame::End) => {
            asked_to_end.store(true, Ordering::SeqCst);
            None
        }
        Ok(Frame::Closed) => None,
        Err(error) => {
            let text = format!("cannot read a job: {error}");
            Some(Err(io::Error::new(error.kind(), text)))
        }
    }
}
