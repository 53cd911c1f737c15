//! A client that is a command: what it says on its output is what it sees.

use crate::facts::{AtFault, CaptureWriter, CommandFact, ExitStatus, Reply, RequestFact, Stream};
use crate::supervisor::run::streams::Reader;
use crate::sys::ids::Pid;
use crate::sys::poller::Poller;
use crate::sys::spawn::{self, Program, Stdio};
use crate::target::Launch;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;

/// Requests of one command that are followed.
const REQUESTS_MAX: usize = 10_000;
/// A line that is longer is no line of the protocol.
const LINE_BYTES_MAX: usize = 4096;

/// A client command that was started.
pub(super) struct CommandRun {
    client: u32,
    pid: Pid,
    command: String,
    output: Reader,
    poll_number: u64,
    /// The line that is not complete yet.
    line: Vec<u8>,
    capture: CaptureWriter,
    status: Option<ExitStatus>,
    ended_ns: Option<u64>,
}

impl CommandRun {
    /// Starts it.
    ///
    /// # Errors
    /// It cannot be executed: why.
    pub(super) fn start(
        client: u32,
        command: &[String],
        launch: Launch,
        poll_number: u64,
        poller: &Poller,
    ) -> io::Result<CommandRun> {
        let command = command.join(" ");
        let wrong = |error: io::Error| {
            io::Error::new(
                error.kind(),
                format!("the client command {command}: {error}"),
            )
        };
        let (ours, theirs) = spawn::output_pipe()?;
        let input = File::open("/dev/null")?;
        let started = spawn::start(Program {
            path: launch.path,
            argv: launch.argv,
            env: launch.env,
            directory: launch.directory,
            stdio: Stdio::Three(input.as_fd(), theirs.as_fd(), theirs.as_fd()),
            extra: None,
            filter: Vec::new(),
            ignored: Vec::new(),
            gated: false,
        })
        .map_err(wrong)?;
        let pid = started.pid;
        if let Err(failure) = started.executed()? {
            return Err(wrong(io::Error::from_raw_os_error(failure.errno)));
        }
        let output = Reader::new(ours, Stream::Stdout);
        poller.add(output.file(), poll_number)?;
        Ok(CommandRun {
            client,
            pid,
            command,
            output,
            poll_number,
            line: Vec::new(),
            capture: CaptureWriter::default(),
            status: None,
            ended_ns: None,
        })
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Its place among the clients of the script.
    pub(super) fn client(&self) -> u32 {
        self.client
    }

    pub(super) fn poll_number(&self) -> u64 {
        self.poll_number
    }

    pub(super) fn is_done(&self) -> bool {
        self.ended_ns.is_some()
    }

    pub(super) fn ended(&mut self, status: ExitStatus, now_ns: u64) {
        self.status = Some(status);
        self.ended_ns = Some(now_ns);
    }

    /// It was killed by us, which tells nothing.
    pub(super) fn killed(&mut self) {
        self.status = None;
    }

    /// Reads what it says. Returns what happened, in words.
    pub(super) fn read(
        &mut self,
        facts: &mut Vec<RequestFact>,
        now_ns: u64,
        poller: &Poller,
    ) -> io::Result<Vec<String>> {
        let mut words = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            if !self.output.is_open() {
                return Ok(words);
            }
            let count = self.output.read(&mut buffer)?;
            if count == 0 {
                if !self.output.is_open() {
                    poller.remove(self.output.file())?;
                }
                return Ok(words);
            }
            for byte in &buffer[..count] {
                if *byte != b'\n' {
                    self.line.push(*byte);
                    continue;
                }
                let line = std::mem::take(&mut self.line);
                let text = String::from_utf8_lossy(&line).trim().to_owned();
                if !self.told(&text, facts, now_ns) {
                    self.capture.push(&line);
                    self.capture.push(b"\n");
                }
                words.push(text);
            }
            if self.line.len() > LINE_BYTES_MAX {
                self.capture.push(&std::mem::take(&mut self.line));
            }
        }
    }

    /// Takes a line of the protocol: `sent ID`, `done ID`, `refused ID`, `broken ID`. False when it is none.
    fn told(&self, line: &str, facts: &mut Vec<RequestFact>, now_ns: u64) -> bool {
        let Some((word, id)) = line.split_once(' ') else {
            return false;
        };
        let answer = match word {
            "sent" => Reply::None { bytes: 0 },
            "done" => Reply::Whole {
                status: 0,
                bytes: 0,
                hash: 0,
            },
            "refused" => Reply::Refused,
            "broken" => Reply::Cut { bytes: 0 },
            _ => return false,
        };
        let own = |fact: &RequestFact| fact.client == self.client && fact.name == id;
        let known = facts.iter().rposition(own);
        let known = known.filter(|at| !facts[*at].answer.is_final());
        let fact = match known {
            Some(at) => &mut facts[at],
            None if facts.len() >= REQUESTS_MAX => return true,
            None => {
                facts.push(RequestFact {
                    name: id.to_owned(),
                    body: String::new(),
                    client: self.client,
                    connection: 0,
                    nth: 1,
                    connected_ns: None,
                    sent_ns: None,
                    ended_ns: None,
                    at_fault: AtFault::Unsent,
                    answer: Reply::Unsent,
                });
                facts.last_mut().expect("just added")
            }
        };
        if word == "sent" {
            fact.sent_ns = Some(now_ns);
        } else {
            fact.ended_ns = Some(now_ns);
        }
        fact.answer = answer;
        true
    }

    /// What is known of it when the run is over.
    pub(super) fn finish(mut self, poller: &Poller) -> CommandFact {
        if self.output.is_open() {
            let _ = poller.remove(self.output.file());
        }
        self.capture.push(&self.line);
        CommandFact {
            command: self.command,
            status: self.status,
            ended_ns: self.ended_ns,
            output: self.capture.finish(),
        }
    }
}

impl CommandRun {
    /// What it is waited for, in words.
    pub(super) fn words(&self) -> String {
        format!("the client command {} to end", self.command)
    }
}
