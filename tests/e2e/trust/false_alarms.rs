//! Correct programs are not accused.

use super::{Inputs, PYTHON, brief, clean, finds};

/// Writes to everything that is no file, and takes what it is told literally: none of these ever takes a part, or is
/// full.
const ENDS: &str = r#"
import os, pty, socket
def whole(fd, data):
    assert os.write(fd, data) == len(data), "taken in part"
reader, writer = os.pipe()
whole(writer, b"x" * 64)
assert os.read(reader, 64) == b"x" * 64
left, right = socket.socketpair()
whole(left.fileno(), b"y" * 64)
assert os.read(right.fileno(), 64) == b"y" * 64
event = os.eventfd(0)
whole(event, (1).to_bytes(8, "little"))
assert os.read(event, 8) == (1).to_bytes(8, "little")
whole(os.memfd_create("memory"), b"z" * 64)
master, slave = pty.openpty()
whole(slave, b"line\n")
whole(1, b"done\n")
"#;

/// `node` has a pipe and an eventfd of its own for its threads.
#[test]
fn faults_fit_what_a_descriptor_refers_to() {
    let inputs = Inputs::of(&[("ends.py", ENDS)]);
    for fault in ["ENOSPC", "short", "EFBIG"] {
        let flags = ["--fault", fault, "--oracles", "exits,status,old-or-new"];
        let outcome = inputs.sweep(&flags, &[PYTHON, "ends.py"]);
        assert!(outcome.findings.is_empty(), "{fault}: {}", brief(&outcome));
        let node = ["node", "-e", "setTimeout(() => {}, 50)"];
        let outcome = inputs.sweep(&flags, &node);
        assert!(outcome.findings.is_empty(), "{fault}: {}", brief(&outcome));
    }
    let file = "import os\nos.write(os.open('out', os.O_WRONLY | os.O_CREAT), b'x' * 64)\n";
    let outcome = inputs.sweep(&["--fault", "short"], &[PYTHON, "-c", file]);
    finds(&outcome, "old-or-new", "out has 32 bytes");
}

/// A read that no handler can interrupt, and one that a handler without `SA_RESTART` can.
#[test]
fn an_interruption_needs_a_handler() {
    let script = |handler: &str| {
        format!(
            "import ctypes, os, signal\n{handler}\nreader, writer = os.pipe()\nos.write(writer, b'!')\n\
             libc = ctypes.CDLL(None)\nbuffer = ctypes.create_string_buffer(1)\n\
             signal.signal(signal.SIGINT, signal.SIG_DFL)\n\
             os._exit(0 if libc.read(reader, buffer, 1) == 1 else 3)\n"
        )
    };
    let inputs = Inputs::of(&[]);
    let flags = ["--fault", "EINTR", "--only", "read"];
    let outcome = inputs.sweep(&flags, &[PYTHON, "-c", &script("")]);
    assert!(outcome.findings.is_empty(), "{}", brief(&outcome));
    let handler = script("signal.signal(signal.SIGUSR1, lambda *_: None)");
    let outcome = inputs.sweep(&flags, &[PYTHON, "-c", &handler]);
    finds(&outcome, "status", "exit status 3");
}

/// A shell does not repeat a write that a signal interrupts, and need not where each signal that it handles ends it.
#[test]
fn a_write_is_not_interrupted_by_a_handler_that_ends_the_program() {
    let flags = ["--fault", "EINTR", "--only", "write"];
    let ends = "trap 'exit 130' INT TERM\ntrap 'rm -f left' EXIT\necho one\n";
    let outcome = Inputs::of(&[]).sweep(&flags, &["bash", "-c", ends]);
    assert!(outcome.findings.is_empty(), "{}", brief(&outcome));
    let summary = outcome.line("summary").expect("a summary");
    assert_eq!(summary["points_tried"], 1, "{summary}");
    let goes_on = format!("trap : USR1\n{ends}");
    let outcome = Inputs::of(&[]).sweep(&flags, &["bash", "-c", &goes_on]);
    finds(&outcome, "status", "no reason to fail");
}

const MESSAGES: &str = r#"
[target]
command = ["bash", "{dir}/work.sh"]

[sweep]
after = "output:ready"

[contract]
oracles = ["messages"]

[messages]
lines = ["ready", "stopped"]
"#;

fn with_trap(trap: &str) -> String {
    format!(
        "trap '{trap}; exit 130' INT\necho ready\nfor i in 1 2 3; do echo $i > part; mv part done$i; done\n\
         echo finished\n"
    )
}

#[test]
fn no_message_is_asked_of_a_run_that_had_finished() {
    let right = Inputs::of(&[
        ("m.toml", MESSAGES),
        ("work.sh", &with_trap("echo stopped")),
    ]);
    clean(&right.scenario("m.toml"));
    let wrong = Inputs::of(&[("m.toml", MESSAGES), ("work.sh", &with_trap(":"))]);
    finds(
        &wrong.scenario("m.toml"),
        "messages",
        "\"stopped\" is missing",
    );
}

const IGNORED: &str = r#"
[target]
command = ["/usr/bin/python3", "{dir}/work.py"]
limits.deadline = "300ms"

[run]
signals = ["INT@output:ready"]

[contract]
oracles = ["ignored"]
ignored = true
"#;

#[test]
fn who_ignores_a_signal_has_the_rest_of_its_time() {
    let work = |first: &str| {
        format!(
            "import os, signal, time\n{first}\nos.write(1, b'ready\\n')\nend = time.monotonic() + 1\n\
             while time.monotonic() < end:\n    time.sleep(0.05)\n"
        )
    };
    let right = Inputs::of(&[("i.toml", IGNORED), ("work.py", &work(""))]);
    clean(&right.scenario("i.toml"));
    let deaf = work("signal.signal(signal.SIGINT, lambda *_: os._exit(130))");
    let wrong = Inputs::of(&[("i.toml", IGNORED), ("work.py", &deaf)]);
    finds(
        &wrong.scenario("i.toml"),
        "ignored",
        "stops on it all the same",
    );
}

/// Finishes its work without the animation when it is told to hurry.
const SPINNER: &str = r#"
import os, signal, sys
hurry = False
def stop(*_):
    global hurry
    hurry = True
    if "wrong" in sys.argv:
        os._exit(0)
signal.signal(signal.SIGINT, stop)
os.write(1, b"ready\n")
for step in range(6):
    if not hurry:
        os.write(1, "\r\x1b[2K\x1b[36m⠋\x1b[0m {} %".format(step * 20).encode())
    with open("part%d" % step, "w") as part:
        part.write("data\n")
os.write(1, b"\r\x1b[2Kdone\n")
"#;

#[test]
fn an_animation_is_no_work() {
    let inputs = Inputs::of(&[("spin.py", SPINNER)]);
    let flags = ["--after", "output:ready", "--oracles", "status"];
    for terminal in [&["--pty"][..], &[]] {
        let flags = [&flags, terminal].concat();
        clean(&inputs.sweep(&flags, &[PYTHON, "spin.py", "right"]));
        let outcome = inputs.sweep(&flags, &[PYTHON, "spin.py", "wrong"]);
        finds(&outcome, "status", "as if all work were done");
        let shown = |text: &str| text.contains("\\u{1b}");
        assert!(
            !outcome.findings.iter().any(|one| shown(&one.text)),
            "{}",
            brief(&outcome)
        );
    }
}

/// Python and bash install handlers before they come to the program.
#[test]
fn the_start_of_an_interpreter_is_no_part_of_the_verdict() {
    // It asks for the handler at the same instruction at which it installs one.
    let plain = "import os\nos.write(1, b'x')\n";
    let inputs = Inputs::of(&[("plain.py", plain)]);
    let command = [PYTHON, "plain.py"];
    let flags = ["--oracles", "status"];
    let outcome = inputs.sweep(&flags, &command);
    let early: Vec<_> = outcome
        .lines
        .iter()
        .filter(|line| line["type"] == "finding" && line["at_start"] == true)
        .collect();
    assert_eq!(early.len(), 1, "one class: {}", brief(&outcome));
    let strict = inputs.sweep(&["--strict-start", "--oracles", "status"], &command);
    finds(&strict, "status", "after SIGINT");
    assert_eq!(strict.code, Some(1));
    let first = strict.line("finding").expect("a finding")["first"].to_string();
    assert!(first.contains("rt_sigaction(SIGINT)"), "{first}");
    // What the program itself does wrong is found as ever.
    let wrong = "import os, signal\nsignal.signal(signal.SIGINT, lambda *_: os._exit(0))\nopen('out', 'w').write('x')\n";
    let inputs = Inputs::of(&[("wrong.py", wrong)]);
    let outcome = inputs.sweep(&flags, &[PYTHON, "wrong.py"]);
    finds(&outcome, "status", "as if all work were done");
}

/// Four workers tear whichever file they are at: each time another one, and each time the same bug.
#[test]
fn files_of_one_kind_confirm_each_other() {
    let script = "import os, random, threading\n\
                  names = ['%c.py' % c for c in b'abcdefgh']\nrandom.shuffle(names)\n\
                  for name in names:\n    out = os.open(name, os.O_WRONLY | os.O_CREAT)\n    \
                  os.write(out, b'half '); os.write(out, b'whole\\n')\n";
    let flags = ["--oracles", "old-or-new", "--only", "write"];
    let outcome = Inputs::of(&[]).sweep(&flags, &[PYTHON, "-c", script]);
    finds(&outcome, "old-or-new", "neither old nor finished");
    assert!(
        outcome.findings.iter().all(|one| !one.flaky),
        "{}",
        brief(&outcome)
    );
}

/// What was not run again is neither sure nor nothing.
#[test]
fn what_an_interruption_left_is_unconfirmed() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::{Pid, mkfifo};
    use std::io::Read;
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    // Each run says that it has begun; who holds both ends never meets the end of file.
    let fifo = directory.path().join("begun");
    mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
    let both = std::fs::File::options().read(true).write(true).open(&fifo);
    let mut begun = both.expect("its ends");
    let script = format!(
        "echo > {}; i=0; while [ $i -lt 60 ]; do echo x > part; sleep 0.02; mv part done$i; i=$((i+1)); done",
        fifo.display()
    );
    let sweep = under_test::command()
        .args([
            "sweep",
            "--json",
            "--empty",
            "--exhaustive",
            "--oracles",
            "leftovers",
            "--store",
        ])
        .arg(directory.path().join("store"))
        .args(["--", "sh", "-c", &script])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("a sweep");
    // The undisturbed ones, and some of the others.
    begun.read_exact(&mut [0; 20]).expect("runs");
    let pid = Pid::from_raw(i32::try_from(sweep.id()).expect("a number"));
    kill(pid, Signal::SIGINT).expect("a signal");
    let output = sweep.wait_with_output().expect("its end");
    let lines: Vec<serde_json::Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let finding = lines.iter().find(|line| line["type"] == "finding");
    let finding = finding.unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!(finding["unconfirmed"], true, "{finding}");
    let summary = lines.last().expect("a summary");
    assert_eq!(summary["exit_code"], 5, "{summary}");
}
