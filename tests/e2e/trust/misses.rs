//! Broken promises are seen.

use super::{Inputs, PYTHON, brief, clean, finds};

const TORN: &str = r#"
[target]
command = ["/usr/bin/python3", "{dir}/work.py"]

[sweep]
after = "output:ready"
only = ["write"]

[contract]
oracles = ["messages"]

[messages]
lines = ["cancelled, the rest is skipped"]
"#;

/// Writes each line in one call or in three; the handler's message can come in between.
fn writer(calls: &str) -> String {
    format!(
        "import os, signal\ndef stop(*_):\n    os.write(1, b'cancelled, the rest is skipped\\n')\n    os._exit(130)\n\
         signal.signal(signal.SIGINT, stop)\nos.write(1, b'ready\\n')\nfor task in range(3):\n    {calls}\n"
    )
}

#[test]
fn a_message_that_lands_in_another_line_is_torn() {
    let whole = writer("os.write(1, b'task %d ok\\n' % task)");
    clean(&Inputs::of(&[("t.toml", TORN), ("work.py", &whole)]).scenario("t.toml"));
    let torn = writer("os.write(1, b'task '); os.write(1, b'%d' % task); os.write(1, b' ok\\n')");
    let outcome = Inputs::of(&[("t.toml", TORN), ("work.py", &torn)]).scenario("t.toml");
    finds(
        &outcome,
        "messages",
        "is no line of its own, there is \"task cancelled",
    );
}

/// The kinds of prefixes, each for a file of its own: one sweep asks for all of them.
const PREFIXES: [(&str, &str); 5] = [
    ("", "plain"),
    ("lines:", "lines"),
    ("bytes:", "bytes"),
    ("set:", "set"),
    ("blocks=6:", "blocks"),
];

#[test]
fn a_prefix_is_one() {
    let begin = "import os, signal\n\
                 def opened(name): return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)\n";
    let inputs = Inputs::of(&[]);
    // Whole lines, cut ones, and the last one twice, each to these files; those that are no prefix of their kind.
    let sweep = |kinds: &[&str], rows: &str, wrong: &[&str]| {
        let named = PREFIXES.iter().filter(|(kind, _)| kinds.contains(kind));
        let files: Vec<&str> = named.clone().map(|(_, file)| *file).collect();
        let rules: Vec<String> = named.map(|(kind, file)| format!("{kind}{file}")).collect();
        let mut flags = vec!["--oracles", "old-or-new", "--only", "write,openat"];
        for rule in &rules {
            flags.extend(["--prefix", rule]);
        }
        let script = format!("{begin}outs = [opened(name) for name in {files:?}]\n{rows}");
        let outcome = inputs.sweep(&flags, &[PYTHON, "-c", &script]);
        for (kind, file) in PREFIXES {
            let told = outcome.findings.iter().any(|finding| {
                finding.oracle == "old-or-new"
                    && finding.text.contains(&format!("{file} is no prefix"))
            });
            assert_eq!(told, wrong.contains(&kind), "{kind}: {}", brief(&outcome));
        }
        outcome
    };
    let each = |calls: &str| format!("for i in range(4):\n    for out in outs: {calls}\n");
    let all = ["", "lines:", "bytes:", "set:", "blocks=6:"];
    clean(&sweep(&all, &each("os.write(out, b'row %d\\n' % i)"), &[]));
    let cut = each("os.write(out, b'row '); os.write(out, b'%d\\n' % i)");
    clean(&sweep(&["bytes:"], &cut, &[]));
    let wrong = ["", "lines:", "set:", "blocks=6:"];
    sweep(&all, &cut, &wrong);
    let twice = "last = b''\ndef stop(*_):\n    for out in outs: os.write(out, last)\n    os._exit(130)\n\
                 signal.signal(signal.SIGINT, stop)\n\
                 for i in range(4):\n    last = b'row %d\\n' % i\n    for out in outs: os.write(out, last)\n";
    sweep(&all, twice, &all);
}

/// What was in a log before must still be there.
#[test]
fn a_log_is_appended_to() {
    let append =
        "import os\nlog = os.open('log', os.O_WRONLY | os.O_APPEND)\nos.write(log, b'new\\n')\n";
    let again = "import os\nold = open('log').read()\nlog = os.open('log', os.O_WRONLY | os.O_TRUNC)\n\
                 os.write(log, (old + 'new\\n').encode())\n";
    let inputs = Inputs::of(&[("log", "old\n")]);
    let flags = ["--oracles", "old-or-new", "--prefix", "log"];
    clean(&inputs.sweep(&flags, &[PYTHON, "-c", append]));
    let outcome = inputs.sweep(&flags, &[PYTHON, "-c", again]);
    finds(
        &outcome,
        "old-or-new",
        "what was there before is not there any more",
    );
}

#[test]
fn a_zombie_of_a_second_is_one() {
    let server = |reaps: &str| {
        format!(
            "import os, signal, time\nhelper = os.posix_spawn('/bin/sleep', ['sleep', '9'], os.environ)\n\
             signal.signal(signal.SIGTERM, lambda *_: os._exit(143))\n{reaps}os.write(1, b'ready\\n')\n\
             end = time.monotonic() + 1.6\nwhile time.monotonic() < end:\n    time.sleep(0.05)\n\
             os.kill(helper, signal.SIGTERM)\n"
        )
    };
    let flags = [
        "--no-baseline",
        "--oracles",
        "zombies",
        "--signal",
        "KILL:child@output:ready",
        "--signal",
        "TERM:process@+900ms",
    ];
    let inputs = Inputs::of(&[]);
    let reaps = "signal.signal(signal.SIGCHLD, lambda *_: os.waitpid(-1, os.WNOHANG))\n";
    clean(&inputs.try_out("run", &flags, &[PYTHON, "-c", &server(reaps)]));
    let lazy = server("");
    let outcome = inputs.try_out("run", &flags, &[PYTHON, "-c", &lazy]);
    finds(&outcome, "zombies", "still not waited for");
    let patient = [&flags[..], &["--zombie-limit", "3s"]].concat();
    clean(&inputs.try_out("run", &patient, &[PYTHON, "-c", &lazy]));
}

/// What is asked for and cannot be judged is an error; what needs no baseline is judged.
#[test]
fn without_a_baseline_nothing_is_dropped_in_silence() {
    let inputs = Inputs::of(&[]);
    let run = |flags: &[&str], script: &str| {
        let flags = [&["--no-baseline"], flags].concat();
        inputs.try_out("run", &flags, &[PYTHON, "-c", script])
    };
    for asked in [
        &["--check", "false"][..],
        &["--oracles", "leftovers"],
        &["--ask-first"],
    ] {
        let outcome = run(asked, "open('x', 'w')");
        assert_eq!(outcome.code, Some(2), "{asked:?}: {}", brief(&outcome));
        let said = outcome
            .lines
            .iter()
            .map(ToString::to_string)
            .collect::<String>();
        assert!(
            said.contains("cannot be judged without a baseline"),
            "{said}"
        );
    }
    let signal = ["--signal", "INT@output:ready"];
    let handler = |does: &str| {
        format!(
            "import os, signal, time\nsignal.signal(signal.SIGINT, lambda *_: {does})\nos.write(1, b'ready\\n')\n\
             time.sleep(2)\n"
        )
    };
    finds(&run(&signal, &handler("os.abort()")), "status", "a crash");
    finds(&run(&signal, &handler("1 / 0")), "status", "traceback");
    clean(&run(&signal, &handler("os._exit(130)")));
}

/// Under a shell a helper that Ctrl+C does not reach outlives its parent: no end of a session's leader hangs up on it.
#[test]
fn a_helper_outlives_its_parent_on_a_terminal_too() {
    let script = |end: &str| {
        format!("trap '{end} exit 130' INT; (trap '' INT; echo ready; exec sleep 3) & wait")
    };
    let flags = [
        "--pty",
        "--oracles",
        "orphans",
        "--signal",
        "INT@output:ready",
    ];
    let inputs = Inputs::of(&[]);
    let run = |end: &str| {
        let flags = [&flags[..], &["--no-baseline"]].concat();
        inputs.try_out("run", &flags, &["bash", "-c", &script(end)])
    };
    finds(&run(""), "orphans", "sleep 3");
    clean(&run("kill %1; wait;"));
}

/// A disk that fills takes what fits, and says so.
#[test]
fn a_full_disk_takes_what_fits() {
    let writer = |write: &str| {
        format!(
            "import os\nout = os.open('out.tmp', os.O_WRONLY | os.O_CREAT | os.O_TRUNC)\ndata = b'x' * 1000\n\
             try:\n    {write}\nexcept OSError:\n    os.unlink('out.tmp')\n    os._exit(1)\nos.rename('out.tmp', 'out')\n"
        )
    };
    let inputs = Inputs::of(&[]);
    let sweep = |fault: &str, script: &str| {
        inputs.sweep(
            &["--fault", fault, "--only", "write"],
            &[PYTHON, "-c", script],
        )
    };
    let right = writer("while data: data = data[os.write(out, data):]");
    clean(&sweep("ENOSPC", &right));
    let wrong = writer("os.write(out, data)");
    finds(
        &sweep("ENOSPC", &wrong),
        "status",
        "out is not as a finished run leaves it",
    );
    // The call alone: then the program is told at once.
    clean(&sweep("ENOSPC:at-once", &wrong));
}

#[test]
fn who_is_killed_was_asked_before() {
    let script = |first: &str| {
        format!("sleep 9 & trap '{first} kill -KILL %1; wait; exit 130' INT; echo ready; wait")
    };
    let flags = ["--no-baseline", "--signal", "INT:process@output:ready"];
    let inputs = Inputs::of(&[]);
    let outcome = inputs.try_out("run", &flags, &["bash", "-c", &script("")]);
    let told = outcome
        .lines
        .iter()
        .map(ToString::to_string)
        .collect::<String>();
    assert!(told.contains("had not been asked to stop"), "{told}");
    let sweep = |first: &str| {
        let script = format!(
            "sleep 0.4 & trap '{first} kill -KILL %1 2> /dev/null; wait; exit 130' INT; echo ready; wait"
        );
        let flags = [
            "--ask-first",
            "--oracles",
            "ask-first",
            "--deliver",
            "process",
            "--after",
            "output:ready",
        ];
        inputs.sweep(&flags, &["bash", "-c", &script])
    };
    finds(&sweep(""), "ask-first", "nobody had asked it to stop");
    clean(&sweep("kill %1; sleep 0.1;"));
}

#[test]
fn further_signals_go_where_it_takes_longest() {
    let script = |second: &str| {
        format!(
            "import os, signal, time\ncount = 0\ndef stop(*_):\n    global count\n    count += 1\n    {second}\n\
             signal.signal(signal.SIGINT, stop)\nos.write(1, b'ready\\n')\nopen('a', 'w').close()\n\
             end = time.monotonic() + 1.2\nwhile time.monotonic() < end:\n    time.sleep(0.02)\n"
        )
    };
    let inputs = Inputs::of(&[]);
    let sweep = |script: &str| {
        let flags = [
            "--escalate",
            "--stages",
            "2",
            "--oracles",
            "escalation",
            "--after",
            "output:ready",
            "--only",
            "openat",
        ];
        inputs.sweep(&flags, &[PYTHON, "-c", script])
    };
    clean(&sweep(&script("if count > 1: os._exit(130)")));
    finds(
        &sweep(&script("pass")),
        "escalation",
        "does not stop it sooner",
    );
    let quick = sweep(&script("os._exit(130)"));
    let reason = quick.line("summary").expect("a summary")["unjudged"]["escalation"].to_string();
    assert!(reason.contains("the longest it took was"), "{reason}");
}

/// What its other threads do meanwhile differs from run to run: one try of one point would be luck.
#[test]
fn few_points_of_a_program_with_threads_are_tried_more_than_once() {
    let script = |thread: &str| {
        format!(
            "import os, threading\nr, w = os.pipe()\nt = threading.Thread(target=lambda: os.read(r, 1))\n{thread}\
             open('a', 'w').close()\nos.write(w, b'x')\n"
        )
    };
    let inputs = Inputs::of(&[]);
    let runs = |script: &str| {
        let flags = ["--signal", "TERM", "--only", "openat", "--path", "a"];
        let outcome = inputs.sweep(&flags, &[PYTHON, "-c", script]);
        let summary = outcome.line("summary").expect("a summary");
        assert_eq!(summary["points_tried"], 1, "{summary}");
        summary["runs"].as_u64()
    };
    assert_eq!(runs(&script("t.start()\n")), Some(5));
    assert_eq!(runs(&script("")), Some(1));
}
