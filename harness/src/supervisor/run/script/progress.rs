//! How far the service has come with each request, from the kernel's tables: which connections it has accepted, and how
//! much of what was sent it has read.

use super::client_run::ClientRun;
use super::connection::Connection;
use crate::facts::{AtFault, Reply, RequestFact};
use crate::script::Address;
use crate::sys::network;
use crate::sys::sockets::{self, TcpSocket, UnixSocket};

/// The sockets of the run's network, at one moment.
pub(super) struct Sockets {
    tcp: Vec<TcpSocket>,
    unix: Vec<UnixSocket>,
}

impl Sockets {
    pub(super) fn now() -> Sockets {
        Sockets {
            tcp: sockets::tcp_sockets(),
            unix: sockets::unix_sockets(),
        }
    }

    /// Those that somebody listens at.
    pub(super) fn listening() -> Sockets {
        Sockets {
            tcp: sockets::tcp_listeners(),
            unix: sockets::unix_sockets(),
        }
    }

    /// The service's end of a TCP connection.
    fn served(&self, port: u16, client_port: u16) -> Option<&TcpSocket> {
        self.tcp.iter().find(|socket| {
            !socket.listens && (socket.local_port, socket.remote_port) == (port, client_port)
        })
    }

    /// How much of what this connection sent has been read, and whether it was accepted.
    fn of_connection(&self, connection: &Connection, address: &Address) -> (bool, u64) {
        match address {
            Address::Tcp(address) => {
                let found = connection
                    .port()
                    .and_then(|own| self.served(address.port(), own));
                match found {
                    Some(socket) => {
                        let unread = socket.unread.min(connection.sent());
                        (socket.inode != 0, connection.sent() - unread)
                    }
                    // It is closed: whatever it has not read it never reads.
                    None => (true, 0),
                }
            }
            Address::Unix(path) => {
                if connection.sent() > 0 && network::is_all_read(connection.socket()) {
                    return (true, connection.sent());
                }
                // Ends that wait to be accepted have no inode, and the listener's name.
                let ours = |socket: &&UnixSocket| {
                    !socket.listens && socket.inode == 0 && socket.path.ends_with(path.as_str())
                };
                (self.unix.iter().find(ours).is_none(), 0)
            }
        }
    }

    /// The least that the service has come with connections of others than built-in clients.
    fn of_commands(&self, own_ports: &[u16]) -> AtFault {
        let listening: Vec<u16> = self
            .tcp
            .iter()
            .filter(|socket| socket.listens)
            .map(|socket| socket.local_port)
            .collect();
        let others = self.tcp.iter().filter(|socket| {
            !socket.listens
                && listening.contains(&socket.local_port)
                && !own_ports.contains(&socket.remote_port)
        });
        let states = others.map(|socket| match (socket.inode, socket.unread) {
            (0, _) => AtFault::Queued,
            (_, 1..) => AtFault::Accepted,
            _ => AtFault::Read,
        });
        states.min().unwrap_or(AtFault::Unsent)
    }
}

/// Notes how far the service has come with each request.
pub(super) fn note(
    clients: &[ClientRun],
    addresses: &[Option<Address>],
    facts: &mut [RequestFact],
) {
    let sockets = Sockets::now();
    for fact in facts.iter_mut() {
        fact.at_fault = match fact.answer {
            Reply::Unsent => AtFault::Unsent,
            Reply::None { .. } => fact.at_fault,
            _ => AtFault::Over,
        };
    }
    let mut ports = Vec::new();
    for run in clients {
        let (Some(connection), Some(Some(address))) =
            (run.connection(), addresses.get(run.client() as usize))
        else {
            continue;
        };
        ports.extend(connection.port());
        let (accepted, read) = sockets.of_connection(connection, address);
        for pending in &connection.pending {
            let fact = &mut facts[pending.request];
            fact.at_fault = match (fact.sent_ns, accepted) {
                (None, _) => AtFault::Unsent,
                (Some(_), false) => AtFault::Queued,
                (Some(_), true) if read > pending.from => AtFault::Read,
                (Some(_), true) => AtFault::Accepted,
            };
        }
    }
    let is_command =
        |fact: &RequestFact| !matches!(addresses.get(fact.client as usize), Some(Some(_)));
    let waits =
        |fact: &&mut RequestFact| is_command(fact) && matches!(fact.answer, Reply::None { .. });
    for fact in facts.iter_mut().filter(waits) {
        fact.at_fault = sockets.of_commands(&ports);
    }
}

impl Sockets {
    /// Whether somebody listens on a TCP port.
    pub(super) fn listens_at(&self, port: u16) -> bool {
        let listens = |socket: &TcpSocket| socket.listens && socket.local_port == port;
        self.tcp.iter().any(listens)
    }

    /// Whether somebody listens on a Unix socket, by its path in the work tree.
    pub(super) fn listens_at_path(&self, path: &str) -> bool {
        let path = path.trim_start_matches("./");
        self.unix.iter().any(|socket| {
            socket.listens && (socket.path == path || socket.path.ends_with(&format!("/{path}")))
        })
    }

    /// The inodes of the listeners at an address.
    pub(super) fn listeners(&self, address: &Address) -> Vec<u64> {
        match address {
            Address::Tcp(address) => self
                .tcp
                .iter()
                .filter(|socket| socket.listens && socket.local_port == address.port())
                .map(|socket| socket.inode)
                .collect(),
            Address::Unix(path) => self
                .unix
                .iter()
                .filter(|socket| socket.listens && socket.path.ends_with(path.as_str()))
                .map(|socket| socket.inode)
                .collect(),
        }
    }
}
