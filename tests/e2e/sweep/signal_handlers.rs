//! What signal handlers do is seen from outside, and only what no handler may do is held against them.

use fixture_model::{Fixture, Helper, Program};
use serde_json::Value;
use std::ffi::OsString;
use std::path::Path;
use under_test::{Outcome, rust_program};

/// One run with SIGINT at the readiness line, without a baseline.
fn interrupted<S: Into<OsString>>(flags: &[&str], command: impl IntoIterator<Item = S>) -> Outcome {
    let mut arguments: Vec<OsString> = ["run", "--empty"].map(OsString::from).into();
    arguments.extend(flags.iter().map(Into::into));
    arguments.push("--".into());
    arguments.extend(command.into_iter().map(Into::into));
    under_test::json(&arguments).expect("an answer")
}

/// At the call and not at its output, which is read while the program runs on, perhaps to its end.
const AT_READY: [&str; 2] = ["--signal", "INT@call:write(stdout)#1"];

/// The handlers that ran.
fn handlers(outcome: &Outcome) -> Vec<&Value> {
    outcome
        .lines
        .iter()
        .filter_map(|line| line["event"].get("handler_returned"))
        .collect()
}

fn calls(handler: &Value) -> Vec<&str> {
    let calls = handler["calls"].as_array().expect("a list");
    calls.iter().filter_map(Value::as_str).collect()
}

#[track_caller]
fn holds(outcome: &Outcome) {
    let verdict = outcome
        .lines
        .iter()
        .find(|line| line["oracle"] == "handler")
        .unwrap_or_else(|| panic!("no verdict: {outcome:#?}"));
    assert_eq!(verdict["verdict"], "holds", "{outcome:#?}");
}

fn argv(program: &Program) -> Vec<OsString> {
    program.argv(&rust_program)
}

#[test]
fn the_calls_of_a_handler_are_told_one_by_one() {
    let fixture = Fixture::named("c/handler-malloc-wrong").expect("in the table");
    let outcome = interrupted(&AT_READY, argv(&fixture.program()));
    let handlers = handlers(&outcome);
    let [handler] = handlers.as_slice() else {
        panic!("one handler was expected: {outcome:#?}");
    };
    assert_eq!(handler["signal"], 2);
    // A C library may do more for its first malloc.
    let own = ["mmap", "write(stdout)", "munmap", "tgkill(SIGINT)"];
    let told: Vec<&str> = calls(handler)
        .into_iter()
        .filter(|call| own.contains(call))
        .collect();
    assert_eq!(told, own, "{outcome:#?}");
    // It died in it.
    assert_eq!(handler["returned"], false, "{outcome:#?}");
    let subjects: Vec<&str> = outcome
        .findings
        .iter()
        .map(|finding| finding.subject.as_str())
        .collect();
    for subject in ["SIGINT: mmap", "SIGINT: munmap"] {
        assert!(subjects.contains(&subject), "{outcome:#?}");
    }
}

#[test]
fn a_handler_that_waits_for_a_lock_is_seen_though_it_never_ends() {
    let fixture = Fixture::named("c/second-signal-wrong").expect("in the table");
    let flags = [
        "--signal",
        "INT@output:ready",
        "--signal",
        "INT@output:cleaning",
        "--deadline",
        "500ms",
    ];
    let outcome = interrupted(&flags, argv(&fixture.program()));
    let found = outcome
        .findings
        .iter()
        .any(|finding| finding.subject == "SIGINT: futex(wait)");
    assert!(found, "{outcome:#?}");
}

#[test]
fn a_handler_that_is_left_by_a_long_jump_ends_there() {
    let program = Helper::named("long-jump").expect("in the table").program();
    let outcome = interrupted(&AT_READY, argv(&program));
    holds(&outcome);
    let handlers = handlers(&outcome);
    assert_eq!(handlers[0]["returned"], false, "{outcome:#?}");
    // What comes after the jump is not the handler's; setting the mask back is.
    assert_eq!(calls(handlers[0]), ["rt_sigprocmask"], "{outcome:#?}");
}

#[test]
fn one_that_comes_only_where_nothing_is_held_may_do_anything() {
    let program = Helper::named("masked-handler")
        .expect("in the table")
        .program();
    let outcome = interrupted(&AT_READY, argv(&program));
    holds(&outcome);
    let handlers = handlers(&outcome);
    assert_eq!(handlers[0]["interrupted"], "ppoll", "{outcome:#?}");
    assert!(calls(handlers[0]).contains(&"mmap"), "{outcome:#?}");
    assert_eq!(handlers[0]["returned"], true, "{outcome:#?}");
}

#[test]
fn a_sweep_of_pairs_says_what_it_leaves_out() {
    let fixture = Fixture::named("c/in-cleanup-right").expect("in the table");
    let sweep = |bound: &str| {
        let mut arguments: Vec<OsString> = [
            "sweep",
            "--empty",
            "--second",
            "in-cleanup,in-handler",
            "--pairs",
            bound,
            "--",
        ]
        .map(OsString::from)
        .into();
        arguments.extend(argv(&fixture.program()));
        let outcome = under_test::json(&arguments).expect("an answer");
        assert_eq!(outcome.code, Some(0), "{outcome:#?}");
        let summary = outcome.line("summary").expect("a summary").clone();
        let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{summary}"));
        (
            number(&summary["points_found"]),
            number(&summary["points_tried"]),
            number(&summary["untried"]),
            number(&summary["pairs"]["of_class"]) + number(&summary["pairs"]["alike"]),
        )
    };
    let (found, tried, untried, left_out) = sweep("1000");
    assert!(found > 20 && left_out > 0, "{found} {left_out}");
    assert_eq!((tried, untried), (found, 0));
    let (bounded, tried, untried, _) = sweep("7");
    assert_eq!((bounded, tried, untried), (found, 7, found - 7));
}

#[test]
fn a_budget_is_kept_or_not() {
    let fixture = Fixture::named("c/second-signal-wrong").expect("in the table");
    for (budget, oracles) in [("1ms", 1), ("60s", 0)] {
        let flags = [
            &AT_READY[..],
            &["--oracles", "handler", "--handler-budget", budget],
        ]
        .concat();
        let outcome = interrupted(&flags, argv(&fixture.program()));
        assert_eq!(outcome.findings.len(), oracles, "{budget}: {outcome:#?}");
    }
}

/// They set a flag, write to a pipe, or wake a thread. (Those of Go and Node.js are left alone: `trust/runtimes.rs`.)
#[test]
fn the_handlers_of_runtimes_are_right() {
    const JAVA: &str = "public class Main { public static void main(String[] a) throws Exception { \
        Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println(\"hook\"))); \
        System.out.println(\"ready\"); Thread.sleep(300); } }";
    let java = tempfile::tempdir().expect("a directory");
    let source = java.path().join("Main.java");
    std::fs::write(&source, JAVA).expect("a source");
    let source = source.to_str().expect("a path").to_owned();
    let mut seen = 0;
    for command in [
        vec![
            "bash",
            "-c",
            "trap 'echo trapped; exit 3' INT; echo ready; for i in 1 2 3 4 5 6; do sleep 0.05; done",
        ],
        vec![
            "python3",
            "-c",
            "import time\nprint('ready', flush=True)\nfor _ in range(30): time.sleep(0.01)",
        ],
        vec![
            "perl",
            "-e",
            "$SIG{INT} = sub { print \"trapped\\n\"; exit 3 }; $| = 1; print \"ready\\n\"; select(undef, undef, undef, 0.3)",
        ],
        vec![
            "ruby",
            "-e",
            "trap('INT') { exit 3 }; $stdout.sync = true; puts 'ready'; sleep 0.3",
        ],
        vec!["java", "-XX:TieredStopAtLevel=1", &source],
    ] {
        let there = std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path)
                .any(|directory: std::path::PathBuf| directory.join(command[0]).is_file())
        });
        if !there {
            println!("{} is not installed here", command[0]);
            continue;
        }
        let program: &Path = command[0].as_ref();
        let outcome = interrupted(&AT_READY, &command);
        holds(&outcome);
        let ran = handlers(&outcome).len();
        assert!(
            ran > 0,
            "{}: no handler was seen: {outcome:#?}",
            program.display()
        );
        seen += 1;
    }
    // bash, perl and python3 are everywhere where this suite runs.
    assert!(seen >= 3, "only {seen} runtimes are installed");
}
