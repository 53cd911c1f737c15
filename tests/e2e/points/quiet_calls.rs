//! Calls without an effect: a signal comes in one of each kind where a handler could interrupt the C library, and never
//! in one that only looks like a call with an effect.

use fixture_model::Helper;
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;
use under_test::{Outcome, command, json, rust_program};

fn sweep(flags: &[&str], target: &[OsString]) -> Outcome {
    let mut arguments: Vec<OsString> = vec!["sweep".into(), "--empty".into()];
    arguments.extend(flags.iter().map(OsString::from));
    arguments.push("--".into());
    arguments.extend_from_slice(target);
    json(&arguments).expect("an answer")
}

fn fixture(name: &str) -> Vec<OsString> {
    let fixture = fixture_model::Fixture::named(name).expect("in the table");
    fixture.program().argv(&rust_program)
}

/// What the last line says of calls without an effect: tried, to be tried, left out.
fn quiet(outcome: &Outcome) -> [u64; 3] {
    let summary = outcome.line("summary").expect("a summary");
    ["tried", "planned", "left_out"].map(|what| {
        let number = &summary["quiet"][what];
        number
            .as_u64()
            .unwrap_or_else(|| panic!("no {what} in {summary:#}"))
    })
}

/// The finding of this oracle, whose points have this one among them.
#[track_caller]
fn finding_at<'a>(outcome: &'a Outcome, oracle: &str, call: &str) -> &'a Value {
    let found = outcome.lines.iter().find(|line| {
        let points = line["points"].as_array();
        let names = points.into_iter().flatten().filter_map(Value::as_str);
        line["oracle"] == oracle && names.clone().any(|name| name.contains(call))
    });
    found.unwrap_or_else(|| panic!("no {oracle} at {call}: {outcome:#?}"))
}

#[test]
fn a_handler_that_reads_the_time_hangs_where_the_library_does() {
    let outcome = sweep(
        &["--deadline", "500ms"],
        &fixture("c/handler-localtime-wrong"),
    );
    assert_eq!(outcome.code, Some(1), "{outcome:#?}");
    // The time zone of a target is UTC.
    if Path::new("/usr/share/zoneinfo/UTC").exists() {
        finding_at(&outcome, "exits", "openat(/usr/share/zoneinfo/UTC)");
    }
    let finding = finding_at(&outcome, "exits", "getrandom");
    assert_eq!(finding["flaky"], false, "{finding:#}");
    let between = finding["between"].as_str().unwrap_or_default();
    assert!(between.contains("in main"), "{finding:#}");
    // What is stored finds the same call again, though no point of a usual recording has its name.
    let arguments: [OsString; 4] = [
        "replay".into(),
        "-n".into(),
        "1".into(),
        finding["file"].as_str().expect("a file").into(),
    ];
    let replay = command().args(arguments).output().expect("sigproof");
    assert_eq!(replay.status.code(), Some(1), "{replay:?}");
}

#[test]
fn a_handler_that_makes_system_calls_alone_is_not_accused() {
    let outcome = sweep(&[], &fixture("c/handler-localtime-right"));
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    let [tried, planned, _] = quiet(&outcome);
    assert!(tried == planned && planned >= 3, "{tried} of {planned}");
    let summary = outcome.line("summary").expect("a summary");
    assert_eq!(
        summary["points_found"], 2,
        "they are no points: {summary:#}"
    );
}

#[test]
fn where_the_signal_is_not_handled_they_change_nothing() {
    for (flags, target) in [
        (&[][..], fixture("c/socket-file-wrong")),
        (&["--signal", "TERM"], fixture("c/handler-localtime-right")),
        (&["--only", "write"], fixture("c/handler-localtime-right")),
        (&["--all"], fixture("c/handler-localtime-right")),
    ] {
        let outcome = sweep(flags, &target);
        assert_eq!(quiet(&outcome), [0, 0, 0], "{flags:?} {target:?}");
    }
}

#[test]
fn a_handler_without_calls_gets_fewer_runs() {
    // What it imports is read by its own doing.
    let python = "import signal\nsignal.signal(signal.SIGINT, lambda *_: None)\n\
        import json, decimal\nopen('out', 'w').close()\n";
    let target = ["python3", "-c", python].map(OsString::from);
    // A shim in bash would be swept with the rest.
    let real = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .expect("Python");
    let real = String::from_utf8(real.stdout).expect("a path");
    let target = [&[OsString::from(real.trim())], &target[1..]].concat();
    let outcome = sweep(&["--oracles", "exits"], &target);
    let [tried, planned, left_out] = quiet(&outcome);
    assert!(tried == planned && planned <= 6, "{tried} of {planned}");
    assert!(planned > 0, "{outcome:#?}");
    assert_eq!(left_out > 0, planned == 6, "{planned}, {left_out}");
}

#[test]
fn a_call_with_an_effect_is_not_taken_for_one_without() {
    let directory = tempfile::tempdir().expect("a directory");
    let (source, program) = (
        directory.path().join("reopen.c"),
        directory.path().join("reopen"),
    );
    let text = r"
    #include <fcntl.h>
    #include <unistd.h>
    static int at(int flags) { return open(`x`, flags, 0644); }
    int main(void)
    {
        for (int look = 0; look < 3; look++)
            close(at(O_RDONLY));
        int file = at(O_WRONLY | O_CREAT | O_TRUNC);
        return write(file, `a`, 1) != 1;
    }
    ";
    fs::write(&source, text.replace('`', "\"")).expect("a source");
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let output = Command::new(compiler)
        .args([&source, Path::new("-o"), &program])
        .output()
        .expect("a compiler");
    assert!(output.status.success(), "{output:?}");
    // Three opens that fail look the same, but for their flags, as the one that makes the file.
    let outcome = sweep(&[], &[program.into()]);
    finding_at(&outcome, "old-or-new", "openat(x)#1@exit");
    let handled = Helper::named("long-jump").expect("in the table");
    let argv = handled.program().argv(&rust_program);
    assert_eq!(sweep(&[], &argv).code, Some(0), "{argv:?}");
}
