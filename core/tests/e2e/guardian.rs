//! Nothing that a command starts outlives it, nor this process, whatever
//! sessions it makes and whoever is killed.

mod memory;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal as Unix, kill};
use nix::unistd::Pid;
use sigproof_core::pool::{CommandEnd, CommandRunner, Output};
use sigproof_core::{InterruptHandler, Options, Policy, Signal, Stage, StopSource};

use crate::support::{Program, Setup, deny, marked::Marked, role, say, until};

/// Only a hung program gets there.
const LONG: Duration = Duration::from_secs(60);
const BRIEF: Duration = Duration::from_millis(20);

/// In the environment of a child of this test, which marks what it starts
/// with it.
const VALUE: &str = "GUARDIAN_TEST_VALUE";

fn sh(marked: &Marked, script: &str) -> Command {
    marked.command("/bin/sh", &["-c", script])
}

/// Runs a script and stops it when a `sleep` of it runs.
fn stopped(runner: impl Fn(CommandRunner) -> CommandRunner, script: &str) -> (CommandEnd, Marked) {
    let source = StopSource::new();
    let marked = Marked::new();
    let runner = runner(CommandRunner::new(&source.token()));
    let end = runner.execute(sh(&marked, script), |output| {
        if output == Output::Stdout(b"ready\n") {
            until("the sleep runs", || {
                marked.living().iter().any(|(_, name)| name == "sleep")
            });
            source.stop(Stage::TerminateActive);
        }
    });
    (end.expect("the shell starts"), marked)
}

#[test]
fn what_has_left_the_group_is_asked_when_the_program_has_ended() {
    let (end, marked) = stopped(
        |runner| runner.grace(LONG),
        "setsid sleep 600 >/dev/null & echo ready; wait",
    );
    assert!(!end.killed, "it obeys SIGTERM: {end:?}");
    assert_eq!(marked.living(), []);
}

#[test]
fn another_stop_signal_reaches_them_as_well() {
    let (end, marked) = stopped(
        |runner| runner.grace(LONG).stop_signal(Signal::HANGUP),
        "setsid sh -c 'trap \"\" TERM; sleep 600' >/dev/null & echo ready; wait",
    );
    assert!(!end.killed, "it obeys SIGHUP: {end:?}");
    assert_eq!(marked.living(), []);
}

#[test]
fn what_has_left_the_group_and_does_not_obey_is_killed() {
    let (end, marked) = stopped(
        |runner| runner.grace(BRIEF),
        "setsid sh -c 'trap \"\" TERM; setsid sleep 600; true' >/dev/null & echo ready; wait",
    );
    assert!(end.killed, "{end:?}");
    assert_eq!(marked.living(), []);
}

#[test]
fn a_daemon_ends_with_the_program() {
    let source = StopSource::new();
    let marked = Marked::new();
    // Its parent and its output are gone when the program ends, and it has
    // left the group.
    let flag = tempfile::tempdir().expect("a directory");
    let flag = flag.path().join("flag");
    let flag = flag.display();
    let script = format!(
        "(setsid sh -c 'echo > {flag}; exec sleep 600' >/dev/null 2>&1 &); \
         while ! [ -e {flag} ]; do :; done; exit 3"
    );
    let end = CommandRunner::new(&source.token())
        .grace(LONG)
        .execute(sh(&marked, &script), |_| {})
        .expect("the shell starts");
    assert_eq!(end.status.code(), Some(3));
    assert_eq!(marked.living(), []);
}

#[test]
fn many_short_lived_orphans_are_reaped() {
    let source = StopSource::new();
    let mut said = Vec::new();
    let script = "for n in $(seq 300); do (true & ) ; done; ps -o stat= --ppid $PPID";
    let end = CommandRunner::new(&source.token())
        .execute(sh(&Marked::new(), script), |output| {
            if let Output::Stdout(bytes) = output {
                said.extend_from_slice(bytes);
            }
        })
        .expect("the shell starts");
    assert!(end.status.success());
    let zombies = said.iter().filter(|byte| **byte == b'Z').count();
    assert!(zombies < 50, "{zombies} orphans were not reaped");
}

#[test]
fn the_program_finds_the_world_as_it_is_without_a_guardian() {
    let source = StopSource::new();
    let looks: [&[&str]; 3] = [
        &[
            "grep",
            "-E",
            "^(Sig...|Umask|Seccomp|Cap...):",
            "/proc/self/status",
        ],
        &["ls", "/proc/self/fd"],
        &["cat", "/proc/self/limits"],
    ];
    for words in looks {
        let marked = Marked::new();
        let mut said = Vec::new();
        CommandRunner::new(&source.token())
            .execute(marked.command(words[0], &words[1..]), |output| {
                if let Output::Stdout(bytes) = output {
                    said.extend_from_slice(bytes);
                }
            })
            .expect("it starts");
        let mut command = marked.command(words[0], &words[1..]);
        // SAFETY: nothing is done. Without it `posix_spawn` would be used,
        // which leaves other signals of the C library's own ignored.
        unsafe { command.pre_exec(|| Ok(())) };
        let without = command.stdin(Stdio::null()).output().expect("it starts");
        let [with, without] = [said, without.stdout].map(String::from_utf8);
        assert_eq!(with, without);
    }
}

#[test]
fn a_program_that_is_not_there_is_an_error_and_leaves_nothing() {
    let scratch = tempfile::tempdir().expect("a directory");
    let directory = scratch.path().join("tmp");
    let source = StopSource::new();
    let error = CommandRunner::new(&source.token())
        .scratch(&directory)
        .execute(Command::new("/nonexistent"), |_| {})
        .expect_err("not there");
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    assert!(!directory.exists());
}

#[test]
fn the_scratch_directory_goes_with_the_program() {
    let scratch = tempfile::tempdir().expect("a directory");
    let directory = scratch.path().join("one/two");
    let source = StopSource::new();
    let script = format!(
        "mkdir {0}/deep && echo x > {0}/deep/file",
        directory.display()
    );
    let end = CommandRunner::new(&source.token())
        .scratch(&directory)
        .execute(sh(&Marked::new(), &script), |_| {})
        .expect("the shell starts");
    assert!(end.status.success(), "{end:?}");
    assert!(!directory.exists());
    assert!(scratch.path().join("one").exists());
}

/// What the children of the following tests run: a program below which
/// somebody has left its group, with a scratch directory.
fn run_forever(grace: Duration) -> ! {
    let handler = InterruptHandler::install(Options::new(Policy::escalating())).expect("install");
    let scratch = PathBuf::from(std::env::var("SCRATCH").expect("set by the test"));
    let script = format!(
        "trap '' TERM INT; echo x > {}/file; \
         (setsid sh -c 'trap \"\" TERM INT; sleep 600; true' >/dev/null &); \
         echo leader $$ guardian $PPID; sleep 600; true",
        scratch.display()
    );
    let value = std::env::var(VALUE).expect("set by the test");
    let end = CommandRunner::new(&handler.token())
        .grace(grace)
        .scratch(scratch)
        .execute(sh(&Marked(value), &script), |output| {
            if let Output::Stdout(bytes) = output {
                say(String::from_utf8_lossy(bytes).trim());
            }
        });
    say(&format!("end {end:?}"));
    std::process::exit(0);
}

/// A process with such a program.
struct Forever {
    program: Program,
    leader: i32,
    guardian: i32,
    marked: Marked,
    scratch: tempfile::TempDir,
}

impl Forever {
    fn start(name: &str) -> Forever {
        let scratch = tempfile::tempdir().expect("a directory");
        let marked = Marked::new();
        let env = vec![
            (
                "SCRATCH".to_owned(),
                scratch.path().join("tmp").display().to_string(),
            ),
            (VALUE.to_owned(), marked.0.clone()),
        ];
        let mut program = Program::start_with(
            name,
            "child",
            Setup {
                env,
                ..Setup::default()
            },
        );
        let line = program.expect("leader ");
        let numbers: Vec<i32> = line
            .split(' ')
            .filter_map(|word| word.parse().ok())
            .collect();
        until("both sleeps run", || {
            let living = marked.living();
            living.iter().filter(|(_, name)| name == "sleep").count() == 2
        });
        Forever {
            program,
            leader: numbers[0],
            guardian: numbers[1],
            marked,
            scratch,
        }
    }

    fn leader_lives(&self) -> bool {
        let living = self.marked.living();
        living.iter().any(|(pid, _)| *pid == self.leader)
    }

    /// Everybody is gone, and so is the scratch directory.
    fn leaves_nothing(&self) {
        until("nobody is left", || self.marked.living().is_empty());
        until("the guardian is gone", || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", self.guardian));
            // A zombie, if nobody reaps it.
            stat.map_or(true, |stat| stat.contains(") Z"))
        });
        let left: Vec<_> = fs::read_dir(self.scratch.path())
            .expect("the directory")
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn nobody_outlives_this_process_when_it_is_killed() {
    const NAME: &str = test_name!("nobody_outlives_this_process_when_it_is_killed");
    if role().is_some() {
        run_forever(LONG);
    }
    let forever = Forever::start(NAME);
    forever.program.signal(Unix::SIGKILL);
    forever.leaves_nothing();
}

#[test]
fn nobody_outlives_the_third_signal() {
    const NAME: &str = test_name!("nobody_outlives_the_third_signal");
    if role().is_some() {
        run_forever(LONG);
    }
    let forever = Forever::start(NAME);
    let pid = forever.program.pid();
    for _ in 0..3 {
        forever.program.signal(Unix::SIGINT);
        // Two pending signals would be one: wait until it was taken.
        until("the signal is taken", || {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
            pending.is_none_or(|mask| mask.trim().bytes().all(|digit| digit == b'0'))
        });
    }
    forever.leaves_nothing();
    forever.program.dies_by(Unix::SIGINT);
}

#[test]
fn a_killed_guardian_takes_the_program_with_it() {
    const NAME: &str = test_name!("a_killed_guardian_takes_the_program_with_it");
    if role().is_some() {
        run_forever(LONG);
    }
    let mut forever = Forever::start(NAME);
    kill(Pid::from_raw(forever.guardian), Unix::SIGKILL).expect("it is there");
    let line = forever.program.expect("end ");
    let named = format!(
        "the guardian of the program, process {}, is gone",
        forever.guardian
    );
    assert!(line.contains(&named) && line.contains("9"), "{line}");
    until("the program is gone", || !forever.leader_lives());
    forever.program.exits_with(0);
    // As the documentation says, those who had left the group are free.
}

#[test]
fn a_killed_guardian_takes_the_program_with_it_even_if_nobody_is_told() {
    const NAME: &str =
        test_name!("a_killed_guardian_takes_the_program_with_it_even_if_nobody_is_told");
    if role().is_some() {
        run_forever(LONG);
    }
    let forever = Forever::start(NAME);
    forever.program.signal(Unix::SIGSTOP);
    let guardian = Pid::from_raw(forever.guardian);
    kill(guardian, Unix::SIGKILL).expect("it is there");
    until("the program is gone", || !forever.leader_lives());
}

#[test]
fn who_cannot_be_killed_is_named() {
    const NAME: &str = test_name!("who_cannot_be_killed_is_named");
    if role().is_some() {
        deny::deny(libc::SYS_kill);
        run_forever(BRIEF);
    }
    let mut forever = Forever::start(NAME);
    forever.program.signal(Unix::SIGINT);
    forever.program.signal(Unix::SIGTERM);
    let line = forever.program.expect("end ");
    assert!(line.contains("cannot kill process "), "{line}");
    let named = format!("{} (sh)", forever.leader);
    assert!(line.contains(&named), "{named}: {line}");
    // The guardian stays as long as they do.
    forever.marked.kill();
    forever.leaves_nothing();
}

#[test]
fn a_daemon_stays_if_it_may() {
    let marked = Marked::new();
    let source = StopSource::new();
    let runner = CommandRunner::new(&source.token()).allow_daemons();
    let begun = std::time::Instant::now();
    let script = "(setsid sleep 600 &); sleep 600 & echo started";
    let output = runner.output(sh(&marked, script)).expect("it runs");
    assert_eq!(output.stdout, b"started\n");
    assert!(
        begun.elapsed() < CommandRunner::GRACE,
        "nothing is waited for"
    );
    let sleeps = || {
        let living = marked.living();
        living.iter().filter(|(_, name)| name == "sleep").count()
    };
    until("both sleep, and nobody guards them", || {
        sleeps() == 2 && marked.living().len() == 2
    });
}
