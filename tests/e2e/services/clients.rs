//! Requests in flight, and what becomes of them. The table of all planted bugs is that of `tests/services.rs`.

use super::python;
use crate::support::output::{check, says, sigproof_in};
use std::fs;

const SERVICE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/services/service.py");

#[test]
fn a_request_in_flight_is_answered_or_that_is_found() {
    let run = |switch: &'static str| {
        let flags = ["run", "--empty", "--ready", "port:8000"];
        let client = ["--client", "GET /slow", "--signal", "TERM@request"];
        let command = ["--", python(), SERVICE, switch];
        [&flags[..], &client, &command].concat()
    };
    says(
        &run(""),
        0,
        &[
            "GET /slow: answered with 200",
            "✓ served",
            "every contract holds",
        ],
    );
    let directory = tempfile::tempdir().expect("a directory");
    let arguments = run("--drops");
    let output = sigproof_in(directory.path(), &arguments);
    check(
        &output,
        1,
        &["accepted and read when SIGTERM came", "repeated: 3 of 3"],
        &arguments,
    );
    let store = directory.path().join(".sigproof");
    let stored = fs::read_dir(store).expect("it").flatten();
    let mut stored = stored.map(|entry| entry.path().display().to_string());
    let path = stored
        .find(|path| path.ends_with(".json"))
        .expect("a failure");
    let output = sigproof_in(directory.path(), &["replay", &path]);
    check(&output, 1, &["✗ served"], &["replay"]);
}

#[test]
fn a_sweep_finds_the_points_at_which_a_request_is_lost() {
    let directory = tempfile::tempdir().expect("a directory");
    let arguments = [
        "sweep",
        "--empty",
        "--ready",
        "port:8000",
        "--client",
        "GET /items",
        "--only",
        "recvfrom,sendto,accept4",
        "--",
        python(),
        SERVICE,
        "--drops",
    ];
    let output = sigproof_in(directory.path(), &arguments);
    check(
        &output,
        1,
        &[
            "SIGTERM to the process",
            "ready after",
            "a network of its own",
            "✗ served",
            "a request was in flight in",
        ],
        &arguments,
    );
}

#[test]
fn a_client_of_one_s_own_tells_by_lines() {
    let client = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/8000; printf \"GET /slow HTTP/1.0\\r\\n\\r\\n\" >&3; echo sent 1; \
                  read -r line <&3 && echo done 1 || echo broken 1'";
    let run = |switch: &'static str| {
        let flags = ["run", "--empty", "--ready", "port:8000"];
        let client = ["--client-command", client, "--signal", "TERM@request"];
        let command = ["--", python(), SERVICE, switch];
        [&flags[..], &client, &command].concat()
    };
    says(&run(""), 0, &["client 1: done 1", "✓ served"]);
    let directory = tempfile::tempdir().expect("a directory");
    let output = sigproof_in(directory.path(), &run("--drops"));
    let words = ["✗ served", "client 1: broken 1"];
    check(&output, 1, &words, &run("--drops"));
}

/// It says in a file that it has started, and what it was asked. A signal that comes while it goes to wait is handled
/// when somebody asks again.
const LOGS: &str = "\
import signal, socket, sys
log = open('log', 'w')
print('started', file=log, flush=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = socket.create_server(('127.0.0.1', 8000))
while True:
    client, _ = server.accept()
    client.recv(1000)
    print('asked', file=log, flush=True)
    client.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n')
    client.close()
";

/// A service writes what clients send: stopped before they have begun, or have sent all, its files are in a state that
/// no finished run has, and that is nobody's fault.
#[test]
fn what_clients_have_not_sent_is_not_missing() {
    let flags = ["sweep", "--empty", "--ready", "port:8000", "--client"];
    let client = ["POST /items a", "--only", "openat,recvfrom,accept4"];
    let command = ["--", python(), SERVICE];
    let arguments = [&flags[..], &client, &command].concat();
    says(&arguments, 0, &["every contract holds"]);
    // Its log has a first line before anybody can ask.
    let client = ["GET /", "--only", "socket,rt_sigaction"];
    let command = ["--", python(), "-I", "-S", "-c", LOGS];
    let arguments = [&flags[..], &client, &command].concat();
    says(&arguments, 0, &["every contract holds"]);
}

/// A new connection, by which a service that has not ended is asked whether it still answers, wakes it: what it did
/// until then is noted before.
#[test]
fn a_service_that_does_not_end_is_told_of_as_it_was() {
    let at = "TERM@call:accept4(socket)#2@before";
    let flags = [
        "run",
        "--empty",
        "--store",
        "/dev/null/none",
        "--ready",
        "port:8000",
        "--client",
        "GET /",
    ];
    let command = [
        "--grace-period",
        "1s",
        "--signal",
        at,
        "--",
        python(),
        "-I",
        "-S",
        "-c",
        LOGS,
    ];
    let arguments = [&flags[..], &command].concat();
    says(&arguments, 1, &["still running 1000 ms", "in accept4"]);
}

/// Of three clients one is needed, of its connections one, of its requests the one that is lost.
#[test]
fn a_smaller_failure_has_the_clients_that_it_needs() {
    let directory = tempfile::tempdir().expect("a directory");
    let flags = ["run", "--empty", "--ready", "port:8000"];
    let clients = ["GET /many/2", "3x GET /slow", "close GET /"];
    let clients = clients.iter().flat_map(|client| ["--client", *client]);
    let command = [
        "--signal",
        "TERM@request",
        "--",
        python(),
        SERVICE,
        "--drops",
    ];
    let arguments: Vec<&str> = flags.into_iter().chain(clients).chain(command).collect();
    check(
        &sigproof_in(directory.path(), &arguments),
        1,
        &["✗ served"],
        &arguments,
    );
    let store = fs::read_dir(directory.path().join(".sigproof")).expect("a store");
    let stored = store
        .flatten()
        .map(|entry| entry.path().display().to_string())
        .find(|path| path.contains("served") && path.ends_with(".json"))
        .expect("a failure");
    let output = sigproof_in(directory.path(), &["minimize", "-n", "2", &stored]);
    let gone = [
        "the client GET /many/2",
        "the client close GET /",
        "2 of 3 connections",
        "smaller, and shown by 2 of 2 runs",
    ];
    check(&output, 0, &gone, &["minimize"]);
}
