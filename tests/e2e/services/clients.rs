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
