//! Whether a service is ready: seen from outside, not asked for (but for HTTP, which has to be). And whether it says
//! that it is not any more, once it was told to stop.

use super::client_run::{ClientContext, ClientRun};
use super::progress::Sockets;
use crate::facts::{Reply, RequestFact, Signal, UnreadyFact};
use crate::script::{Address, Connections, HttpUrl, Protocol, Ready, Request};
use crate::supervisor::run::live_target::LiveTarget;
use crate::sys::network;
use crate::sys::poller::Poller;
use crate::sys::proc;
use crate::sys::proc::SignalSets;
use globset::GlobMatcher;
use regex::bytes::Regex;
use std::fs::File;
use std::io::{self, Read};

/// How soon the tables are looked at again: a little later each time, since who takes long to be ready takes long.
const LOOK_MIN_NS: u64 = 300_000;
const LOOK_MAX_NS: u64 = 3_000_000;
/// A look that takes long itself is not repeated before so many times as long have passed.
const LOOK_REST: u64 = 4;
/// Output that is kept to match a pattern against.
const WINDOW_BYTES: usize = 256 * 1024;

/// The name of the socket that `notify` waits at; an abstract one, so that it belongs to the run's network.
pub(crate) const NOTIFY: &str = "sigproof/notify";

/// Waits for a service to be ready.
pub(super) struct Readiness {
    ready: Option<Ready>,
    stop: Signal,
    pattern: Option<Regex>,
    glob: Option<GlobMatcher>,
    output: Vec<u8>,
    notify: Option<File>,
    /// The failpoint, or the answer over HTTP, has come.
    has_come: bool,
    asks: Asks,
    next_look_ns: u64,
    pause_ns: u64,
}

impl Readiness {
    pub(super) fn new(ready: Option<&Ready>, stop: i32, is_private: bool) -> io::Result<Readiness> {
        let pattern = match ready {
            Some(Ready::Output(pattern)) => Regex::new(pattern).ok(),
            _ => None,
        };
        let glob = match ready {
            Some(Ready::File(glob)) => globset::Glob::new(glob)
                .ok()
                .map(|glob| glob.compile_matcher()),
            _ => None,
        };
        let notify = match ready {
            Some(Ready::Notify) => Some(File::from(network::datagrams(&notify_name(is_private))?)),
            _ => None,
        };
        Ok(Readiness {
            ready: ready.cloned(),
            stop: Signal::new(stop),
            pattern,
            glob,
            output: Vec::new(),
            notify,
            has_come: false,
            asks: Asks::default(),
            next_look_ns: 0,
            pause_ns: LOOK_MIN_NS,
        })
    }

    /// The target has written.
    pub(super) fn output(&mut self, bytes: &[u8]) {
        if self.pattern.is_some() {
            self.output.extend_from_slice(bytes);
            let excess = self.output.len().saturating_sub(WINDOW_BYTES);
            self.output.drain(..excess);
        }
    }

    /// The target came to a failpoint.
    pub(super) fn failpoint(&mut self, name: &str) {
        self.has_come |= matches!(&self.ready, Some(Ready::Failpoint(wanted)) if wanted == name);
    }

    /// When to look again.
    pub(super) fn next_look_ns(&self) -> u64 {
        self.next_look_ns
    }

    /// Looks. Returns what shows that the service is ready.
    pub(super) fn look(
        &mut self,
        target: &LiveTarget<'_>,
        poll_number: u64,
    ) -> io::Result<Option<String>> {
        let now_ns = target.clock.now_ns();
        let is_due = now_ns >= self.next_look_ns;
        if is_due {
            self.next_look_ns = now_ns + self.pause_ns;
            self.pause_ns = LOOK_MAX_NS.min(self.pause_ns * 5 / 4);
        }
        let Some(ready) = &self.ready else {
            return Ok(Some("it runs".to_owned()));
        };
        // What comes as an event is not waited for any longer.
        match ready {
            Ready::Output(_) => {
                let found = self
                    .pattern
                    .as_ref()
                    .and_then(|pattern| pattern.find(&self.output));
                return Ok(found.map(|found| {
                    format!("output {:?}", String::from_utf8_lossy(found.as_bytes()))
                }));
            }
            Ready::Failpoint(name) => {
                return Ok(self.has_come.then(|| format!("failpoint {name}")));
            }
            _ if !is_due => return Ok(None),
            _ => {}
        }
        let seen = self.seen(&ready.clone(), target, poll_number)?;
        let took_ns = target.clock.now_ns() - now_ns;
        self.next_look_ns = self.next_look_ns.max(now_ns + took_ns * (1 + LOOK_REST));
        Ok(seen)
    }

    /// What shows it now, where that does not come as an event.
    fn seen(
        &mut self,
        ready: &Ready,
        target: &LiveTarget<'_>,
        poll_number: u64,
    ) -> io::Result<Option<String>> {
        Ok(match ready {
            Ready::Port(port) => {
                let listens = Sockets::listening().listens_at(*port);
                listens.then(|| format!("it listens on port {port}"))
            }
            Ready::Socket(path) => {
                let listens = Sockets::listening().listens_at_path(path);
                listens.then(|| format!("it listens on {path}"))
            }
            Ready::File(_) => {
                let found = self.glob.as_ref().and_then(|glob| target.tree.find(glob));
                found.map(|path| format!("file {path}"))
            }
            Ready::Handler => {
                let sets = proc::signal_sets(target.processes.pid());
                let handled = sets.is_some_and(|sets| SignalSets::has(sets.caught, self.stop));
                handled.then(|| format!("it handles {}", self.stop))
            }
            Ready::Notify => self.notified()?.then(|| "READY=1".to_owned()),
            Ready::Http(url) => match self.asks.ask(target, url, poll_number)? {
                Some(Reply::Whole { status, .. }) if is_yes(status) => {
                    Some(format!("GET {} answers {status}", url.path))
                }
                _ => None,
            },
            Ready::Output(_) | Ready::Failpoint(_) => None,
        })
    }

    fn notified(&mut self) -> io::Result<bool> {
        let Some(socket) = &mut self.notify else {
            return Ok(false);
        };
        let mut message = [0; 4096];
        loop {
            match socket.read(&mut message) {
                Ok(count) => {
                    let text = String::from_utf8_lossy(&message[..count]);
                    if text.lines().any(|line| line == "READY=1") {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }

    /// Closes what it has.
    pub(super) fn close(&mut self, poller: &Poller) {
        self.asks.close(poller);
        self.notify = None;
    }

    /// What is waited for, in words.
    pub(super) fn words(&self) -> String {
        match &self.ready {
            None => "its start".to_owned(),
            Some(Ready::Port(port)) => format!("a listener on port {port}"),
            Some(Ready::Socket(path)) => format!("a listener on the socket {path}"),
            Some(Ready::File(glob)) => format!("a file {glob}"),
            Some(Ready::Output(pattern)) => format!("output that matches {pattern:?}"),
            Some(Ready::Http(HttpUrl { address, path })) => {
                format!("an answer from http://{address}{path}")
            }
            Some(Ready::Handler) => format!("a handler for {}", self.stop),
            Some(Ready::Notify) => "READY=1 on NOTIFY_SOCKET".to_owned(),
            Some(Ready::Failpoint(name)) => format!("the failpoint {name}"),
        }
    }
}

/// Requests to one URL, one after another, each on a connection of its own.
#[derive(Default)]
struct Asks {
    open: Option<(ClientRun, Vec<RequestFact>)>,
}

impl Asks {
    /// Goes on with a request, or makes the next one. Returns what came of it, once that is known.
    fn ask(
        &mut self,
        target: &LiveTarget<'_>,
        url: &HttpUrl,
        poll_number: u64,
    ) -> io::Result<Option<Reply>> {
        let Ok(tcp) = url.address.parse() else {
            return Ok(None);
        };
        let (run, facts) = self.open.get_or_insert_with(|| {
            let mut facts = Vec::new();
            let connections = Connections {
                address: Address::Tcp(tcp),
                protocol: Protocol::Http,
                requests: vec![Request {
                    name: format!("GET {}", url.path),
                    method: "GET".to_owned(),
                    target: url.path.clone(),
                    body: Vec::new(),
                }],
                count: 1,
                keep_alive: false,
                pipeline: false,
                half: false,
                slow_read: None,
            };
            let run = ClientRun::new(0, 0, &connections, poll_number, &mut facts);
            (run, facts)
        });
        let context = ClientContext {
            tree: &target.tree.places.tree,
            poller: target.poller,
            now_ns: target.clock.now_ns(),
        };
        run.go_on(&context, facts)?;
        if !facts[0].answer.is_final() {
            return Ok(None);
        }
        let answer = facts[0].answer.clone();
        self.close(target.poller);
        Ok(Some(answer))
    }

    fn close(&mut self, poller: &Poller) {
        if let Some((mut run, _)) = self.open.take() {
            run.close(poller);
        }
    }
}

/// Whether this status says that a service is ready.
fn is_yes(status: u16) -> bool {
    (200..400).contains(&status)
}

/// How long after the signal a readiness URL is first asked: nobody asks at the very moment, and a service that closes
/// its listener at once must not be right by luck.
const FIRST_NS: u64 = 100_000_000;
/// How soon it is asked again.
const PAUSE_NS: u64 = 2_000_000;

/// Asks a service that was told to stop whether it is ready, until it says that it is not.
pub(super) struct UnreadyProbe {
    url: HttpUrl,
    asks: Asks,
    fact: Option<UnreadyFact>,
    next_look_ns: u64,
}

impl UnreadyProbe {
    pub(super) fn new(url: &HttpUrl) -> UnreadyProbe {
        UnreadyProbe {
            url: url.clone(),
            asks: Asks::default(),
            fact: None,
            next_look_ns: 0,
        }
    }

    /// When to ask again, if it has begun and is not over.
    pub(super) fn next_look_ns(&self) -> Option<u64> {
        self.fact
            .is_some_and(|fact| !is_over(fact))
            .then_some(self.next_look_ns)
    }

    /// Asks. Returns what was seen, in words, when that is the end of it.
    pub(super) fn look(
        &mut self,
        target: &LiveTarget<'_>,
        poll_number: u64,
    ) -> io::Result<Option<String>> {
        let now_ns = target.clock.now_ns();
        let fact = self.fact.get_or_insert_with(|| {
            self.next_look_ns = now_ns + FIRST_NS;
            UnreadyFact {
                since_ns: now_ns,
                turned_ns: None,
                gone_ns: None,
            }
        });
        let is_due = now_ns >= self.next_look_ns || self.asks.open.is_some();
        if is_over(*fact) || !is_due {
            return Ok(None);
        }
        self.next_look_ns = now_ns + PAUSE_NS;
        let answer = self.asks.ask(target, &self.url, poll_number)?;
        let path = &self.url.path;
        Ok(match answer {
            None => None,
            Some(Reply::Whole { status, .. }) if is_yes(status) => None,
            Some(Reply::Whole { status, .. }) => {
                fact.turned_ns = Some(now_ns);
                Some(format!("GET {path} answers {status}: not ready"))
            }
            Some(answer) => {
                fact.gone_ns = Some(now_ns);
                Some(format!("GET {path} is {}", answer.words()))
            }
        })
    }

    /// What is known when the run is over.
    pub(super) fn finish(&mut self, poller: &Poller) -> Option<UnreadyFact> {
        self.asks.close(poller);
        self.fact
    }
}

fn is_over(fact: UnreadyFact) -> bool {
    fact.turned_ns.is_some() || fact.gone_ns.is_some()
}

/// The abstract name of the socket of `notify`. Without a network of its own, each supervisor has another one.
pub(crate) fn notify_name(is_private: bool) -> String {
    match is_private {
        true => NOTIFY.to_owned(),
        false => format!("{NOTIFY}/{}", std::process::id()),
    }
}
