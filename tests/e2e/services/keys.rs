//! Programs for a person at a terminal.

use crate::support::output::{says, sigproof_in, text};

const ASKS: &str = "stty -echo; printf 'name? '; read name; printf 'sure? '; read sure; stty echo; echo $name > greeting";

fn run(keys: &'static str, script: &str) -> Vec<String> {
    let flags = [
        "run",
        "--empty",
        "--pty",
        "--store",
        "/dev/null/none",
        "--keys",
        keys,
    ];
    let rest = ["--signal", "INT@output:sure", "--", "sh", "-c", script];
    flags
        .iter()
        .chain(&rest)
        .map(|word| (*word).to_owned())
        .collect()
}

#[test]
fn keys_are_typed_when_the_screen_shows_what_is_waited_for() {
    let keys = "<wait:name?>you\\r<wait:sure?>yes\\r";
    let right = run(keys, &format!("trap 'stty echo; exit 130' INT; {ASKS}"));
    let right: Vec<&str> = right.iter().map(String::as_str).collect();
    says(&right, 0, &["keys \"you\\r\"", "every contract holds"]);
    // Wrong: the echo stays off.
    let wrong = run(keys, ASKS);
    let wrong: Vec<&str> = wrong.iter().map(String::as_str).collect();
    says(&wrong, 1, &["✗ terminal"]);
}

#[test]
fn a_program_without_clients_is_told_of_by_its_keys() {
    let keys = "<wait:name?>you\\r<wait:sure?>yes\\r";
    let script = format!("trap 'stty echo; exit 130' INT; {ASKS}");
    let flags = [
        "sweep",
        "--empty",
        "--pty",
        "--ready",
        "output:name",
        "--only",
        "openat,read",
        "--keys",
        keys,
    ];
    let arguments = [&flags[..], &["--signal", "INT", "--", "sh", "-c", &script]].concat();
    let directory = tempfile::tempdir().expect("a directory");
    let said = text(&sigproof_in(directory.path(), &arguments));
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("; keys 2; "), "{said}");
    assert!(
        said.contains("served (nobody makes requests; use --client)"),
        "{said}"
    );
    assert!(!said.contains("clients"), "{said}");
}
