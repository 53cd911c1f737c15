//! Every kind of mistake in a scenario file gets its line, its column and a hint.

use sigproof::internals::{Diagnostic, Scenario};
use std::path::Path;

/// A scenario without a mistake.
const RIGHT: &str = r#"
description = "it stops"

[target]
command = ["sh", "-c", "echo ready; sleep 5"]
files = { "words.txt" = "one\n" }
terminal = "24x80"

[target.limits]
deadline = "1.5s"

[run]
signals = ["INT@output:'ready'", "INT@+200ms"]

[contract]
skip = ["rerun"]
ok-status = [3]
keep = ["*.checkpoint"]

[contract.budget]
runs = 5
acknowledged = { p50 = "100ms", p99 = "1s" }
exit.1 = "2s"

[messages]
lines = ["ready"]
redact = [{ pattern = '\d+ files', with = "[N] files" }]
"#;

fn parse(content: &str) -> Result<Scenario, Diagnostic> {
    Scenario::parse(Path::new("gate.toml"), "gate", content)
}

/// Name, what of the right one is replaced, and by what.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("syntax", "skip = [\"rerun\"]", "skip = [\"rerun\""),
    ("unknown_key", "command =", "comand ="),
    ("key_of_another_table", "runs = 5", "deadline = \"2s\""),
    ("unknown_table", "[contract]\n", "[contracts]\n"),
    ("missing_target", "", "[run]\nsignals = []\n"),
    ("signals_are_missing", "signals =", "# signals ="),
    (
        "missing_command",
        "command = [\"sh\", \"-c\", \"echo ready; sleep 5\"]",
        "",
    ),
    (
        "wrong_type",
        "command = [\"sh\", \"-c\", \"echo ready; sleep 5\"]",
        "command = \"sh -c true\"",
    ),
    (
        "empty_command",
        "command = [\"sh\", \"-c\", \"echo ready; sleep 5\"]",
        "command = []",
    ),
    (
        "number_for_a_duration",
        "deadline = \"1.5s\"",
        "deadline = 1500",
    ),
    (
        "duration_without_a_unit",
        "deadline = \"1.5s\"",
        "deadline = \"1500\"",
    ),
    ("unknown_signal", "\"INT@+200ms\"", "\"ITN@+200ms\""),
    ("step_without_a_moment", "\"INT@+200ms\"", "\"INT\""),
    ("unknown_trigger", "\"INT@+200ms\"", "\"INT@ouput:'ready'\""),
    (
        "unknown_oracle",
        "skip = [\"rerun\"]",
        "skip = [\"reruns\"]",
    ),
    ("bad_glob", "\"*.checkpoint\"", "\"[a-\""),
    ("bad_expression", "'\\d+ files'", "'(\\d+ files'"),
    (
        "status_out_of_range",
        "ok-status = [3]",
        "ok-status = [300]",
    ),
    ("bad_size", "terminal = \"24x80\"", "terminal = \"80\""),
    (
        "typing_without_a_terminal",
        "\"INT@+200ms\"",
        "\"INT:terminal@+200ms\"",
    ),
    (
        "typing_what_has_no_key",
        "\"INT@+200ms\"",
        "\"TERM:terminal@+200ms\"",
    ),
    (
        "run_and_sweep",
        "[contract]\n",
        "[sweep]\nsignal = \"INT\"\n\n[contract]\n",
    ),
    (
        "neither_run_nor_sweep",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "",
    ),
    (
        "file_outside_the_tree",
        "\"words.txt\" =",
        "\"../words.txt\" =",
    ),
    (
        "unknown_substitution",
        "\"sh\", \"-c\"",
        "\"{bim:prog}\", \"-c\"",
    ),
    (
        "directory_and_view",
        "files = { \"words.txt\" = \"one\\n\" }",
        "directory = \"a\"\nview = \"b\"",
    ),
    (
        "budget_for_a_signal_that_is_not_sent",
        "exit.1 =",
        "exit.3 =",
    ),
    (
        "budget_in_a_sweep",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "[sweep]",
    ),
    (
        "expression_without_a_group",
        "keep =",
        "results = { said = 'done', file = \"out\", found = '(x)' }\nkeep =",
    ),
    (
        "signals_too_near",
        "keep =",
        "escalation = { gap = \"10ms\" }\nkeep =",
    ),
    (
        "screen_without_a_terminal",
        "lines = [\"ready\"]",
        "screen = true",
    ),
    (
        "signal_and_fault",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "[sweep]\nsignal = \"TERM\"\nfault = \"ENOSPC\"",
    ),
    (
        "unknown_fault",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "[sweep]\nfault = \"ENOSPACE\"",
    ),
    (
        "phase_of_an_error",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "[sweep]\nfault = \"ENOSPC\"\nphases = [\"before\"]",
    ),
    (
        "then_and_second",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "[sweep]\nthen = [\"INT@+50ms\"]\nsecond = [\"in-handler\"]",
    ),
    (
        "second_after_an_error",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "[sweep]\nfault = \"ENOSPC\"\nsecond = [\"in-cleanup\"]",
    ),
    (
        "second_fault_without_a_place",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "[sweep]\nsecond-fault = \"TERM\"",
    ),
    (
        "unknown_place",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "[sweep]\nsecond = [\"in-clean-up\"]",
    ),
    (
        "error_as_a_second_fault",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "[sweep]\nsecond = [\"in-handler\"]\nsecond-fault = \"EIO\"",
    ),
    (
        "hangup_without_a_terminal",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "[sweep]\nfault = \"hangup\"",
    ),
    (
        "sweep_and_fuzz",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "[sweep]\n[fuzz]",
    ),
    (
        "too_many_faults",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "[fuzz]\nmost = 6",
    ),
    (
        "budget_in_a_fuzz_session",
        "[run]\nsignals = [\"INT@output:'ready'\", \"INT@+200ms\"]",
        "[fuzz]\nfaults = [\"INT\", \"ENOSPC\"]",
    ),
    (
        "key_twice",
        "lines = [\"ready\"]",
        "lines = [\"ready\"]\nlines = []",
    ),
];

#[test]
fn the_scenario_without_a_mistake_is_read() {
    let scenario = parse(RIGHT).unwrap_or_else(|mistake| panic!("{}", mistake.render(false, 100)));
    assert_eq!(scenario.name, "gate");
}

#[test]
fn each_mistake_gets_its_place_and_a_hint() {
    for (name, from, to) in MISTAKES {
        assert!(RIGHT.contains(from), "{name}: nothing is replaced");
        let mut content = RIGHT.replacen(from, to, 1);
        if from.is_empty() {
            content = (*to).to_owned();
        }
        if name.ends_with("without_a_terminal") {
            content = content.replace("terminal = \"24x80\"\n", "");
        }
        let mistake = match parse(&content) {
            Ok(_) => panic!("{name} is not seen:\n{content}"),
            Err(mistake) => mistake,
        };
        let (line, column) = mistake
            .place()
            .unwrap_or_else(|| panic!("{name} has no place"));
        let shown = mistake.render(false, 100);
        assert!(
            shown.contains(&format!("gate.toml:{line}:{column}]")),
            "{name}: {shown}"
        );
        assert!(mistake.hint_text().is_some(), "{name} has no hint: {shown}");
        insta::assert_snapshot!(*name, shown);
    }
}

/// Every fault that there is, as docs/faults.md lists them: on a terminal, and on pipes.
#[test]
fn every_fault_can_be_written_in_a_schedule_and_in_a_sweep() {
    let faults = [
        "INT",
        "TERM:process",
        "KILL",
        "USR1",
        "15",
        "INT:group",
        "KILL:child",
        "INT:thread:t1",
        "INT:always",
        "ENOSPC",
        "EIO",
        "EMFILE",
        "EINTR",
        "ENOSPC:always",
        "short",
        "short=1",
        "delay=10ms",
        "freeze",
        "freeze=1s",
        "freeze:child:always",
        "freeze:process",
        "starve",
        "starve=1s",
    ];
    let on_terminal = ["hangup", "INT:terminal", "QUIT", "TSTP"];
    let on_pipes = ["close", "close=stderr"];
    let all = faults.iter().chain(&on_terminal).map(|fault| (fault, true));
    for (fault, terminal) in all.chain(faults.iter().chain(&on_pipes).map(|fault| (fault, false))) {
        for act in [
            format!("[run]\nsignals = [\"{fault}@call:write#1\"]"),
            format!("[sweep]\nfault = \"{fault}\""),
            format!("[fuzz]\nfaults = [\"{fault}\", \"TERM\"]"),
            format!("[sweep]\nfault = \"freeze=10ms\"\nthen = [\"{fault}@+1ms\"]"),
        ] {
            let content = format!("[target]\ncommand = [\"true\"]\nterminal = {terminal}\n{act}\n");
            if let Err(mistake) = parse(&content) {
                panic!("{content}{}", mistake.render(false, 100));
            }
        }
    }
    // Pairs, with the same signal again and with another one.
    for second in ["", "second-fault = \"TERM\"\npairs = 10\n"] {
        let content = format!(
            "[target]\ncommand = [\"true\"]\n[sweep]\nsecond = [\"in-handler\", \"in-cleanup\"]\n{second}"
        );
        assert!(parse(&content).is_ok(), "{content}");
    }
}

/// What only shows when the program is wanted, and what has no place at all.
#[test]
fn a_file_that_is_not_there_is_named() {
    let mistake = Scenario::read(Path::new("no-such.toml"), "x").unwrap_err();
    assert!(mistake.place().is_none());
    assert!(mistake.to_string().contains("no-such.toml"), "{mistake}");
}
