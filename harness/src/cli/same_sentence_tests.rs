//! The same mistake gets the same sentence on the command line and in a scenario file.

use super::args::{Cli, Verb};
use crate::scenario::Scenario;
use clap::Parser;
use std::path::Path;

/// The flags of a verb, and the scenario with the same mistake: what stands in `[target]`, and what follows it.
struct WrongOption {
    flags: &'static [&'static str],
    target: &'static str,
    action: &'static str,
}

const fn mistake(flags: &'static [&'static str], action: &'static str) -> WrongOption {
    WrongOption {
        flags,
        target: "",
        action,
    }
}

const fn of_target(flags: &'static [&'static str], target: &'static str) -> WrongOption {
    WrongOption {
        flags,
        target,
        action: "[sweep]",
    }
}

const MISTAKES: &[WrongOption] = &[
    // Steps and faults.
    mistake(&["run", "--signal", "INT"], "[run]\nsignals = ['INT']"),
    mistake(
        &["run", "--signal", "ITN@5ms"],
        "[run]\nsignals = ['ITN@5ms']",
    ),
    mistake(
        &["run", "--signal", "INT@output:("],
        "[run]\nsignals = ['INT@output:(']",
    ),
    mistake(
        &["run", "--signal", "INT:terminal@5ms"],
        "[run]\nsignals = ['INT:terminal@5ms']",
    ),
    mistake(
        &["run", "--signal", "TERM:terminal@5ms"],
        "[run]\nsignals = ['TERM:terminal@5ms']",
    ),
    mistake(&["sweep", "--signal", "ITN"], "[sweep]\nsignal = 'ITN'"),
    mistake(&["sweep", "--fault", "ENOSCP"], "[sweep]\nfault = 'ENOSCP'"),
    mistake(&["sweep", "--fault", "hangup"], "[sweep]\nfault = 'hangup'"),
    mistake(
        &["sweep", "--fault", "EIO", "--signal", "INT"],
        "[sweep]\nfault = 'EIO'\nsignal = 'INT'",
    ),
    mistake(
        &["sweep", "--deliver", "nobody"],
        "[sweep]\ndeliver = 'nobody'",
    ),
    mistake(
        &["sweep", "--deliver", "terminal"],
        "[sweep]\ndeliver = 'terminal'",
    ),
    mistake(&["sweep", "--then", "INT"], "[sweep]\nthen = ['INT']"),
    WrongOption {
        flags: &["sweep", "--pty", "--fault", "close"],
        target: "terminal = true",
        action: "[sweep]\nfault = 'close'",
    },
    // Second faults.
    mistake(
        &["sweep", "--second", "in-bed"],
        "[sweep]\nsecond = ['in-bed']",
    ),
    mistake(
        &["sweep", "--second", "in-handler", "--then", "INT@+5ms"],
        "[sweep]\nsecond = ['in-handler']\nthen = ['INT@+5ms']",
    ),
    mistake(
        &["sweep", "--second", "in-handler", "--fault", "EIO"],
        "[sweep]\nsecond = ['in-handler']\nfault = 'EIO'",
    ),
    mistake(
        &["sweep", "--second", "in-handler", "--second-fault", "EIO"],
        "[sweep]\nsecond = ['in-handler']\nsecond-fault = 'EIO'",
    ),
    mistake(
        &["sweep", "--second-fault", "TERM"],
        "[sweep]\nsecond-fault = 'TERM'",
    ),
    mistake(&["sweep", "--pairs", "7"], "[sweep]\npairs = 7"),
    mistake(
        &["sweep", "--second", "in-handler", "--pairs", "0"],
        "[sweep]\nsecond = ['in-handler']\npairs = 0",
    ),
    // Points.
    mistake(
        &["sweep", "--phase", "exits"],
        "[sweep]\nphases = ['exits']",
    ),
    mistake(
        &["sweep", "--fault", "EIO", "--phase", "exit"],
        "[sweep]\nfault = 'EIO'\nphases = ['exit']",
    ),
    mistake(
        &["sweep", "--only", "frobnicate"],
        "[sweep]\nonly = ['frobnicate']",
    ),
    mistake(&["sweep", "--path", "[a-"], "[sweep]\npaths = ['[a-']"),
    mistake(&["sweep", "--after", "soon"], "[sweep]\nafter = 'soon'"),
    mistake(&["sweep", "--confirm", "101"], "[sweep]\nconfirm = 101"),
    // Random schedules.
    mistake(
        &["fuzz", "--fault", "ENOSCP"],
        "[fuzz]\nfaults = ['ENOSCP']",
    ),
    mistake(
        &["fuzz", "--deliver", "terminal"],
        "[fuzz]\ndeliver = ['terminal']",
    ),
    mistake(&["fuzz", "--most", "6"], "[fuzz]\nmost = 6"),
    mistake(&["fuzz", "--runs", "0"], "[fuzz]\nruns = 0"),
    mistake(&["fuzz", "--for", "60"], "[fuzz]\ntime = '60'"),
    mistake(&["fuzz", "--confirm", "101"], "[fuzz]\nconfirm = 101"),
    mistake(
        &["fuzz", "--fault", "EIO", "--phase", "exit"],
        "[fuzz]\nfaults = ['EIO']\nphases = ['exit']",
    ),
    // Contracts.
    mistake(
        &["sweep", "--oracles", "leftover"],
        "[sweep]\n[contract]\noracles = ['leftover']",
    ),
    mistake(
        &["sweep", "--skip", "luck"],
        "[sweep]\n[contract]\nskip = ['luck']",
    ),
    mistake(
        &["sweep", "--keep", "[a-"],
        "[sweep]\n[contract]\nkeep = ['[a-']",
    ),
    mistake(
        &["sweep", "--ok-status", "300"],
        "[sweep]\n[contract]\nok-status = [300]",
    ),
    mistake(
        &["sweep", "--baseline-status", "256"],
        "[sweep]\n[contract]\nbaseline-status = 256",
    ),
    mistake(
        &["sweep", "--handler-budget", "5"],
        "[sweep]\n[contract]\nhandler-budget = '5'",
    ),
    // Targets.
    of_target(&["sweep", "--pty", "--pty-size", "80"], "terminal = '80'"),
    of_target(&["sweep", "--isolation", "none"], "isolation = 'none'"),
    of_target(&["sweep", "--io-uring", "no"], "io-uring = 'no'"),
    of_target(
        &["sweep", "--pty", "--stdin", "/dev/null"],
        "terminal = true\nstdin = '/dev/null'",
    ),
    of_target(
        &["sweep", "--timeout", "1"],
        "[target.limits]\ntimeout = '1'",
    ),
    of_target(
        &["sweep", "--tree-limit", "0"],
        "[target.limits]\ntree-mib = 0",
    ),
    of_target(
        &["sweep", "--copy-limit", "0"],
        "[target.limits]\ncopy-files = 0",
    ),
];

/// What the command says to these flags, in one line.
fn on_the_command_line(flags: &[&str]) -> String {
    let command = ["sigproof"].iter().chain(flags).chain(&["--", "true"]);
    let cli = match Cli::try_parse_from(command) {
        Ok(cli) => cli,
        Err(error) => return error.to_string().replace('\n', " "),
    };
    let checked = match cli.verb {
        Verb::Run(args) => args
            .schedule()
            .and_then(|_| args.contract.contract())
            .and_then(|_| args.target.target(false, None)),
        Verb::Sweep(args) => args
            .options()
            .and_then(|_| args.contract.contract())
            .and_then(|_| args.target.target(false, None)),
        Verb::Fuzz(args) => args
            .options()
            .and_then(|_| args.contract.contract())
            .and_then(|_| args.target.target(false, None)),
        other => panic!("{other:?} has no options of its own"),
    };
    match checked {
        Ok(target) => panic!("{flags:?} is accepted: {target:?}"),
        Err(error) => error.to_string(),
    }
}

/// What a scenario's reader says: the message and the hint.
fn in_a_file(mistake: &WrongOption) -> (String, String) {
    let WrongOption { target, action, .. } = mistake;
    let content = format!("[target]\ncommand = [\"true\"]\n{target}\n{action}\n");
    let diagnostic = match Scenario::parse(Path::new("x.toml"), "x", &content) {
        Ok(_) => panic!("this is accepted:\n{content}"),
        Err(diagnostic) => diagnostic,
    };
    assert!(diagnostic.place().is_some(), "no place: {diagnostic}");
    let hint = diagnostic.hint_text().unwrap_or_default();
    (diagnostic.message().to_owned(), hint.to_owned())
}

#[test]
fn the_same_mistake_gets_the_same_sentence() {
    for mistake in MISTAKES {
        let (message, hint) = in_a_file(mistake);
        let said = on_the_command_line(mistake.flags);
        let flag = mistake.flags.iter().rfind(|flag| flag.starts_with("--"));
        assert!(!hint.is_empty(), "no hint: {message}");
        assert!(
            said.contains(&format!("{message}; {hint}")),
            "file: {message}; {hint}\nflag: {said}"
        );
        let named = mistake
            .flags
            .iter()
            .any(|flag| said.contains(flag) && flag.starts_with("--"));
        assert!(named, "{flag:?} is not named: {said}");
    }
}
