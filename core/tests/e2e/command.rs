//! The command runner, on real programs.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal as Unix, kill};
use nix::unistd::Pid;
use sigproof_core::pool::{Cancelled, CommandEnd, CommandRunner, Output};
use sigproof_core::{
    Controller, Executor, InterruptHandler, Interrupted, Options, Outcome, Policy, Stage,
    StopSource,
};

use crate::support::{Program, role, say, until};

const LONG: Duration = Duration::from_secs(600);
const BRIEF: Duration = Duration::from_millis(20);
/// Longer than a program takes to start.
const LIMIT: Duration = Duration::from_millis(500);

fn sh(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]);
    command
}

/// Runs a script that says "ready" and stops it then; gives the end and the
/// process ids it printed, one a line.
fn stopped(script: &str, grace: Duration, stage: Stage) -> (CommandEnd, Vec<i32>) {
    let source = StopSource::new();
    let runner = CommandRunner::new(&source.token()).grace(grace);
    let heard = Mutex::new(String::new());
    let end = runner
        .execute(sh(script), |output| {
            let Output::Stdout(bytes) = output else {
                return;
            };
            let mut heard = heard.lock().expect("no panic");
            heard.push_str(&String::from_utf8_lossy(bytes));
            if heard.contains("ready\n") {
                source.stop(stage);
            }
        })
        .expect("the shell starts");
    let heard = heard.into_inner().expect("no panic");
    let pids = heard.lines().filter_map(|line| line.parse().ok()).collect();
    (end, pids)
}

fn is_gone(pid: i32) -> bool {
    // A zombie that nobody reaps yet is gone for all purposes.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    kill(Pid::from_raw(pid), None).is_err() || stat.contains(") Z")
}

#[test]
fn output_is_streamed_and_complete() {
    let source = StopSource::new();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let end = CommandRunner::new(&source.token())
        .execute(
            sh("seq 1 20000; echo problem >&2; exit 3"),
            |output| match output {
                Output::Stdout(bytes) => out.extend_from_slice(bytes),
                Output::Stderr(bytes) => err.extend_from_slice(bytes),
            },
        )
        .expect("the shell starts");
    assert_eq!(end.status.code(), Some(3));
    assert_eq!((end.interrupted, end.killed), (None, false));
    let numbers: String = (1..=20000).map(|number| format!("{number}\n")).collect();
    assert!(out == numbers.as_bytes());
    assert_eq!(err, b"problem\n");
}

#[test]
fn stage_one_lets_it_run_on() {
    let (end, _) = stopped(
        "echo ready; read nothing; exit 5",
        LONG,
        Stage::CancelQueued,
    );
    assert_eq!(end.status.code(), Some(5));
    assert_eq!(end.interrupted, None);
}

#[test]
fn stage_two_asks_politely() {
    let script = "trap 'exit 7' TERM; echo ready; while :; do sleep 0.01; done";
    let (end, _) = stopped(script, LONG, Stage::TerminateActive);
    assert_eq!(end.status.code(), Some(7));
    assert_eq!(
        end.interrupted.map(Interrupted::stage),
        Some(Stage::TerminateActive)
    );
    assert!(!end.killed);
}

#[test]
fn what_ignores_it_is_killed_with_all_descendants() {
    let script =
        "trap '' TERM; (trap '' TERM; exec sleep 600) & echo $!; echo $$; echo ready; wait";
    let (end, pids) = stopped(script, BRIEF, Stage::TerminateActive);
    assert!(end.killed);
    assert!(!end.status.success());
    assert_eq!(pids.len(), 2);
    for pid in pids {
        until("the descendant is gone", || is_gone(pid));
    }
}

#[test]
fn a_stopped_program_is_ended_as_well() {
    let source = StopSource::new();
    let runner = CommandRunner::new(&source.token()).grace(LONG);
    let script = "trap 'exit 7' TERM; echo $$; kill -STOP $$; exit 8";
    let end = runner
        .execute(sh(script), |output| {
            if let Output::Stdout(bytes) = output {
                let pid = String::from_utf8_lossy(bytes).trim().to_owned();
                until("the shell has stopped itself", || {
                    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
                    stat.is_ok_and(|stat| stat.contains(") T"))
                });
                source.stop(Stage::TerminateActive);
            }
        })
        .expect("the shell starts");
    assert_eq!(end.status.code(), Some(7));
}

#[test]
fn stage_three_does_not_ask() {
    let script = "trap '' TERM; echo ready; while :; do sleep 0.01; done";
    let (end, _) = stopped(script, LONG, Stage::ExitNow);
    assert!(end.killed);
}

#[test]
fn descendants_do_not_outlive_a_program_that_ends_by_itself() {
    let source = StopSource::new();
    let runner = CommandRunner::new(&source.token()).grace(BRIEF);
    let mut out = String::new();
    let script = "sleep 600 & echo $!; exit 0";
    let end = runner
        .execute(sh(script), |output| {
            if let Output::Stdout(bytes) = output {
                out.push_str(&String::from_utf8_lossy(bytes));
            }
        })
        .expect("the shell starts");
    assert!(end.status.success());
    assert_eq!(end.interrupted, None);
    let pid = out.trim().parse().expect("a process id");
    until("the descendant is gone", || is_gone(pid));
}

#[test]
fn nothing_starts_after_stage_two() {
    let source = StopSource::new();
    source.stop(Stage::TerminateActive);
    let error = CommandRunner::new(&source.token())
        .execute(Command::new("/nonexistent"), |_| {})
        .expect_err("not started");
    let inner = error.get_ref().expect("an inner error");
    assert!(inner.is::<Interrupted>(), "{error}");
}

#[test]
fn commands_are_tasks_like_others() {
    let source = StopSource::new();
    let runner = CommandRunner::new(&source.token());
    let tasks = [
        sh("exit 0"),
        sh("exit 4"),
        sh("kill -KILL $$"),
        Command::new("/nonexistent"),
    ];
    let mut streamed = Vec::new();
    let results = runner.run_streaming(tasks, |index, _| {
        streamed.push(index);
    });
    assert_eq!(streamed, [0, 1, 2, 3]);
    let outcomes = results.outcomes();
    assert!(outcomes[0].is_completed());
    assert!(matches!(&outcomes[1], Outcome::Failed(why) if why.message.contains('4')));
    assert!(
        matches!(&outcomes[2], Outcome::Lost(lost) if lost.to_string() == "killed by signal 9")
    );
    assert!(matches!(outcomes[3], Outcome::Failed(_)));
    source.stop(Stage::CancelQueued);
    let results = runner.run([sh("exit 0")]);
    assert_eq!(results.outcomes(), [Outcome::Cancelled(Cancelled::Queued)]);
}

#[test]
fn the_third_signal_kills_the_group_from_the_handler() {
    const NAME: &str = test_name!("the_third_signal_kills_the_group_from_the_handler");
    if role().is_some() {
        let handler = InterruptHandler::install(Options::new(Policy::escalating()));
        let handler = handler.expect("install");
        let script = "trap '' TERM INT; echo pid $$; while :; do sleep 0.01; done";
        let end = CommandRunner::new(&handler.token())
            .grace(LONG)
            .execute(sh(script), |output| {
                if let Output::Stdout(bytes) = output {
                    say(String::from_utf8_lossy(bytes).trim());
                }
            });
        unreachable!("stage 3 ends the process: {end:?}");
    }
    let mut program = Program::start(NAME, "child");
    let line = program.expect("pid ");
    let pid = line
        .trim_start_matches("pid ")
        .parse()
        .expect("a process id");
    for _ in 0..3 {
        program.signal(Unix::SIGINT);
        // Two pending signals would be one: wait until it was taken.
        let child = program.pid();
        until("the signal is taken", || is_taken(child));
    }
    program.dies_by(Unix::SIGINT);
    until("the command is gone", || is_gone(pid));
}

/// Whether no signal is pending for the process.
fn is_taken(pid: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
    pending.is_none_or(|mask| mask.trim().bytes().all(|digit| digit == b'0'))
}

/// Nothing wakes the runner but time.
#[test]
fn the_limit_of_a_shield_and_a_flag_end_a_command() {
    let source = StopSource::new();
    source.stop(Stage::TerminateActive);
    let shield = source.token().shield(LIMIT);
    let flag = Arc::new(AtomicBool::new(false));
    let flagged = StopSource::new()
        .token()
        .or_flag(Stage::TerminateActive, &flag);
    for token in [shield.token(), &flagged] {
        flag.store(false, Ordering::SeqCst);
        let begun = Instant::now();
        let end = CommandRunner::new(token)
            .execute(sh("echo ready; exec sleep 60"), |_| {
                flag.store(true, Ordering::SeqCst)
            })
            .expect("it starts");
        assert_eq!(end.status.signal(), Some(Unix::SIGTERM as i32), "{end:?}");
        assert!(begun.elapsed() < Duration::from_secs(30), "by its own end");
    }
}

#[test]
fn the_limit_of_a_teardown_ends_its_command() {
    let source = StopSource::new();
    source.stop(Stage::TerminateActive);
    let report = Controller::new(&source.token())
        .teardown_limit(LIMIT)
        .global_teardown("global", |token| {
            let end = CommandRunner::new(token).execute(sh("exec sleep 60"), |_| {})?;
            assert!(end.interrupted.is_some(), "{end:?}");
            Ok(())
        })
        .run();
    assert!(report.failures().next().is_none(), "{report}");
}

/// A thread cannot be had; the program is not left behind.
#[cfg(target_os = "linux")]
#[test]
fn without_threads_a_command_is_an_error() {
    const NAME: &str = test_name!("without_threads_a_command_is_an_error");
    if role().is_some() {
        let runner = CommandRunner::new(&StopSource::new().token());
        crate::support::deny::deny(libc::SYS_clone3);
        let error = runner
            .execute(sh("sleep 600"), |_| {})
            .expect_err("no thread");
        say(&format!("error {:?}", error.kind()));
        std::process::exit(0);
    }
    Program::start(NAME, "child").exits_with(0);
}

/// As in the background of a script: the program would ignore the request.
#[test]
fn a_program_obeys_a_stop_signal_that_was_inherited_as_ignored() {
    const NAME: &str = test_name!("a_program_obeys_a_stop_signal_that_was_inherited_as_ignored");
    if role().is_some() {
        let source = StopSource::new();
        let end = CommandRunner::new(&source.token())
            .stop_signal(sigproof_core::Signal::INTERRUPT)
            .grace(Duration::from_secs(10))
            .execute(sh("echo ready; exec sleep 60"), |_| {
                source.stop(Stage::TerminateActive);
            })
            .expect("it starts");
        assert_eq!(end.status.signal(), Some(Unix::SIGINT as i32), "{end:?}");
        std::process::exit(0);
    }
    let setup = crate::support::Setup {
        ignored: vec![Unix::SIGINT],
        ..crate::support::Setup::default()
    };
    Program::start_with(NAME, "child", setup).exits_with(0);
}

#[test]
fn output_is_collected_and_failure_is_an_error() {
    let source = StopSource::new();
    let runner = CommandRunner::new(&source.token());
    let output = runner
        .output(sh("echo out; echo err >&2; exit 3"))
        .expect("it runs");
    assert_eq!(
        (&output.stdout[..], &output.stderr[..]),
        (&b"out\n"[..], &b"err\n"[..])
    );
    assert_eq!(output.status.code(), Some(3));
    runner.run_checked(sh("true")).expect("it succeeds");
    let error = runner
        .run_checked(sh("echo no luck >&2; exit 3"))
        .expect_err("it fails");
    assert_eq!(error.to_string(), "/bin/sh: exit status: 3: no luck");
    source.stop(Stage::TerminateActive);
    let error = runner
        .run_checked(sh("true"))
        .expect_err("it is not started");
    assert!(Interrupted::find(&error).is_some(), "{error}");
}

#[test]
fn output_comes_line_by_line() {
    let runner = CommandRunner::new(&StopSource::new().token());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let end = runner.execute_lines(
        sh("printf 'one\ntw'; echo err >&2; printf 'o\n\nlast'; exit 3"),
        |line| match line {
            Output::Stdout(line) => out.push(String::from_utf8_lossy(line).into_owned()),
            Output::Stderr(line) => err.push(String::from_utf8_lossy(line).into_owned()),
        },
    );
    assert_eq!(end.expect("it runs").status.code(), Some(3));
    assert_eq!(out, ["one", "two", "", "last"]);
    assert_eq!(err, ["err"]);
}

#[test]
fn a_program_reads_its_input_to_the_end() {
    let runner = CommandRunner::new(&StopSource::new().token());
    let input = "line\n".repeat(50_000);
    let output = runner
        .clone()
        .input(input.clone())
        .output(Command::new("cat"));
    assert_eq!(output.expect("it runs").stdout, input.as_bytes());
    // One that does not read it all.
    let output = runner.input(input).output(sh("read line; echo $line"));
    assert_eq!(output.expect("it runs").stdout, b"line\n");
}
