//! The command's side: starting a supervisor and asking it for runs.

use super::protocol::{Answer, Order, Ready, Refusal, RunOrder, Setup};
use super::run_lock::Turn;
use crate::error::Error;
use crate::facts::Run;
use crate::supervisor::codec;
use crate::sys::{reexec, spawn, wait};
use std::fmt;
use std::io;
use std::os::unix::net::UnixStream;
use std::process::Child;

/// Why there are no facts.
#[derive(Debug)]
pub(crate) enum ProbeError {
    /// The supervisor said no.
    Refused(Refusal),
    /// The supervisor is gone, by this end.
    Lost(String),
    /// The socket failed.
    Io(io::Error),
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProbeError::Refused(
                Refusal::Isolation(why)
                | Refusal::Command(why)
                | Refusal::Input(why)
                | Refusal::Trace(why)
                | Refusal::Harness(why),
            ) => f.write_str(why),
            ProbeError::Lost(how) => write!(f, "the supervisor process is gone ({how})"),
            ProbeError::Io(error) => write!(f, "the supervisor cannot be reached: {error}"),
        }
    }
}

impl From<io::Error> for ProbeError {
    fn from(error: io::Error) -> ProbeError {
        ProbeError::Io(error)
    }
}

impl From<ProbeError> for Error {
    fn from(error: ProbeError) -> Error {
        let text = error.to_string();
        match error {
            ProbeError::Refused(Refusal::Command(_) | Refusal::Input(_)) => Error::Usage(text),
            _ => Error::Harness(text),
        }
    }
}

/// A running supervisor. It and everything that it runs die with this value.
pub(crate) struct Supervisor {
    child: Child,
    socket: UnixStream,
}

impl Supervisor {
    /// Starts one. It dies with the calling thread at the latest.
    pub(crate) fn start(setup: Setup, turn: &Turn) -> Result<(Supervisor, Ready), ProbeError> {
        let (child, socket) = reexec::start_supervisor(turn.open()?)?;
        let mut supervisor = Supervisor { child, socket };
        match supervisor.ask(&Order::Setup(Box::new(setup)))? {
            Answer::Ready(ready) => Ok((supervisor, ready)),
            other => Err(unexpected(other)),
        }
    }

    /// It keeps to one processor from now on, together with what it runs. The two
    /// go on by turns, and to wake somebody on another processor costs several times more.
    pub(crate) fn keep_to_one(&mut self) -> Result<(), ProbeError> {
        Ok(codec::send(&mut self.socket, &Order::KeepToOne)?)
    }

    /// Runs the target once.
    pub(crate) fn run(&mut self, order: RunOrder) -> Result<Run, ProbeError> {
        match self.ask(&Order::Run(Box::new(order)))? {
            Answer::Ran(run) => Ok(*run),
            other => Err(unexpected(other)),
        }
    }

    /// A number to kill it by from another thread.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn ask(&mut self, order: &Order) -> Result<Answer, ProbeError> {
        let sent = codec::send(&mut self.socket, order);
        match sent.and_then(|()| codec::receive(&mut self.socket)) {
            Ok(Some(Answer::Refused(refusal))) => Err(ProbeError::Refused(refusal)),
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(self.lost()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(self.lost()),
            Err(error) => Err(error.into()),
        }
    }

    fn lost(&mut self) -> ProbeError {
        // Left to be waited for by drop: until then nobody else gets its number.
        let how = wait::peek(self.child.id())
            .map_or_else(|error| error.to_string(), |status| status.to_string());
        ProbeError::Lost(how)
    }
}

/// Kills a supervisor, by its number, that has not been waited for.
pub(crate) fn kill_supervisor(pid: u32) -> io::Result<()> {
    let pid = i32::try_from(pid).map_err(io::Error::other)?;
    spawn::kill(pid, libc::SIGKILL).map(drop)
}

fn unexpected(answer: Answer) -> ProbeError {
    ProbeError::Io(io::Error::other(format!("unexpected answer {answer:?}")))
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Its namespace, or ptrace's EXITKILL, takes everything below it along.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
