//! A service that cannot be judged is a clear error, with nothing left.

use super::python;
use crate::support::output::says;

const SERVICE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/services/service.py");

fn sweep<'a>(script: &[&'a str], command: &[&'a str]) -> Vec<&'a str> {
    [&["sweep", "--empty"], script, &["--"], command].concat()
}

#[test]
fn a_service_that_never_gets_ready() {
    says(
        &sweep(
            &["--timeout", "700ms", "--ready", "port:9999"],
            &[python(), SERVICE],
        ),
        2,
        &["not ready within 0.7 s", "a listener on port 9999"],
    );
}

#[test]
fn a_service_that_ends_by_itself() {
    says(
        &sweep(
            &["--ready", "port:8000"],
            &["sh", "-c", "echo no such table >&2; exit 1"],
        ),
        2,
        &[
            "ended by itself before it was ready",
            "exit status 1",
            "no such table",
        ],
    );
}

#[test]
fn a_client_that_never_ends() {
    says(
        &sweep(
            &[
                "--timeout",
                "1500ms",
                "--ready",
                "port:8000",
                "--client-command",
                "sleep 1000",
            ],
            &[python(), SERVICE],
        ),
        2,
        &[
            "did not end within 1.5 s",
            "the client command sh -c sleep 1000 to end",
        ],
    );
}

#[test]
fn a_client_that_fails() {
    says(
        &sweep(
            &[
                "--ready",
                "port:8000",
                "--client-command",
                "echo nobody there; exit 7",
            ],
            &[python(), SERVICE],
        ),
        2,
        &[
            "undisturbed, the client command",
            "exit status 7",
            "nobody there",
        ],
    );
    says(
        &sweep(
            &[
                "--ready",
                "port:8000",
                "--client",
                "GET http://127.0.0.1:8001/",
            ],
            &[python(), SERVICE],
        ),
        2,
        &["undisturbed, GET / (client 1) is refused"],
    );
}

#[test]
fn a_service_that_needs_the_outside() {
    let asks = "import socket; socket.create_connection((\"192.0.2.1\", 80), 1)";
    says(
        &sweep(&["--ready", "port:8000"], &[python(), "-c", asks]),
        2,
        &["to need other machines", "--network host"],
    );
}

#[test]
fn a_service_that_cannot_be_stopped_is_a_finding() {
    says(
        &sweep(
            &[
                "--grace-period",
                "500ms",
                "--ready",
                "port:8000",
                "--client",
                "GET /",
            ],
            &[python(), SERVICE, "--deaf"],
        ),
        1,
        &[
            "✗ exits",
            "told to stop by SIGTERM while it is idle",
            "service.py",
        ],
    );
}

#[test]
fn a_wrong_script_is_named() {
    says(
        &sweep(&["--ready", "prot:8000"], &["true"]),
        2,
        &["--ready: no such readiness: prot:8000"],
    );
    says(
        &sweep(&["--client", "GET /"], &["true"]),
        2,
        &["--client: GET /: where is the service?"],
    );
    says(
        &sweep(&["--pty", "--keys", "<F99>"], &["true"]),
        2,
        &["--keys: <F99>: no such key"],
    );
}
