//! A phased run that drives the real `ansible-playbook`, interrupted on a real terminal: what is to be torn down is
//! torn down, and nothing of the playbooks lives on or stays.

use super::support::marked::Mark;
use super::support::terminal::Terminal;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const BENCHCTL: &str = env!("CARGO_BIN_EXE_benchctl");
const WARNING: &str = "Press Ctrl+C again to stop...";
const STOPPING: &str = "Stop confirmed: Stopping active work, running teardown...";
/// As long as nobody waits for it.
const FOR_EVER: &str = "600";

fn ansible() -> PathBuf {
    let below = Path::new(BENCHCTL).ancestors().skip(1);
    below
        .map(|directory| directory.join("ansible/bin/ansible-playbook"))
        .find(|program| program.exists())
        .expect("ansible-playbook is not installed: run `cargo ci tools`")
}

/// One benchmark in a directory of its own.
struct Bench {
    terminal: Terminal,
    mark: Mark,
    directory: TempDir,
}

impl Bench {
    /// Starts benchctl with ansible and these arguments.
    fn start(arguments: &[&str]) -> Bench {
        let ansible = ansible();
        let ansible = ansible.to_str().expect("UTF-8");
        Bench::start_without_ansible(&[arguments, &["--ansible", ansible]].concat())
    }

    fn start_without_ansible(arguments: &[&str]) -> Bench {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["home", "work"] {
            fs::create_dir(directory.path().join(name)).expect("a directory");
        }
        let mark = Mark::new();
        let mut setsid = Command::new("setsid");
        mark.put_on(&mut setsid);
        setsid
            .env("HOME", directory.path().join("home"))
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "xterm")
            .env_remove("NO_COLOR");
        let work = directory.path().join("work");
        let work = ["--work", work.to_str().expect("UTF-8")];
        let words = work.iter().chain(arguments);
        Bench {
            terminal: Terminal::start(setsid, BENCHCTL, words),
            mark,
            directory,
        }
    }

    /// Waits for the `sleep` of a playbook that has come to this heading.
    fn sleeps_in(&mut self, playbook: &str) -> Pid {
        self.terminal.expect(&format!("== {playbook}"));
        let mut found = None;
        let mark = &self.mark;
        self.terminal.until("the sleep runs", || {
            found = mark.executes("sleep");
            found.is_some()
        });
        found.expect("until then")
    }

    fn press_until(&mut self, text: &str) {
        self.terminal.press_ctrl_c();
        self.terminal.expect(text);
    }

    /// Waits for the end; then nobody lives, the work directory holds exactly
    /// these entries, and the home directory none.
    fn end(self, left: &[&str]) -> (std::process::ExitStatus, String, TempDir) {
        let (status, shown) = self.terminal.end();
        // After a forced end the guardian needs a moment.
        let start = std::time::Instant::now();
        let moment = std::time::Duration::from_secs(60);
        let work = self.directory.path().join("work");
        loop {
            let living = self.mark.living();
            if living.is_empty() && entries(&work) == left {
                break;
            }
            assert!(
                start.elapsed() < moment,
                "alive: {living:?}, left: {:?}, expected: {left:?}\n{shown}",
                entries(&work)
            );
            std::thread::yield_now();
        }
        let home = entries(&self.directory.path().join("home"));
        assert!(home.is_empty(), "{home:?}");
        (status, shown, self.directory)
    }
}

fn entries(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .expect("the directory")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// That this is what became of the phases, in this order, at the end.
#[track_caller]
fn ends_with(shown: &str, lines: &[&str]) {
    let report: Vec<_> = shown.lines().map(str::trim_end).collect();
    let start = report.len().saturating_sub(lines.len());
    assert_eq!(report[start..], *lines, "\n{shown}");
}

#[test]
fn the_first_ctrl_c_warns_and_the_benchmark_goes_on_to_its_end() {
    let mut bench = Bench::start(&["--hosts", "alpha,beta", "--seconds", "3"]);
    bench.sleeps_in("workload on alpha");
    bench.press_until(WARNING);
    let (status, shown, directory) = bench.end(&["report.txt"]);
    assert_eq!(status.code(), Some(0), "{shown}");
    ends_with(
        &shown,
        &[
            "prepare: done",
            "workload on alpha: done",
            "workload on beta: done",
            "collect: done",
            "plugin teardown: done",
            "global teardown: done",
        ],
    );
    let report = fs::read_to_string(directory.path().join("work/report.txt"));
    assert_eq!(
        report.expect("the report"),
        "alpha was measured\nbeta was measured\n"
    );
}

/// What is shown after the load on the first of two hosts was interrupted.
const STOPPED: [&str; 6] = [
    "prepare: done",
    "workload on alpha: interrupted",
    "workload on beta: skipped",
    "collect: skipped",
    "plugin teardown: done",
    "global teardown: done",
];

#[test]
fn the_second_ctrl_c_interrupts_the_playbook_and_skips_the_rest_but_no_teardown() {
    let mut bench = Bench::start(&[
        "--hosts",
        "alpha,beta",
        "--seconds",
        FOR_EVER,
        "--plugin-seconds",
        "1",
    ]);
    bench.sleeps_in("workload on alpha");
    bench.press_until(WARNING);
    bench.press_until(STOPPING);
    let (status, shown, _) = bench.end(&[]);
    assert_eq!(status.signal(), Some(Signal::SIGINT as i32), "{shown}");
    ends_with(&shown, &STOPPED);
    // ansible itself says so, and was not killed.
    assert!(shown.contains("User interrupted execution"), "{shown}");
}

#[test]
fn a_load_that_obeys_no_signal_is_killed_after_the_grace_period() {
    let mut bench = Bench::start(&[
        "--hosts",
        "alpha,beta",
        "--seconds",
        FOR_EVER,
        "--stubborn",
        "--grace-ms",
        "2000",
    ]);
    bench.sleeps_in("workload on alpha");
    bench.press_until(WARNING);
    bench.press_until(STOPPING);
    let (status, shown, _) = bench.end(&[]);
    assert_eq!(status.signal(), Some(Signal::SIGINT as i32), "{shown}");
    ends_with(&shown, &STOPPED);
}

#[test]
fn the_third_ctrl_c_forces_the_exit_out_of_a_hanging_teardown() {
    let mut bench = Bench::start(&["--seconds", FOR_EVER, "--plugin-seconds", FOR_EVER]);
    bench.sleeps_in("workload on alpha");
    bench.press_until(WARNING);
    bench.press_until(STOPPING);
    bench.sleeps_in("plugin-teardown");
    bench.terminal.press_ctrl_c();
    // What the teardowns would have removed stays; their temporary files do not.
    let (status, shown, directory) = bench.end(&["plugin", "state"]);
    assert_eq!(status.signal(), Some(Signal::SIGINT as i32), "{shown}");
    assert!(!shown.contains("global-teardown"), "{shown}");
    // The next run starts from nothing all the same.
    let work = directory.path().join("work");
    let again = Command::new(BENCHCTL).arg("--work").arg(&work).output();
    assert!(again.expect("it starts").status.success());
    assert_eq!(entries(&work), ["report.txt"]);
}

#[test]
fn sigterm_needs_no_confirmation() {
    let mut bench = Bench::start(&["--hosts", "alpha,beta", "--seconds", FOR_EVER]);
    bench.sleeps_in("workload on alpha");
    bench.terminal.signal(Signal::SIGTERM);
    let (status, shown, _) = bench.end(&[]);
    assert_eq!(status.signal(), Some(Signal::SIGTERM as i32), "{shown}");
    ends_with(&shown, &STOPPED);
}

#[test]
fn nothing_of_a_playbook_outlives_a_killed_controller() {
    let mut bench = Bench::start(&["--seconds", FOR_EVER, "--stubborn"]);
    bench.sleeps_in("workload on alpha");
    bench.terminal.signal(Signal::SIGKILL);
    let (status, shown, _) = bench.end(&["plugin", "state"]);
    assert_eq!(status.signal(), Some(Signal::SIGKILL as i32), "{shown}");
}

#[test]
fn a_stopped_benchmark_ends_as_configured() {
    for (exit, code, signal) in [
        ("signal", None, Some(Signal::SIGINT as i32)),
        ("128", Some(130), None),
        ("7", Some(7), None),
    ] {
        let mut bench = Bench::start_without_ansible(&["--seconds", FOR_EVER, "--exit", exit]);
        bench.sleeps_in("workload on alpha");
        bench.press_until(WARNING);
        bench.press_until(STOPPING);
        let (status, shown, _) = bench.end(&[]);
        assert_eq!((status.code(), status.signal()), (code, signal), "{shown}");
    }
}

#[test]
fn a_forgotten_warning_does_not_count() {
    const ARMED: std::time::Duration = std::time::Duration::from_millis(1);
    let mut bench = Bench::start_without_ansible(&["--seconds", FOR_EVER, "--arm-ms", "1"]);
    let sleep = bench.sleeps_in("workload on alpha");
    bench.press_until(WARNING);
    // It was armed before it said so; that it has lapsed since is told by the clock alone.
    let armed = std::time::Instant::now();
    while armed.elapsed() < 2 * ARMED {
        std::thread::yield_now();
    }
    bench.press_until(WARNING);
    let still = bench.mark.living();
    assert!(still.contains(&sleep), "{still:?}");
    bench.terminal.signal(Signal::SIGTERM);
    bench.end(&[]);
}

#[test]
fn a_failing_playbook_fails_the_benchmark_and_is_torn_down() {
    // There is no such host.
    let bench = Bench::start(&["--hosts", "gamma"]);
    let (status, shown, _) = bench.end(&[]);
    assert_eq!(status.code(), Some(1), "{shown}");
    ends_with(
        &shown,
        &[
            "prepare: done",
            "workload on gamma: failed: workload on gamma: exit status: 1",
            "collect: skipped",
            "plugin teardown: done",
            "global teardown: done",
        ],
    );
}
