//! Starting supervisors, from a thread that lives as long as they may.
//!
//! A supervisor dies with the *thread* that started it (that is how the kernel
//! sees to it that none outlives a killed command), and a replacement is needed
//! in the middle of a sweep, on a thread of the pool.

use crate::error::Error;
use crate::supervisor::{ClientError, Ready, RunLock, Setup, Supervisor};
use crate::target::StartState;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

type Request = (Setup, Arc<RunLock>, Sender<Spawned>);
type Spawned = Result<(Supervisor, Ready), ClientError>;

/// A thread that starts supervisors on request.
pub(crate) struct Spawner {
    requests: Sender<Request>,
}

impl Spawner {
    /// Ends when this value is dropped, and with it every supervisor.
    pub(crate) fn open() -> Result<Spawner, Error> {
        let (requests, taken) = channel::<Request>();
        std::thread::Builder::new()
            .name("supervisors".to_owned())
            .spawn(move || {
                for (setup, turn, answer) in taken {
                    // Who asked may have gone; then the supervisor goes with the answer.
                    let _ = answer.send(started(setup, &turn));
                }
            })
            .map_err(|error| Error::harness(format!("a thread: {error}")))?;
        Ok(Spawner { requests })
    }

    /// Starts one and waits until it is ready.
    pub(crate) fn start(&self, setup: Setup, turn: &Arc<RunLock>) -> Spawned {
        let (answer, answered) = channel();
        let gone = || ClientError::Lost("nobody starts supervisors any more".to_owned());
        let request = (setup, Arc::clone(turn), answer);
        self.requests.send(request).map_err(|_| gone())?;
        answered.recv().map_err(|_| gone())?
    }
}

fn started(setup: Setup, turn: &RunLock) -> Spawned {
    let (limits, private, start) = (setup.target.limits, setup.private, setup.target.start);
    let (mut supervisor, ready) = Supervisor::start(setup, turn)?;
    if start == StartState::Finished {
        supervisor.finish_first(limits, private)?;
    }
    Ok((supervisor, ready))
}
