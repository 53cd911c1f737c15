//! The table `[script]` of a scenario file.

use super::python;
use crate::support::output::{check, sigproof_in};
use std::fs;

const SERVICE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/services/service.py");

fn scenario(script: &str, switch: &str) -> String {
    format!(
        "[target]\ncommand = ['{}', '{SERVICE}', '{switch}']\n[script]\n{script}\n\
         [run]\nsignals = ['TERM@request:2']\n",
        python()
    )
}

const SCRIPT: &str = r#"
ready = "port:8000"
grace-period = "5s"
[[script.client]]
requests = ["GET /slow", { post = "/items", body = "a" }]
connections = 2
[[script.client]]
command = ["sh", "-c", "exit 0"]
"#;

#[test]
fn a_script_in_a_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("service.toml");
    fs::write(&file, scenario(SCRIPT, "")).expect("a file");
    let output = sigproof_in(directory.path(), &["test", "service.toml"]);
    check(&output, 0, &["service"], &["right"]);
    fs::write(&file, scenario(SCRIPT, "--drops")).expect("a file");
    let output = sigproof_in(directory.path(), &["test", "service.toml"]);
    check(&output, 1, &["served"], &["wrong"]);
}

/// What a client was told is done has to be there: a sweep with `results` says where it is forgotten.
#[test]
fn what_a_client_was_told_is_done_is_in_the_result() {
    let file = |switch: &str| {
        format!(
            "[target]\ncommand = ['{}', '{SERVICE}', '{switch}']\n\
             [script]\nready = 'port:8000'\n\
             [[script.client]]\nrequests = [{{ post = '/items', body = 'a' }}]\n\
             [run]\nsignals = ['TERM@request']\n\
             [contract]\noracles = ['results', 'served']\n\
             [contract.results]\nsaid = '^done POST /items (.+)'\nfile = 'items.log'\nfound = '^(.+)$'\n",
            python()
        )
    };
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("service.toml");
    for (switch, code, words) in [
        ("", 0, &["service"][..]),
        (
            "--forgets",
            1,
            &["✗ results", "was said to be done, and is not in items.log"],
        ),
    ] {
        fs::write(&path, file(switch)).expect("a file");
        let output = sigproof_in(directory.path(), &["test", "service.toml"]);
        check(&output, code, words, &[switch]);
    }
}

#[test]
fn a_mistake_in_a_script_is_shown_where_it_is() {
    for (script, says) in [
        ("ready = 'prot:1'", "no such readiness: prot:1"),
        (
            "ready = 'port:8000'\n[[script.client]]\nrequests = ['get /']",
            "get is no method",
        ),
        (
            "[[script.client]]\nrequests = ['GET /']",
            "where is the service?",
        ),
        (
            "ready = 'port:8000'\n[[script.client]]\nrequests = [{ post = '/', get = '/' }]",
            "a request has one method",
        ),
        (
            "ready = 'port:8000'\nkeys = ['<F99>']",
            "no such key: <F99>",
        ),
        (
            "ready = 'port:8000'\n[[script.client]]\nconnections = 0",
            "1 to 256 connections",
        ),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        fs::write(directory.path().join("service.toml"), scenario(script, "")).expect("a file");
        let output = sigproof_in(directory.path(), &["test", "service.toml"]);
        check(&output, 2, &[says], &[script]);
    }
}

#[test]
fn a_first_scenario_has_the_script() {
    let directory = tempfile::tempdir().expect("a directory");
    let flags = [
        "init",
        "--empty",
        "--ready",
        "port:8000",
        "--client",
        "2x close POST /items a",
    ];
    let command = ["--out", "service.toml", "--", python(), SERVICE];
    let arguments = [&flags[..], &command].concat();
    let output = sigproof_in(directory.path(), &arguments);
    check(&output, 0, &["wrote service.toml"], &arguments);
    let text = fs::read_to_string(directory.path().join("service.toml")).expect("a scenario");
    for line in [
        "ready = \"port:8000\"",
        "stop = \"TERM\"",
        "http = \"127.0.0.1:8000\"",
        "requests = [{ post = \"/items\", body = \"a\" }]",
        "connections = 2",
        "keep-alive = false",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}
