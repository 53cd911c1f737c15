//! Programs that ask something on the terminal.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Command;

use nix::sys::signal::{Signal as Unix, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpgrp, setsid, tcgetpgrp, tcsetpgrp};
use sigproof_core::pool::{CommandRunner, Output};
use sigproof_core::{InterruptHandler, Options, Policy, Stage, StopSource, StopToken};

use crate::support::terminal::Terminal;
use crate::support::{Program, role, say, until};

fn sh(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]);
    command
}

/// Runs it, says what it prints, and how it ends, and who has the terminal then.
fn tell(runner: &CommandRunner, command: Command) {
    let end = runner.execute(command, |output| {
        if let Output::Stdout(bytes) = output {
            say(String::from_utf8_lossy(bytes).trim());
        }
    });
    say(&match end {
        Ok(end) => match end.status.signal() {
            Some(signal) => format!("killed by {signal}"),
            None => format!("ended with {}", end.status.code().expect("it exited")),
        },
        Err(error) => format!("error: {error}"),
    });
    let foreground = tcgetpgrp(std::io::stderr()).expect("a terminal");
    let whose = if foreground == getpgrp() {
        "mine"
    } else {
        "lost"
    };
    say(&format!("the terminal is {whose}"));
}

fn runner(token: &StopToken) -> CommandRunner {
    CommandRunner::new(token).foreground()
}

fn never() -> StopToken {
    StopSource::new().token()
}

const ASK: &str = "printf 'name? ' >/dev/tty; read -r name </dev/tty; echo hello $name";

#[test]
fn a_program_asks_on_the_terminal() {
    const NAME: &str = test_name!("a_program_asks_on_the_terminal");
    if role().is_some() {
        tell(&runner(&never()), sh(ASK));
        // On its standard input, too.
        tell(&runner(&never()), sh("read -r name; echo welcome $name"));
        std::process::exit(0);
    }
    let mut terminal = Terminal::start(NAME, "child", 80, &[]);
    terminal.expect(&["name? "]);
    terminal.press(b"Ada\n");
    terminal.expect(&["hello Ada", "ended with 0", "the terminal is mine"]);
    terminal.press(b"Eve\n");
    terminal.expect(&["welcome Eve"]);
    assert_eq!(terminal.end(), None);
    assert!(
        !terminal.picture().contains("lost"),
        "{}",
        terminal.picture()
    );
}

#[test]
fn a_program_that_may_not_ask_is_an_error() {
    const NAME: &str = test_name!("a_program_that_may_not_ask_is_an_error");
    if role().is_some() {
        tell(&CommandRunner::new(&never()), sh(ASK));
        // Nor one that only keeps its standard input.
        tell(
            &CommandRunner::new(&never()).keep_stdin(),
            sh("read -r name; echo no"),
        );
        std::process::exit(0);
    }
    let mut terminal = Terminal::start(NAME, "child", 200, &[]);
    assert_eq!(terminal.end(), None);
    let lines = terminal.lines().join("\n");
    let error = "error: the program wants to use the terminal, and does not have it: see CommandRunner::foreground";
    assert_eq!(lines.matches(error).count(), 2, "{lines}");
    assert_eq!(lines.matches("the terminal is mine").count(), 2, "{lines}");
}

#[test]
fn without_a_terminal_there_is_none_to_hand_over() {
    const NAME: &str = test_name!("without_a_terminal_there_is_none_to_hand_over");
    if role().is_some() {
        setsid().expect("no leader of a group");
        let error = runner(&never())
            .execute(sh("echo no"), |_| {})
            .expect_err("no terminal");
        say(&error.to_string());
        std::process::exit(0);
    }
    let mut program = Program::start(NAME, "child");
    program.expect("cannot hand over the terminal: this process has none");
    program.exits_with(0);
}

#[test]
fn in_the_background_there_is_none_to_hand_over() {
    const NAME: &str = test_name!("in_the_background_there_is_none_to_hand_over");
    match role().as_deref() {
        None => {}
        Some("background") => {
            let error = runner(&never())
                .execute(sh("echo no"), |_| {})
                .expect_err("not ours");
            say(&error.to_string());
            std::process::exit(0);
        }
        Some(_) => {
            let status = again(NAME, "background").process_group(0).status();
            assert!(status.expect("it starts").success());
            std::process::exit(0);
        }
    }
    let mut terminal = Terminal::start(NAME, "child", 80, &[]);
    terminal.expect(&["cannot hand over the terminal: this process is in the background"]);
    assert_eq!(terminal.end(), None);
}

/// This test once more, in another role, on the same terminal.
fn again(name: &str, role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the test binary"));
    command
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env("SIGPROOF_CORE_TEST_ROLE", role);
    command
}

#[test]
fn the_terminal_comes_back_from_a_program_that_dies_or_never_begins() {
    const NAME: &str =
        test_name!("the_terminal_comes_back_from_a_program_that_dies_or_never_begins");
    if role().is_some() {
        tell(&runner(&never()), sh("stty -echo </dev/tty; kill -KILL $$"));
        tell(&runner(&never()), Command::new("/no/such/program"));
        // One that leaves somebody else in the foreground, and is ended at stage 2.
        // Only a guardian ends the other one.
        let job = if cfg!(sigproof_portable) {
            ""
        } else {
            "set -m; "
        };
        let source = StopSource::new();
        let stop = source.clone();
        let end = runner(&source.token()).execute(
            sh(&format!("{job}(echo begun; sleep 600); echo not so")),
            |_| {
                stop.stop(Stage::TerminateActive);
            },
        );
        say(&format!(
            "interrupted: {}",
            end.is_ok_and(|end| end.interrupted.is_some())
        ));
        tell(&runner(&never()), sh("exit 7"));
        std::process::exit(0);
    }
    let mut terminal = Terminal::start(NAME, "child", 80, &[]);
    assert_eq!(terminal.end(), None);
    let lines = terminal.lines().join("\n");
    for text in [
        "killed by 9",
        "error: No such file",
        "interrupted: true",
        "ended with 7",
    ] {
        assert!(lines.contains(text), "{text}\n{lines}");
    }
    assert_eq!(lines.matches("the terminal is mine").count(), 3, "{lines}");
    assert!(terminal.echoes(), "the modes of the killed program stay");
}

#[test]
fn ctrl_c_that_kills_the_program_means_this_process_too() {
    const NAME: &str = test_name!("ctrl_c_that_kills_the_program_means_this_process_too");
    if role().is_some() {
        let handler = InterruptHandler::install(Policy::escalating()).expect("install");
        let token = handler.token();
        tell(
            &runner(&token),
            sh("trap 'exit 3' INT; echo waits; while :; do read -r x </dev/tty; done"),
        );
        say(&format!("stage {}", token.stage().number()));
        tell(&runner(&token), sh("echo ready; exec sleep 600"));
        let stage = token.wait(Stage::CancelQueued).number();
        say(&format!("stage {stage}"));
        handler.conclude();
    }
    let mut terminal = Terminal::start(NAME, "child", 80, &[]);
    terminal.expect(&["waits"]);
    // The program deals with it.
    terminal.press_ctrl_c();
    terminal.expect(&["ended with 3", "stage 0", "ready"]);
    terminal.press_ctrl_c();
    terminal.expect(&["killed by 2", "stage 1"]);
    assert_eq!(terminal.end(), Some(libc::SIGINT));
    assert!(
        !terminal.picture().contains("lost"),
        "{}",
        terminal.picture()
    );
}

/// What a shell does for a job.
#[expect(clippy::zombie_processes, reason = "it is waited for by its number")]
fn shell(name: &str, by_key: bool, takes: bool) {
    let terminal = std::io::stderr();
    let job = again(name, "job")
        .process_group(0)
        .spawn()
        .expect("it starts");
    let group = Pid::from_raw(i32::try_from(job.id()).expect("a process id"));
    // SAFETY: the disposition for a valid signal; a shell does that, too.
    unsafe { libc::signal(libc::SIGTTOU, libc::SIG_IGN) };
    tcsetpgrp(&terminal, group).expect("ours to give");
    for round in 0.. {
        match waitpid(group, Some(WaitPidFlag::WUNTRACED)).expect("our child") {
            WaitStatus::Stopped(_, _) => {
                let foreground = tcgetpgrp(&terminal).expect("a terminal");
                // A shell takes the terminal anyway.
                assert!(
                    !by_key || foreground == group,
                    "it did not take the terminal back"
                );
                if takes {
                    tcsetpgrp(&terminal, getpgrp()).expect("ours to take");
                }
                say(&format!("stopped {round}"));
                if takes {
                    // As `fg` does.
                    tcsetpgrp(&terminal, group).expect("ours to give");
                }
                killpg(group, Unix::SIGCONT).expect("it is there");
            }
            end => {
                say(&format!("the job has ended: {end:?}"));
                return;
            }
        }
    }
}

fn job(options: Options, script: &str) {
    until("it has the terminal", || {
        tcgetpgrp(std::io::stderr()).is_ok_and(|group| group == getpgrp())
    });
    let handler = InterruptHandler::install(options).expect("install");
    let mut asks = sh(&format!("{script}{ASK}"));
    asks.env("JOB", std::process::id().to_string());
    tell(&runner(&handler.token()), asks);
}

/// A job of a shell, which is stopped by a key, or by what its program does
/// first.
fn is_stopped_once(name: &str, options: Options, script: &str, takes: bool) {
    match role().as_deref() {
        None => {}
        Some("job") => {
            job(options, script);
            std::process::exit(0);
        }
        Some(_) => {
            shell(name, script.is_empty(), takes);
            std::process::exit(0);
        }
    }
    let mut terminal = Terminal::start(name, "shell", 80, &[]);
    if script.is_empty() {
        terminal.expect(&["name? "]);
        terminal.press(b"\x1a");
    }
    terminal.expect(&["stopped 0", "name? "]);
    terminal.press(b"Ada\n");
    terminal.expect(&[
        "hello Ada",
        "the terminal is mine",
        "the job has ended: Exited",
    ]);
    assert_eq!(terminal.end(), None);
    assert!(
        !terminal.picture().contains("stopped 1"),
        "{}",
        terminal.picture()
    );
}

#[test]
fn ctrl_z_stops_both_and_both_go_on() {
    const NAME: &str = test_name!("ctrl_z_stops_both_and_both_go_on");
    is_stopped_once(NAME, Options::new(Policy::escalating()), "", true);
}

#[test]
fn ctrl_z_with_a_handler_of_its_own_stops_both_once() {
    const NAME: &str = test_name!("ctrl_z_with_a_handler_of_its_own_stops_both_once");
    let options = Options::new(Policy::escalating()).on_terminal_stop("");
    is_stopped_once(NAME, options, "", true);
}

/// It is not in the foreground then: its handler stops its programs. The shell
/// gives the terminal to it, and not to the program, which has to get it.
#[test]
fn a_process_that_is_stopped_itself_stops_once_and_its_program_asks_afterwards() {
    const NAME: &str =
        test_name!("a_process_that_is_stopped_itself_stops_once_and_its_program_asks_afterwards");
    let options = Options::new(Policy::escalating()).on_terminal_stop("");
    is_stopped_once(NAME, options, "kill -TSTP $JOB; ", true);
}

/// Whoever lets it go on is no shell, and leaves the terminal alone.
#[test]
fn a_program_that_has_gone_on_is_not_taken_for_stopped() {
    const NAME: &str = test_name!("a_program_that_has_gone_on_is_not_taken_for_stopped");
    let options = Options::new(Policy::escalating()).on_terminal_stop("");
    is_stopped_once(NAME, options, "kill -TSTP $JOB; ", false);
}
