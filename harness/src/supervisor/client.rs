//! The command's side: starting a supervisor and asking it for runs.

use super::protocol::{Ready, Request, Response, RunRequest, Setup, SupervisorError, Trace};
use super::run_lock::RunLock;
use crate::error::Error;
use crate::facts::Run;
use crate::facts::Signal;
use crate::supervisor::codec;
use crate::sys::ids::Pid;
use crate::sys::signals::Recipient;
use crate::sys::{proc, reexec, wait};
use crate::target::Limits;
use std::fmt;
use std::io;
use std::os::unix::net::UnixStream;
use std::process::Child;

/// Why there are no facts.
#[derive(Debug)]
pub(crate) enum ClientError {
    /// The supervisor refuses.
    Refused(SupervisorError),
    /// The supervisor is gone, by this end.
    Lost(String),
    /// The socket failed.
    Io(io::Error),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Refused(
                SupervisorError::Isolation(why)
                | SupervisorError::Command(why)
                | SupervisorError::Input(why)
                | SupervisorError::Trace(why)
                | SupervisorError::Harness(why),
            ) => f.write_str(why),
            ClientError::Lost(how) => write!(f, "the supervisor process is gone ({how})"),
            ClientError::Io(error) => write!(f, "the supervisor cannot be reached: {error}"),
        }
    }
}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> ClientError {
        ClientError::Io(error)
    }
}

impl From<ClientError> for Error {
    fn from(error: ClientError) -> Error {
        let text = error.to_string();
        match error {
            // The kernel gives one word for both: no right to trace, and somebody else who does.
            ClientError::Refused(SupervisorError::Trace(_)) => match proc::own_tracer() {
                Some((pid, command)) => Error::harness(format!(
                    "this process is itself traced, by pid {pid} ({command}), and the kernel allows one tracer alone: \
                     run it outside of that; {text}"
                )),
                None => Error::harness(text),
            },
            ClientError::Io(_) if !proc::is_mounted() => Error::harness(
                "there is no /proc here, and nothing can be followed without it: mount -t proc proc /proc",
            ),
            ClientError::Refused(SupervisorError::Command(_) | SupervisorError::Input(_)) => {
                Error::usage(text)
            }
            _ => Error::harness(text),
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
    pub(crate) fn start(
        setup: Setup,
        run_lock: &RunLock,
    ) -> Result<(Supervisor, Ready), ClientError> {
        let (child, socket) = reexec::start_supervisor(run_lock.open()?)?;
        let mut supervisor = Supervisor { child, socket };
        match supervisor.ask(&Request::Setup(Box::new(setup)))? {
            Response::Ready(ready) => Ok((supervisor, ready)),
            other => Err(unexpected(other)),
        }
    }

    /// Pins it to one processor from now on, together with what it runs. The two
    /// alternate, and waking a process on another processor costs several times more.
    pub(crate) fn pin_to_cpu(&mut self) -> Result<(), ClientError> {
        Ok(codec::send(&mut self.socket, &Request::KeepToOne)?)
    }

    /// Runs the target once.
    pub(crate) fn run(&mut self, request: RunRequest) -> Result<Run, ClientError> {
        match self.ask(&Request::Run(Box::new(request)))? {
            Response::Ran(run) => Ok(*run),
            other => Err(unexpected(other)),
        }
    }

    /// Runs the target undisturbed, and takes the state that it leaves for the start state from now on.
    pub(crate) fn finish_first(
        &mut self,
        limits: Limits,
        private: bool,
    ) -> Result<(), ClientError> {
        let run = self.run(RunRequest {
            fresh: true,
            command: None,
            // Without namespaces nothing but the tracer makes sure that all processes end with us.
            trace: if private { Trace::None } else { Trace::Steps },
            steps: Vec::new(),
            contents: Vec::new(),
            before_ms: limits.baseline_ms,
            after_ms: limits.baseline_ms,
            grace_ms: limits.grace_ms,
        })?;
        if run.status.is_none() {
            return Err(ClientError::Refused(SupervisorError::Command(format!(
                "the run that makes the start state (--from finished) did not end within {:.1} s; raise --timeout",
                limits.baseline_ms as f64 / 1000.0
            ))));
        }
        match self.ask(&Request::Adopt)? {
            Response::Adopted => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    /// Its process id, to kill it from another thread.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn ask(&mut self, request: &Request) -> Result<Response, ClientError> {
        let sent = codec::send(&mut self.socket, request);
        match sent.and_then(|()| codec::receive(&mut self.socket)) {
            Ok(Some(Response::Refused(refusal))) => Err(ClientError::Refused(refusal)),
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(self.lost()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(self.lost()),
            Err(error) => Err(error.into()),
        }
    }

    fn lost(&mut self) -> ClientError {
        // Left to be waited for by drop: until then nobody else gets its number.
        let how = wait::peek(Pid::new(self.child.id().cast_signed()))
            .map_or_else(|error| error.to_string(), |status| status.to_string());
        ClientError::Lost(how)
    }
}

/// Kills a supervisor that has not been waited for.
pub(crate) fn kill_supervisor(pid: u32) -> io::Result<()> {
    let pid = i32::try_from(pid).map_err(io::Error::other)?;
    Recipient::Process(Pid::new(pid))
        .send(Signal::KILL)
        .map(drop)
}

fn unexpected(answer: Response) -> ClientError {
    ClientError::Io(io::Error::other(format!("unexpected answer {answer:?}")))
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Its namespace, or ptrace's EXITKILL, takes everything below it along.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
