//! How jobs come to a worker process, and how it learns that its pool is gone:
//! at the end of the socket, even while a job is at work.
//!
//! On Linux a thread waits for that end alone, and the thread that works reads
//! by itself: to hand a job from one thread to the other took longer than the
//! way through the socket. Elsewhere there is no waiting for the end alone, and
//! a thread reads.

use std::io;
use std::os::unix::net::UnixStream;
use std::thread;

use serde::de::DeserializeOwned;

use super::frame;
use crate::sys::worker;

/// The jobs that come over `socket`, as they come. At the end of the socket the
/// process ends, with its group.
///
/// # Errors
/// Those of duplicating a descriptor and of starting a thread.
#[cfg(target_os = "linux")]
pub(super) fn jobs<J>(socket: UnixStream, limit: usize) -> io::Result<impl Iterator<Item = J>>
where
    J: DeserializeOwned + Send + 'static,
{
    let watched = socket.try_clone()?;
    control(move || worker::wait_until_ended(&watched))?;
    // The pool sends a job when it has the reply to the one before, so no more
    // than that is in the buffer.
    let mut socket = io::BufReader::new(socket);
    Ok(std::iter::from_fn(move || read(&mut socket, limit)))
}

/// The jobs that come over `socket`, as they come. At the end of the socket the
/// process ends, with its group.
///
/// # Errors
/// Those of starting a thread.
#[cfg(not(target_os = "linux"))]
pub(super) fn jobs<J>(mut socket: UnixStream, limit: usize) -> io::Result<impl Iterator<Item = J>>
where
    J: DeserializeOwned + Send + 'static,
{
    // At most one job waits here, see above.
    let (sender, receiver) = std::sync::mpsc::channel();
    control(move || {
        while let Some(job) = read(&mut socket, limit) {
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

fn read<J: DeserializeOwned>(socket: &mut impl io::Read, limit: usize) -> Option<J> {
    frame::read(socket, limit).unwrap_or_else(|error| {
        eprintln!("worker: cannot read a job: {error}");
        None
    })
}
