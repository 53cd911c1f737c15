//! Starting supervisors, from a thread that lives as long as they may.
//!
//! A supervisor dies with the *thread* that started it (that is how the kernel
//! sees to it that none outlives a killed command), and a replacement is needed
//! in the middle of a sweep, on a thread of the pool.

use super::Error;
use crate::probe::{ProbeError, Ready, Setup, Supervisor};
use std::sync::mpsc::{Sender, channel};

type Started = Result<(Supervisor, Ready), ProbeError>;

/// A thread that starts supervisors on request.
pub(super) struct Nursery {
    requests: Sender<(Setup, Sender<Started>)>,
}

impl Nursery {
    /// Ends when this value is dropped, and with it every supervisor.
    pub(super) fn open() -> Result<Nursery, Error> {
        let (requests, taken) = channel::<(Setup, Sender<Started>)>();
        std::thread::Builder::new()
            .name("supervisors".to_owned())
            .spawn(move || {
                for (setup, answer) in taken {
                    // Who asked may have gone; then the supervisor goes with the answer.
                    let _ = answer.send(Supervisor::start(setup));
                }
            })
            .map_err(|error| Error::Harness(format!("a thread: {error}")))?;
        Ok(Nursery { requests })
    }

    /// Starts one and waits until it is ready.
    pub(super) fn start(&self, setup: Setup) -> Started {
        let (answer, answered) = channel();
        let gone = || ProbeError::Lost("nobody starts supervisors any more".to_owned());
        self.requests.send((setup, answer)).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())?
    }
}
