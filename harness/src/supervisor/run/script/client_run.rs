//! One connection's worth of a built-in client: its requests, one after another, over one connection or over several.

use super::connection::{Connection, Happened};
use crate::facts::{Reply, RequestFact};
use crate::script::{Connections, Protocol};
use crate::sys::poller::Poller;
use std::io;

/// How soon a slow reader reads again.
const SLOW_NS: u64 = 2_000_000;
/// What a reader that is not slow reads at a time.
const READ_MAX: usize = 1 << 20;

/// Requests in a row.
pub(super) struct ClientRun {
    client: u32,
    number: u32,
    asks: Connections,
    /// Its place in the poller.
    poll_number: u64,
    connection: Option<Connection>,
    /// The next request that is to be put on a connection.
    next: usize,
    /// There is no connection to be had.
    refused: bool,
    /// Where its first request stands among the facts.
    first_fact: usize,
    next_read_ns: u64,
}

/// What a client is told of its surroundings.
pub(super) struct ClientContext<'a> {
    pub(super) tree: &'a str,
    pub(super) poller: &'a Poller,
    pub(super) now_ns: u64,
}

impl ClientRun {
    /// Adds its requests to the facts.
    pub(super) fn new(
        client: u32,
        number: u32,
        asks: &Connections,
        poll_number: u64,
        facts: &mut Vec<RequestFact>,
    ) -> ClientRun {
        let first_fact = facts.len();
        facts.extend(asks.requests.iter().map(|request| RequestFact {
            name: request.name.clone(),
            body: request.sent_body(),
            client,
            connection: number,
            nth: 1,
            connected_ns: None,
            sent_ns: None,
            ended_ns: None,
            at_fault: Default::default(),
            answer: Reply::Unsent,
        }));
        ClientRun {
            client,
            number,
            asks: asks.clone(),
            poll_number,
            connection: None,
            next: 0,
            refused: false,
            first_fact,
            next_read_ns: 0,
        }
    }

    /// Its place among the clients of the script.
    pub(super) fn client(&self) -> u32 {
        self.client
    }

    /// The poller knows it by this number.
    pub(super) fn poll_number(&self) -> u64 {
        self.poll_number
    }

    /// The connection that it has now.
    pub(super) fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    /// All its requests are over, or it has done what it can of half a request.
    pub(super) fn is_done(&self, facts: &[RequestFact]) -> bool {
        let own = &facts[self.first_fact..self.first_fact + self.asks.requests.len()];
        let open = own.iter().filter(|fact| !fact.answer.is_final()).count();
        match &self.connection {
            _ if open == 0 => true,
            Some(connection) => self.asks.half && open == 1 && connection.is_sent(),
            None => self.refused,
        }
    }

    /// Whether it has a connection on which nobody waits for anything.
    pub(super) fn is_idle(&self) -> bool {
        let waits = |connection: &Connection| !connection.pending.is_empty() && !self.asks.half;
        self.connection
            .as_ref()
            .is_some_and(|connection| !waits(connection))
    }

    /// A slow reader has to be woken.
    pub(super) fn wake_ns(&self) -> Option<u64> {
        let connection = self.connection.as_ref()?;
        let reads = self.asks.slow_read.is_some() && !connection.pending.is_empty();
        reads.then_some(self.next_read_ns)
    }

    /// Closes what it has.
    pub(super) fn close(&mut self, poller: &Poller) {
        if let Some(connection) = self.connection.take() {
            connection.unwatch(poller);
        }
    }

    /// Does what it can without waiting. Returns what happened, in words.
    pub(super) fn go_on(
        &mut self,
        context: &ClientContext<'_>,
        facts: &mut [RequestFact],
    ) -> io::Result<Vec<String>> {
        let mut words = Vec::new();
        // Each round puts a request on a connection, ends one, or is the last.
        loop {
            if self.connection.is_none() && !self.begin(context, facts, &mut words) {
                return Ok(words);
            }
            let is_slow = self.asks.slow_read.is_some();
            let mut read_max = self.asks.slow_read.map_or(READ_MAX, |bytes| bytes as usize);
            if is_slow && context.now_ns < self.next_read_ns {
                read_max = 0;
            } else if is_slow {
                self.next_read_ns = context.now_ns + SLOW_NS;
            }
            let Some(connection) = &mut self.connection else {
                return Ok(words);
            };
            let was_connected = connection.is_connected();
            let happened = match connection.go_on(read_max, context.poller) {
                Ok(happened) => happened,
                Err(_) if !connection.is_connected() => {
                    self.refuse(context, facts, &mut words);
                    return Ok(words);
                }
                Err(error) => return Err(error),
            };
            if !was_connected && connection.is_connected() {
                for pending in &connection.pending {
                    facts[pending.request].connected_ns = Some(context.now_ns);
                }
            }
            let mut went_on = false;
            for happened in happened {
                went_on |= self.take(happened, context, facts, &mut words);
            }
            if !went_on {
                return Ok(words);
            }
        }
    }

    /// Connects for the next request. False when there is none, or no connection.
    fn begin(
        &mut self,
        context: &ClientContext<'_>,
        facts: &mut [RequestFact],
        words: &mut Vec<String>,
    ) -> bool {
        if self.next >= self.asks.requests.len() || self.refused {
            return false;
        }
        let opened = Connection::open(
            &self.asks.address,
            context.tree,
            self.asks.protocol,
            self.asks.slow_read.is_some(),
            self.poll_number,
            context.poller,
        );
        match opened {
            Ok(connection) => self.connection = Some(connection),
            Err(_) => {
                self.refuse(context, facts, words);
                return false;
            }
        }
        self.put(context, facts);
        true
    }

    /// Puts the next request, or with pipelining all that are left, on the connection.
    fn put(&mut self, context: &ClientContext<'_>, facts: &mut [RequestFact]) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        let count = self.asks.requests.len();
        let until = match self.asks.pipeline && self.asks.keep_alive {
            true => count,
            false => count.min(self.next + 1),
        };
        while self.next < until {
            let request = &self.asks.requests[self.next];
            let mut bytes =
                request.bytes(self.asks.protocol, &self.asks.address, self.asks.keep_alive);
            let index = self.first_fact + self.next;
            self.next += 1;
            if self.asks.half && self.next == count {
                bytes.pop();
            }
            let without_body = self.asks.protocol == Protocol::Http && request.method == "HEAD";
            facts[index].nth = connection.push(index, &bytes, without_body);
            if connection.is_connected() {
                facts[index].connected_ns = Some(context.now_ns);
            }
        }
    }

    /// Takes what happened. True when it can go on at once.
    fn take(
        &mut self,
        happened: Happened,
        context: &ClientContext<'_>,
        facts: &mut [RequestFact],
        words: &mut Vec<String>,
    ) -> bool {
        match happened {
            Happened::Sent(request) => {
                let fact = &mut facts[request];
                let is_half =
                    self.asks.half && request + 1 == self.first_fact + self.asks.requests.len();
                if fact.answer != Reply::Unsent {
                    return false;
                }
                fact.answer = Reply::None { bytes: 0 };
                if is_half {
                    words.push(format!("{}: sent but for its end", fact.name));
                } else {
                    fact.sent_ns = Some(context.now_ns);
                    words.push(format!("{}: sent", fact.name));
                }
                false
            }
            Happened::Answered {
                request,
                answer,
                closes,
            } => {
                end(&mut facts[request], answer, context.now_ns, words);
                // What else was put on a connection that ends goes over the next one.
                if closes && let Some(connection) = &self.connection {
                    self.next -= connection.pending.len();
                }
                if closes || !self.asks.keep_alive {
                    self.close(context.poller);
                } else if self.next < self.asks.requests.len() {
                    self.put(context, facts);
                }
                self.next < self.asks.requests.len() || self.connection.is_some()
            }
            Happened::Closed { reset } => {
                let Some(connection) = self.connection.take() else {
                    return false;
                };
                connection.unwatch(context.poller);
                let mut bytes = connection.answer_bytes();
                if connection.pending.is_empty() {
                    let how = if reset { "reset" } else { "closed" };
                    words.push(format!(
                        "connection {}: {how} by the service",
                        self.number + 1
                    ));
                }
                for pending in &connection.pending {
                    let answer = match reset {
                        true => Reply::Reset { bytes },
                        false => Reply::Cut { bytes },
                    };
                    end(&mut facts[pending.request], answer, context.now_ns, words);
                    bytes = 0;
                }
                true
            }
        }
    }

    /// There is no connection: nothing that is left is asked.
    fn refuse(
        &mut self,
        context: &ClientContext<'_>,
        facts: &mut [RequestFact],
        words: &mut Vec<String>,
    ) {
        self.close(context.poller);
        self.refused = true;
        let until = self.first_fact + self.asks.requests.len();
        for fact in &mut facts[self.first_fact..until] {
            if !fact.answer.is_final() {
                end(fact, Reply::Refused, context.now_ns, words);
            }
        }
    }

    /// What is still open when the run is over.
    pub(super) fn finish(&self, facts: &mut [RequestFact]) {
        if let Some(connection) = &self.connection
            && let Some(first) = connection.pending.front()
            && let Reply::None { bytes } = &mut facts[first.request].answer
        {
            *bytes = connection.answer_bytes();
        }
    }
}

fn end(fact: &mut RequestFact, answer: Reply, now_ns: u64, words: &mut Vec<String>) {
    words.push(format!("{}: {}", fact.name, answer.words()));
    fact.answer = answer;
    fact.ended_ns = Some(now_ns);
}
