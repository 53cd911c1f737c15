//! What a sweep finds and is right all the same can be declared, in one line, and by one flag for all of it.

use super::{Inputs, brief, clean, finds};
use std::fs;

/// Three transactions: between two of them the data base is neither old nor finished, and right.
const THREE: &str = "begin; create table if not exists t(x); commit;\n\
                     begin; insert into t values (1); commit;\n\
                     begin; insert into t values (2); commit;\n";

/// A data base that is written in place, half and then whole.
const TORN: &str = "import sqlite3\n\
                    data = sqlite3.connect('a.db')\n\
                    data.execute('create table if not exists t(x)')\n\
                    data.execute('insert into t values (1)')\n\
                    data.commit()\n\
                    data.close()\n\
                    whole = open('a.db', 'rb').read()\n\
                    with open('a.db', 'wb', buffering=0) as torn:\n    \
                    torn.write(whole[:2000])\n    \
                    torn.write(whole[2000:])\n";

#[test]
fn accepted_states_make_a_scenario_that_is_green() {
    let inputs = Inputs::of(&[("three.sql", THREE)]);
    let flags = ["--signal", "KILL"];
    let command = ["sqlite3", "a.db", ".read three.sql"];
    let outcome = inputs.sweep(&flags, &command);
    finds(&outcome, "old-or-new", "a.db has");
    let told = outcome
        .lines
        .iter()
        .filter(|line| line["type"] == "finding");
    let told: Vec<&str> = told.filter_map(|line| line["accept"].as_str()).collect();
    assert!(told.contains(&"--any a.db"), "{told:?}");

    let path = inputs.path("three.toml");
    let accept = format!("--accept={}", path.display());
    let outcome = inputs.sweep(&[&flags[..], &[&accept]].concat(), &command);
    assert_eq!(outcome.code, Some(0), "{}", brief(&outcome));
    let text = fs::read_to_string(&path).expect("a scenario");
    assert!(text.contains("# old-or-new: a.db has"), "{text}");
    clean(&inputs.scenario("three.toml"));

    // The same declarations, and a program that tears its data base.
    let torn = text
        .replace(
            "\"sqlite3\", \"a.db\", \".read three.sql\"",
            "\"/usr/bin/python3\", \"torn.py\"",
        )
        .replace("three.sql", "torn.py");
    let placed = Inputs::of(&[("torn.py", TORN), ("torn.toml", &torn)]);
    finds(&placed.scenario("torn.toml"), "check", "integrity_check");
}

#[test]
fn each_declaration_is_the_one_that_fits() {
    let script = "sleep 0.6 & echo one > log; echo two >> log; echo x > left; rm left; echo 1 > a; echo 22 > a; wait";
    let inputs = Inputs::of(&[]);
    let outcome = inputs.sweep(
        &["--signal", "TERM", "--grace", "50ms"],
        &["bash", "-c", script],
    );
    let told: Vec<&str> = outcome
        .lines
        .iter()
        .filter_map(|line| line["accept"].as_str())
        .collect();
    for wanted in [
        "--prefix log",
        "--any a",
        "--keep left",
        "--daemon 'sleep 0.6'",
    ] {
        assert!(told.contains(&wanted), "{wanted}: {told:?}");
    }
}
