//! The script of one run: how far it has come, and what comes next.

use super::client_command::CommandRun;
use super::client_run::{ClientContext, ClientRun};
use super::keyboard::{self, Keyboard};
use super::late;
use super::progress;
use super::readiness::{Readiness, UnreadyProbe};
use super::rest::Rest;
use crate::facts::{EventKind, ExitStatus, Reply, ServiceFacts, Signal};
use crate::script::{Address, Client, ClientKind, Script};
use crate::supervisor::run::live_target::LiveTarget;
use crate::sys::ids::{Pid, Tid};
use crate::sys::poller::Poller;
use crate::sys::proc;
use crate::sys::signals::Recipient;
use crate::target::Launch;
use std::io;

/// The first number of the script's descriptors in the poller.
pub(crate) const SCRIPT: u64 = 2000;
/// The number of the connection that asks for readiness while the service stops.
const UNREADY: u64 = SCRIPT + 1;

/// What a script needs of its surroundings.
pub(crate) struct Setup {
    pub(crate) script: Script,
    /// How each client that is a command is started, by its place.
    pub(crate) launches: Vec<Option<Launch>>,
    /// The run has a network of its own.
    pub(crate) is_private: bool,
    /// Rows and columns of the terminal.
    pub(crate) terminal: Option<(u16, u16)>,
}

/// How far a script has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The service is not ready yet.
    Starting,
    /// It is ready, and is left to come to rest.
    Ready,
    /// Clients and keys act.
    Acting,
    /// All is done; the service is left to notice it.
    Done,
    /// The service was told to stop.
    Stopped,
}

/// What a schedule can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// The service is ready, and nobody uses it yet.
    Ready,
    /// So many requests were sent, and everybody waits.
    Requests(u32),
}

/// What a run around the script has done so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings {
    /// A thread of the service is held at a point.
    pub(crate) held: bool,
    /// It was asked to stop by the schedule.
    pub(crate) asked_to_stop: bool,
}

/// The script of one run.
pub(crate) struct ScriptRun {
    script: Script,
    launches: Vec<Option<Launch>>,
    /// Where the clients find the service, by their places.
    addresses: Vec<Option<Address>>,
    phase: Phase,
    rest: Rest,
    readiness: Readiness,
    unready: Option<UnreadyProbe>,
    keyboard: Keyboard,
    clients: Vec<ClientRun>,
    commands: Vec<CommandRun>,
    facts: ServiceFacts,
    next_number: u64,
    /// Requests sent when everybody was last at rest.
    requests_at_rest: u32,
}

impl ScriptRun {
    pub(crate) fn new(setup: Setup) -> io::Result<ScriptRun> {
        let Setup {
            script,
            launches,
            is_private,
            terminal,
        } = setup;
        let addresses = script.clients.iter().map(Client::address).collect();
        Ok(ScriptRun {
            readiness: Readiness::new(script.ready.as_ref(), script.stop, is_private)?,
            unready: script.unready.as_ref().map(UnreadyProbe::new),
            keyboard: Keyboard::new(&script.keys, terminal),
            addresses,
            launches,
            phase: Phase::Starting,
            rest: Rest::new(0),
            clients: Vec::new(),
            commands: Vec::new(),
            facts: ServiceFacts::default(),
            next_number: UNREADY + 1,
            requests_at_rest: 0,
            script,
        })
    }

    /// The script.
    pub(crate) fn script(&self) -> &Script {
        &self.script
    }

    /// The target has written.
    pub(crate) fn output(&mut self, bytes: &[u8]) {
        if self.phase == Phase::Starting {
            self.readiness.output(bytes);
        }
        self.keyboard.output(bytes);
        self.rest.disturb();
    }

    /// The target came to a failpoint.
    pub(crate) fn failpoint(&mut self, name: &str) {
        self.readiness.failpoint(name);
    }

    /// Something happened to the target.
    pub(crate) fn disturb(&mut self) {
        self.rest.disturb();
    }

    /// Whether this process is a client.
    pub(crate) fn owns(&self, pid: Pid) -> bool {
        self.commands.iter().any(|command| command.pid() == pid)
    }

    /// When to look again.
    pub(crate) fn next_wake_ns(&self) -> Option<u64> {
        let slow = self.clients.iter().filter_map(ClientRun::wake_ns).min();
        let own = match self.phase {
            Phase::Starting => Some(self.readiness.next_look_ns()),
            Phase::Ready | Phase::Done => Some(self.rest.next_look_ns()),
            Phase::Acting if !self.keyboard.is_done() => Some(self.rest.next_look_ns()),
            Phase::Acting if self.sent() > self.requests_at_rest => Some(self.rest.next_look_ns()),
            Phase::Acting | Phase::Stopped => None,
        };
        let unready = self.unready.as_ref().and_then(UnreadyProbe::next_look_ns);
        slow.into_iter().chain(own).chain(unready).min()
    }

    /// Does what comes next, as far as it can be done without waiting. Returns what was reached.
    pub(crate) fn go_on(
        &mut self,
        target: &mut LiveTarget<'_>,
        around: Surroundings,
    ) -> io::Result<Option<Reached>> {
        if !target.clock.has_started() || target.clock.ended_ns().is_some() {
            return Ok(None);
        }
        if around.asked_to_stop
            && !around.held
            && let Some(unready) = &mut self.unready
            && let Some(what) = unready.look(target, UNREADY)?
        {
            target.push(EventKind::Client { client: 0, what });
        }
        match self.phase {
            Phase::Starting => {
                if let Some(seen) = self.readiness.look(target, SCRIPT)? {
                    let now = target.clock.now_ns();
                    self.readiness.close(target.poller);
                    self.facts.ready_ns = Some(now);
                    target.push(EventKind::Ready { seen });
                    self.rest = Rest::new(now);
                    self.phase = Phase::Ready;
                }
            }
            Phase::Ready => {
                if !around.held && self.is_at_rest(target) {
                    self.phase = Phase::Acting;
                    self.begin(target)?;
                    return Ok(Some(Reached::Ready));
                }
            }
            Phase::Acting => return self.act(target, around),
            Phase::Done => {
                if !around.held && !around.asked_to_stop && self.is_at_rest(target) {
                    self.stop(target)?;
                }
            }
            Phase::Stopped => {}
        }
        Ok(None)
    }

    /// Starts the clients.
    fn begin(&mut self, target: &mut LiveTarget<'_>) -> io::Result<()> {
        let clients = self.script.clients.clone();
        for (index, client) in clients.iter().enumerate() {
            let number = index as u32;
            match &client.kind {
                ClientKind::BuiltIn(connections) => {
                    for connection in 0..connections.count {
                        let at = self.number();
                        let facts = &mut self.facts.requests;
                        let run = ClientRun::new(number, connection, connections, at, facts);
                        self.clients.push(run);
                    }
                }
                ClientKind::Command(words) => {
                    if let Some(launch) = self.launches[index].take() {
                        let at = self.number();
                        let run = CommandRun::start(number, words, launch, at, target.poller)?;
                        self.commands.push(run);
                    }
                }
            }
        }
        for index in 0..self.clients.len() {
            self.drive(index, target)?;
        }
        self.rest = self.rest_from(target.clock.now_ns());
        Ok(())
    }

    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    fn rest_from(&self, now_ns: u64) -> Rest {
        match self.keyboard.is_done() {
            true => Rest::new(now_ns),
            false => Rest::lasting(now_ns, keyboard::REST_NS),
        }
    }

    fn act(
        &mut self,
        target: &mut LiveTarget<'_>,
        around: Surroundings,
    ) -> io::Result<Option<Reached>> {
        let now = target.clock.now_ns();
        for index in 0..self.clients.len() {
            if self.clients[index].wake_ns().is_some_and(|due| due <= now) {
                self.drive(index, target)?;
            }
        }
        if !self.keyboard.is_done() && !around.held {
            if self.is_at_rest(target) {
                if let Some(what) = self.keyboard.go_on(&mut target.streams, now)? {
                    target.push(EventKind::Client { client: 0, what });
                }
                self.rest = self.rest_from(now);
            }
            return Ok(None);
        }
        let sent = self.sent();
        // What was sent may be answered by now: it is told of all the same, before all is done.
        if sent > self.requests_at_rest && !around.held {
            if !self.is_at_rest(target) {
                return Ok(None);
            }
            self.requests_at_rest = sent;
            self.rest = Rest::new(now);
            return Ok(Some(Reached::Requests(sent)));
        }
        if self.is_done() && !around.asked_to_stop && !around.held {
            for client in &mut self.clients {
                client.close(target.poller);
            }
            self.rest = match self.script.keys.is_empty() {
                true => Rest::new(now),
                // A person looks at what the last key has done, too.
                false => Rest::lasting(now, keyboard::REST_NS),
            };
            self.phase = Phase::Done;
        }
        Ok(None)
    }

    /// Whether nothing is left to be done by clients and keys.
    fn is_done(&self) -> bool {
        let facts = &self.facts.requests;
        self.keyboard.is_done()
            && self.clients.iter().all(|client| client.is_done(facts))
            && self.commands.iter().all(CommandRun::is_done)
    }

    /// How many requests were sent whole.
    fn sent(&self) -> u32 {
        let sent = self
            .facts
            .requests
            .iter()
            .filter(|fact| fact.sent_ns.is_some());
        sent.count() as u32
    }

    /// Whether the service and its clients are at rest, now and a moment ago.
    pub(crate) fn is_at_rest(&mut self, target: &LiveTarget<'_>) -> bool {
        let clients: Vec<Tid> = match self.commands.iter().all(CommandRun::is_done) {
            true => Vec::new(),
            false => client_threads(target),
        };
        let threads = target.processes.thread_ids().into_iter().chain(clients);
        self.rest.look(target.clock.now_ns(), true, threads)
    }

    /// Somebody is held from now on until all others are at rest.
    pub(crate) fn await_rest(&mut self, now_ns: u64) {
        self.rest = Rest::new(now_ns);
    }

    /// When to look for rest again.
    pub(crate) fn next_look_ns(&self) -> u64 {
        self.rest.next_look_ns()
    }

    /// Tells the service to stop, now that it is idle.
    fn stop(&mut self, target: &mut LiveTarget<'_>) -> io::Result<()> {
        let signal = self.script.stop;
        target.push(EventKind::Stop { signal });
        self.facts.stopped_ns = Some(target.clock.now_ns());
        target.clock.stop();
        Recipient::Process(target.processes.pid()).send(Signal::new(signal))?;
        self.phase = Phase::Stopped;
        Ok(())
    }

    /// A descriptor of the script has something.
    pub(crate) fn event(&mut self, number: u64, target: &mut LiveTarget<'_>) -> io::Result<()> {
        self.rest.disturb();
        if let Some(index) = self
            .clients
            .iter()
            .position(|client| client.poll_number() == number)
        {
            return self.drive(index, target);
        }
        let now = target.clock.now_ns();
        for command in self
            .commands
            .iter_mut()
            .filter(|command| command.poll_number() == number)
        {
            let client = command.client();
            for what in command.read(&mut self.facts.requests, now, target.poller)? {
                target.log.push(now, EventKind::Client { client, what });
            }
        }
        Ok(())
    }

    /// Lets a built-in client do what it can.
    fn drive(&mut self, index: usize, target: &mut LiveTarget<'_>) -> io::Result<()> {
        let now_ns = target.clock.now_ns();
        let context = ClientContext {
            tree: &target.tree.places.tree,
            poller: target.poller,
            now_ns,
        };
        let run = &mut self.clients[index];
        let client = run.client();
        for what in run.go_on(&context, &mut self.facts.requests)? {
            target.log.push(now_ns, EventKind::Client { client, what });
        }
        Ok(())
    }

    /// A client command has ended.
    pub(crate) fn client_ended(
        &mut self,
        pid: Pid,
        status: ExitStatus,
        was_killed: bool,
        target: &mut LiveTarget<'_>,
    ) -> io::Result<()> {
        self.rest.disturb();
        let now = target.clock.now_ns();
        for command in self
            .commands
            .iter_mut()
            .filter(|command| command.pid() == pid)
        {
            let client = command.client();
            for what in command.read(&mut self.facts.requests, now, target.poller)? {
                target.log.push(now, EventKind::Client { client, what });
            }
            command.ended(status, now);
            if was_killed {
                command.killed();
            }
            let what = format!("ends with {status}");
            target.log.push(now, EventKind::Client { client, what });
        }
        Ok(())
    }

    /// Takes what clients can see now that nobody of the service is left.
    pub(crate) fn look_last(&mut self, target: &mut LiveTarget<'_>) -> io::Result<()> {
        for index in 0..self.clients.len() {
            self.drive(index, target)?;
        }
        Ok(())
    }

    /// Notes how far the service has come with each request, before the first fault.
    pub(crate) fn note_progress(&mut self) {
        progress::note(&self.clients, &self.addresses, &mut self.facts.requests);
    }

    /// Closes connections that nobody uses. True when there were any.
    pub(crate) fn close_idle(&mut self, target: &mut LiveTarget<'_>) -> bool {
        if self.facts.idle_closed_ns.is_some() {
            return false;
        }
        let now = target.clock.now_ns();
        let mut closed = false;
        for client in self.clients.iter_mut().filter(|client| client.is_idle()) {
            client.close(target.poller);
            closed = true;
            let what = "closes a connection that nobody uses".to_owned();
            let client = client.client();
            target.log.push(now, EventKind::Client { client, what });
        }
        if closed {
            self.facts.idle_closed_ns = Some(now);
        }
        closed
    }

    /// Tries new connections, now that the service is gone or has had its time.
    pub(crate) fn try_late(&mut self, target: &LiveTarget<'_>) {
        let addresses: Vec<&Address> = self.addresses.iter().flatten().collect();
        if self.facts.late.is_empty() {
            self.facts.late = late::try_all(&addresses, &target.tree.places.tree);
        }
    }

    /// What it still waits for, in words.
    pub(crate) fn words(&self) -> Option<String> {
        match self.phase {
            Phase::Starting => Some(self.readiness.words()),
            Phase::Ready | Phase::Done => Some("the service to come to rest".to_owned()),
            Phase::Stopped => None,
            Phase::Acting => self.keyboard.words().or_else(|| {
                let open = |fact: &&crate::facts::RequestFact| !fact.answer.is_final();
                let commands = self.commands.iter().filter(|command| !command.is_done());
                let command = commands.map(CommandRun::words).next();
                command.or_else(|| {
                    let fact = self.facts.requests.iter().find(open)?;
                    let how = match fact.answer {
                        Reply::Unsent => "to be sent",
                        _ => "to be answered",
                    };
                    Some(format!("{} {how}", fact.title()))
                })
            }),
        }
    }

    /// What is known when the run is over.
    pub(crate) fn finish(mut self, poller: &Poller) -> ServiceFacts {
        self.readiness.close(poller);
        self.facts.unready = self
            .unready
            .as_mut()
            .and_then(|unready| unready.finish(poller));
        for client in &mut self.clients {
            client.finish(&mut self.facts.requests);
            client.close(poller);
        }
        self.facts.keys_left = self.keyboard.left();
        let commands = self.commands.into_iter();
        self.facts.commands = commands.map(|command| command.finish(poller)).collect();
        self.facts
    }

    /// The run is over, and what the script waited for then.
    pub(crate) fn note_unfinished(&mut self) {
        self.facts.waited_for = self.words();
    }
}

/// Threads of processes below us that are not the target's.
fn client_threads(target: &LiveTarget<'_>) -> Vec<Tid> {
    let all = proc::descendants().into_iter();
    all.filter(|stat| !target.processes.knows(stat.pid))
        .map(|stat| stat.pid.main_thread())
        .collect()
}
