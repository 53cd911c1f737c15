//! However a program is started: the programs of the core, with the real wrappers, in poor conditions. They do what is
//! right, or say clearly why they cannot.

use super::support::judge;
use super::support::target::{End, Place, Target, Whom, until};
use crate::support::copy::copy_program;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use under_test::rust_program;

/// On threads and on processes.
const PROGRAMS: [&str; 2] = ["three-stage", "process-pool"];

/// Twelve tasks of 60 ms: long enough to be met at work.
const SLOW: [&str; 5] = ["--outcomes", "--tasks", "12", "--task-ms", "60"];

/// The program as a shell script runs it: `"$0" "$@"`.
fn sh(script: &str, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", script])
        .arg(rust_program(program))
        .args(arguments);
    command
}

/// The same, started by this wrapper.
fn wrapped(wrapper: &[&str], program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(wrapper[0]);
    command
        .args(&wrapper[1..])
        .arg(rust_program(program))
        .args(arguments);
    command
}

#[track_caller]
fn conserved(end: &End, tasks: usize) {
    if let Err(why) = judge::conserved(end, tasks) {
        panic!("{why}: {:?}\n{:#?}\n{}", end.status, end.stdout, end.stderr);
    }
}

/// It ends well, with every result.
#[track_caller]
fn complete(end: &End, tasks: usize) {
    assert_eq!(
        end.status.code(),
        Some(0),
        "{:#?}\n{}",
        end.stdout,
        end.stderr
    );
    conserved(end, tasks);
    assert_eq!(results(end), tasks, "{:#?}\n{}", end.stdout, end.stderr);
}

/// It dies by SIGINT, with every result that it has acknowledged.
#[track_caller]
fn interrupted(end: &End, tasks: usize) {
    assert_eq!(
        end.signal(),
        Some(Signal::SIGINT),
        "{:#?}\n{}",
        end.stdout,
        end.stderr
    );
    conserved(end, tasks);
}

fn results(end: &End) -> usize {
    end.file("results.txt").unwrap_or_default().lines().count()
}

#[test]
fn under_nohup_a_hangup_does_nothing_and_ctrl_c_stops_it() {
    for program in PROGRAMS {
        let start = || {
            let mut target = Target::of(&wrapped(&["nohup"], program, &SLOW), Place::Pipes);
            assert!(target.hears("task "));
            target.send(Signal::SIGHUP, Whom::Group);
            target
        };
        complete(&start().end(), 12);
        let mut target = start();
        target.press();
        interrupted(&target.end(), 12);
    }
}

#[test]
fn in_the_background_of_a_script_sigint_stays_ignored_and_sigterm_does_not() {
    let script = "\"$0\" \"$@\" & echo \"pid $!\"; wait $!; echo \"status $?\"";
    for program in PROGRAMS {
        for (signal, status) in [
            (Signal::SIGINT, "status 0"),
            (Signal::SIGTERM, "status 143"),
        ] {
            let mut target = Target::of(&sh(script, program, &SLOW), Place::Pipes);
            assert!(target.hears("pid "));
            let pid = target
                .last()
                .trim_start_matches("pid ")
                .parse()
                .expect("a number");
            assert!(target.hears("task "));
            kill(Pid::from_raw(pid), signal).expect("the shell has not reaped it");
            let end = target.end();
            assert_eq!(
                end.stdout.last().map(String::as_str),
                Some(status),
                "{}",
                end.stderr
            );
            conserved(&end, 12);
            assert_eq!(
                results(&end) == 12,
                signal == Signal::SIGINT,
                "{:#?}",
                end.stdout
            );
        }
    }
}

#[test]
fn when_the_reader_of_a_pipeline_is_gone_it_says_so_and_ends() {
    for program in PROGRAMS {
        let command = sh("\"$0\" \"$@\" | head -1", program, &SLOW);
        let end = Target::of(&command, Place::Pipes).end();
        assert_eq!(end.stdout, ["ready"]);
        assert!(
            end.stderr
                .contains("cannot write to standard output: Broken pipe"),
            "{}",
            end.stderr
        );
        assert!(!end.stderr.contains("panicked"), "{}", end.stderr);
    }
}

#[test]
fn typed_at_a_pipeline_ctrl_c_ends_all_of_it() {
    for program in PROGRAMS {
        let command = sh("\"$0\" \"$@\" | cat", program, &SLOW);
        let mut target = Target::of(&command, Place::Terminal);
        assert!(target.hears("task "));
        target.send(Signal::SIGINT, Whom::Typed);
        let end = target.end();
        assert_ne!(
            end.status.code(),
            Some(0),
            "{:#?}\n{}",
            end.stdout,
            end.stderr
        );
        assert!(results(&end) < 12);
    }
}

#[test]
fn under_timeout_it_ends_with_what_it_has() {
    for program in PROGRAMS {
        for wrapper in [
            &["timeout", "-s", "INT", "1"][..],
            &["timeout", "--foreground", "-s", "INT", "1"],
        ] {
            let arguments = ["--outcomes", "--tasks", "100", "--task-ms", "150"];
            let end = Target::of(&wrapped(wrapper, program, &arguments), Place::Pipes).end();
            assert_eq!(
                end.status.code(),
                Some(124),
                "{:#?}\n{}",
                end.stdout,
                end.stderr
            );
            conserved(&end, 100);
            assert!(results(&end) < 100);
            assert!(end.stderr.contains("Interrupt received"), "{}", end.stderr);
        }
    }
}

#[test]
fn without_a_terminal_it_is_stopped_all_the_same() {
    for program in PROGRAMS {
        let mut target = Target::start(&rust_program(program), &SLOW, Place::Session);
        assert!(target.hears("task "));
        target.send(Signal::SIGINT, Whom::Group);
        interrupted(&target.end(), 12);
    }
}

#[test]
fn with_a_standard_stream_closed_it_works_and_is_stopped() {
    for program in PROGRAMS {
        for closed in ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"] {
            let script = format!("exec \"$0\" \"$@\" {closed}");
            let end = Target::of(&sh(&script, program, &SLOW), Place::Pipes).end();
            assert_eq!(
                end.status.code(),
                Some(0),
                "{closed}: {:#?}\n{}",
                end.stdout,
                end.stderr
            );
            assert_eq!(
                results(&end),
                12,
                "{closed}: {:#?}\n{}",
                end.stdout,
                end.stderr
            );
            let mut target = Target::of(&sh(&script, program, &SLOW), Place::Pipes);
            // It may have no way to say so.
            let file = target.directory().join("results.txt");
            until("a result is there", || {
                fs::read_to_string(&file).is_ok_and(|text| !text.is_empty())
            });
            target.press();
            let end = target.end();
            assert_eq!(
                end.signal(),
                Some(Signal::SIGINT),
                "{closed}: {}",
                end.stderr
            );
            assert!(results(&end) < 12, "{closed}");
        }
    }
}

#[test]
fn a_full_standard_error_delays_no_stage() {
    for program in PROGRAMS {
        let mut target = Target::start(&rust_program(program), &SLOW, Place::Stuffed);
        assert!(target.hears("task "));
        target.press();
        interrupted(&target.end(), 12);
        // Tasks that never look: only the handler can end this.
        let deaf = [
            "--outcomes",
            "--stubborn",
            "--task-ms",
            "600000",
            "--grace-ms",
            "600000",
        ];
        let mut target = Target::start(&rust_program(program), &deaf, Place::Stuffed);
        target.toils();
        for _ in 0..3 {
            target.press();
        }
        let end = target.end();
        interrupted(&end, 8);
        assert!(
            !end.stdout.iter().any(|line| line.starts_with("outcome")),
            "it was not forced"
        );
    }
}

#[test]
fn with_few_descriptors_it_works_with_the_workers_it_can_have() {
    for program in PROGRAMS {
        let arguments = ["--outcomes", "--tasks", "40", "--workers", "8"];
        let command = sh("ulimit -n 16; exec \"$0\" \"$@\"", program, &arguments);
        complete(&Target::of(&command, Place::Pipes).end(), 40);
        let arguments = [
            "--outcomes",
            "--tasks",
            "40",
            "--workers",
            "8",
            "--task-ms",
            "60",
        ];
        let command = sh("ulimit -n 16; exec \"$0\" \"$@\"", program, &arguments);
        let mut target = Target::of(&command, Place::Pipes);
        assert!(target.hears("task "));
        target.press();
        interrupted(&target.end(), 40);
        let command = sh("ulimit -n 4; exec \"$0\" \"$@\"", program, &[]);
        let end = Target::of(&command, Place::Pipes).end();
        assert_eq!(
            end.status.code(),
            Some(1),
            "{:#?}\n{}",
            end.stdout,
            end.stderr
        );
        let why =
            "Failed to set up interrupt handling: opening the wake-up pipe: Too many open files";
        assert!(end.stderr.contains(why), "{}", end.stderr);
    }
}

#[test]
fn a_thousand_workers_are_as_many_as_there_can_be() {
    for program in PROGRAMS {
        let arguments = [
            "--outcomes",
            "--tasks",
            "1200",
            "--workers",
            "1000",
            "--task-ms",
            "1",
        ];
        let command = sh("ulimit -n 1024; exec \"$0\" \"$@\"", program, &arguments);
        complete(&Target::of(&command, Place::Pipes).end(), 1200);
        let mut target = Target::of(&command, Place::Pipes);
        assert!(target.hears("task "));
        target.press();
        interrupted(&target.end(), 1200);
    }
}

/// The limit counts threads and processes of a user, and root has none: the programs run as a user of their own if that
/// can be had.
#[test]
fn without_room_for_a_process_it_works_or_says_why() {
    let root = nix::unistd::geteuid().is_root();
    for (program, user) in PROGRAMS.into_iter().zip(["54321", "54322"]) {
        for limit in 1..=12 {
            let directory = tempfile::tempdir().expect("a directory");
            let open = fs::Permissions::from_mode(0o777);
            fs::set_permissions(directory.path(), open).expect("a directory of ours");
            // Where the program was built may be closed to others.
            let copy = directory.path().join(program);
            copy_program(rust_program(program), &copy);
            let limit = format!("--nproc={limit}");
            let mut words = vec!["prlimit", &limit, "--"];
            if root {
                let user = [
                    "setpriv",
                    "--reuid",
                    user,
                    "--regid",
                    user,
                    "--clear-groups",
                ];
                words.splice(0..0, user);
            }
            let mut command = Command::new(words[0]);
            command.args(&words[1..]).arg(&copy).args(["--tasks", "8"]);
            let end = Target::within(directory, &command, Place::Pipes).end();
            let said = format!(
                "{limit}: {:?}\n{:#?}\n{}",
                end.status, end.stdout, end.stderr
            );
            assert!(!end.stderr.contains("panicked"), "{said}");
            let done = end
                .stdout
                .iter()
                .filter(|line| line.ends_with("is done"))
                .count();
            if end.status.code() == Some(0) {
                assert_eq!(done, 8, "{said}");
            } else {
                assert_eq!(end.status.code(), Some(1), "{said}");
                assert!(
                    end.stderr.contains("Resource temporarily unavailable"),
                    "{said}"
                );
            }
        }
    }
}
