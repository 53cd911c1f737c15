//! How jobs come to a worker process, and how it learns that its pool is gone:
//! at the end of the line, even while a job is at work.
//!
//! On Linux a thread waits for that end alone, and the thread that works reads
//! by itself: to hand a job from one thread to the other took longer than the
//! way through the line. Elsewhere there is no waiting for the end alone, and
//! a thread reads.

use std::io;
use std::thread;

use serde::de::DeserializeOwned;

use super::frame;
use crate::sys::worker;
use crate::sys::worker_channel::WorkerChannel;

/// The jobs that come over `link`, as they come. At the end of the line the
/// process ends, with its group.
///
/// # Errors
/// Those of duplicating a descriptor and of starting a thread.
#[cfg(all(target_os = "linux", not(sigproof_portable)))]
pub(super) fn jobs<J>(link: WorkerChannel, limit: usize) -> io::Result<impl Iterator<Item = J>>
where
    J: DeserializeOwned + Send + 'static,
{
    let watched = link.try_clone()?;
    control(move || watched.wait_until_ended())?;
    // The pool sends a job when it has the reply to the one before, so no more
    // than that is in the buffer.
    let mut jobs = io::BufReader::new(link);
    Ok(std::iter::from_fn(move || read(&mut jobs, limit)))
}

/// The jobs that come over `link`, as they come. At the end of the line the
/// process ends, with its group.
///
/// # Errors
/// Those of starting a thread.
#[cfg(any(not(target_os = "linux"), sigproof_portable))]
pub(super) fn jobs<J>(mut link: WorkerChannel, limit: usize) -> io::Result<impl Iterator<Item = J>>
where
    J: DeserializeOwned + Send + 'static,
{
    // At most one job waits here, see above.
    let (sender, receiver) = std::sync::mpsc::channel();
    control(move || {
        while let Some(job) = read(&mut link, limit) {
            if sender.send(job).is_err() {
                return;
            }
        }
    })?;
    Ok(receiver.into_iter())
}

/// A thread that ends the process when `until` returns.
fn control(until: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let spawned = thread::Builder::new()
        .name("control".to_owned())
        .spawn(move || {
            until();
            worker::kill_own_group();
        });
    spawned.map(drop)
}

fn read<J: DeserializeOwned>(source: &mut impl io::Read, limit: usize) -> Option<J> {
    frame::read(source, limit).unwrap_or_else(|error| {
        eprintln!("worker: cannot read a job: {error}");
        None
    })
}
