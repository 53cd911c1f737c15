//! sigproof itself, interrupted and killed: nothing of it lives on, nothing is left, and what it found so far is told.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, pidfd_open};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Stdio};

/// A sweep that takes long: many points, and each run some time.
struct Sweep {
    child: Child,
    stdout: BufReader<ChildStdout>,
    marker: String,
    family: Vec<OwnedFd>,
}

impl Sweep {
    /// Starts it and waits until it sweeps: the plan is told just before.
    fn start(isolation: &str, marker: &str) -> Sweep {
        Sweep::start_with(isolation, marker, "exit 130")
    }

    /// The same, with targets that would go on for long: what ends them is not their own end.
    fn start_lasting(isolation: &str, marker: &str) -> Sweep {
        let mut sweep = Sweep::start_with(isolation, marker, "sleep 100");
        let pid = sweep.child.id() as i32;
        let lasting = || {
            let family = descendants(pid);
            all_processes()
                .iter()
                .any(|(pid, command)| family.contains(pid) && command.starts_with("sleep\x00100"))
        };
        let rounds = (0..1500).take_while(|_| !lasting() && tick()).count();
        assert!(rounds < 1500, "no target came so far within 30 s");
        sweep.family = pidfds(pid);
        sweep
    }

    fn start_with(isolation: &str, marker: &str, on_interrupt: &str) -> Sweep {
        let marker = format!("{marker}-{}", std::process::id());
        let script = format!(
            "marker={marker}; trap '{on_interrupt}' INT; for n in 1 2 3 4 5 6 7 8 9 10; do echo $n >> out; read -t 0.05 <> <(:); done; exit 0"
        );
        let mut child = under_test::command()
            .args([
                "sweep",
                "--json",
                "--empty",
                "--deadline",
                "90s",
                "--isolation",
                isolation,
                "--store",
            ])
            .arg(std::env::temp_dir().join(format!("store-{marker}")))
            .args(["--", "bash", "-c", &script])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sigproof starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut plan = String::new();
        stdout.read_line(&mut plan).expect("a line");
        assert!(plan.contains("\"plan\""), "{plan}");
        let family = pidfds(child.id() as i32);
        Sweep {
            child,
            stdout,
            marker,
            family,
        }
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).expect("it lives");
    }

    /// Waits for its end; answers its status and the lines that it said.
    fn end(mut self) -> (std::process::ExitStatus, Vec<Value>) {
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).expect("text");
        let status = self.child.wait().expect("its status");
        // The kernel takes down what belongs to a killed process a moment later.
        for member in &self.family {
            let mut ended = [PollFd::new(member, PollFlags::IN)];
            let limit = Timespec {
                tv_sec: 10,
                tv_nsec: 0,
            };
            assert_eq!(
                poll(&mut ended, Some(&limit)).expect("poll"),
                1,
                "a process lives on for 10 s"
            );
        }
        // One that was started after the list was made ends as well, a moment later.
        for (pid, command) in all_processes() {
            let pidfd = rustix::process::Pid::from_raw(pid)
                .filter(|_| command.contains(&self.marker))
                .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
            if let Some(member) = pidfd {
                let mut ended = [PollFd::new(&member, PollFlags::IN)];
                let limit = Timespec {
                    tv_sec: 10,
                    tv_nsec: 0,
                };
                assert_eq!(
                    poll(&mut ended, Some(&limit)).expect("poll"),
                    1,
                    "alive after 10 s: {pid} {command}"
                );
            }
        }
        let alive = all_processes()
            .into_iter()
            .find(|(_, command)| command.contains(&self.marker));
        assert!(alive.is_none(), "alive after the end: {alive:?}");
        let lines = said
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let _ = fs::remove_dir_all(std::env::temp_dir().join(format!("store-{}", self.marker)));
        (status, lines)
    }
}

/// Descriptors of everything below a process.
fn pidfds(root: i32) -> Vec<OwnedFd> {
    descendants(root)
        .into_iter()
        .filter_map(|pid| {
            pidfd_open(rustix::process::Pid::from_raw(pid)?, PidfdFlags::empty()).ok()
        })
        .collect()
}

/// Lets 20 ms pass before a fact that nobody announces is looked at again.
fn tick() -> bool {
    let pause = Timespec {
        tv_sec: 0,
        tv_nsec: 20_000_000,
    };
    poll(&mut [], Some(&pause)).is_ok()
}

fn all_processes() -> Vec<(i32, String)> {
    fs::read_dir("/proc")
        .expect("/proc")
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| *pid != std::process::id() as i32)
        .map(|pid: i32| {
            let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            (pid, String::from_utf8_lossy(&command).into_owned())
        })
        .collect()
}

fn descendants(root: i32) -> Vec<i32> {
    let parents: Vec<(i32, i32)> = all_processes()
        .into_iter()
        .filter_map(|(pid, _)| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let after = &stat[stat.rfind(')')? + 2..];
            Some((pid, after.split(' ').nth(1)?.parse().ok()?))
        })
        .collect();
    let mut family = vec![root];
    while let Some((pid, _)) = parents
        .iter()
        .find(|(pid, parent)| family.contains(parent) && !family.contains(pid))
    {
        family.push(*pid);
    }
    family.remove(0);
    family
}

fn sessions() -> Vec<String> {
    let uid = nix::unistd::geteuid();
    fs::read_dir(format!("/tmp/sigproof-{uid}"))
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.path().display().to_string())
                .collect()
        })
        .unwrap_or_default()
}

#[test]
fn ctrl_c_gives_a_partial_report_and_dies_by_the_signal() {
    let sweep = Sweep::start("auto", "interrupt");
    sweep.signal(Signal::SIGINT);
    let (status, lines) = sweep.end();
    assert_eq!(status.signal(), Some(2), "{status:?}");
    let summary = lines
        .iter()
        .find(|line| line["type"] == "summary")
        .expect("a partial report");
    assert!(summary["cut_short"].as_u64() > Some(0), "{summary}");
    assert_eq!(
        summary["failed_runs"].as_array().map(Vec::len),
        Some(0),
        "{summary}"
    );
}

#[test]
fn sigterm_does_the_same() {
    let sweep = Sweep::start("auto", "terminate");
    sweep.signal(Signal::SIGTERM);
    let (status, lines) = sweep.end();
    assert_eq!(status.signal(), Some(15), "{status:?}");
    assert!(
        lines.iter().any(|line| line["type"] == "summary"),
        "{lines:?}"
    );
}

#[test]
fn kill_leaves_no_process() {
    let sweep = Sweep::start_lasting("auto", "kill");
    sweep.signal(Signal::SIGKILL);
    let (status, _) = sweep.end();
    assert_eq!(status.signal(), Some(9), "{status:?}");
}

#[test]
fn without_namespaces_kill_leaves_no_process_and_the_next_run_cleans_up() {
    let sweep = Sweep::start_lasting("copy", "kill-copy");
    let session = format!("session-{}-", sweep.child.id());
    assert!(
        sessions().iter().any(|path| path.contains(&session)),
        "{:?}",
        sessions()
    );
    sweep.signal(Signal::SIGKILL);
    let (status, _) = sweep.end();
    assert_eq!(status.signal(), Some(9), "{status:?}");
    let next = under_test::command()
        .args(["run", "--empty", "--", "true"])
        .output()
        .expect("sigproof runs");
    assert!(next.status.success(), "{next:?}");
    assert!(
        !sessions().iter().any(|path| path.contains(&session)),
        "{:?}",
        sessions()
    );
}

#[test]
fn without_namespaces_ctrl_c_leaves_nothing() {
    let sweep = Sweep::start("copy", "interrupt-copy");
    let session = format!("session-{}-", sweep.child.id());
    sweep.signal(Signal::SIGINT);
    let (status, lines) = sweep.end();
    assert_eq!(status.signal(), Some(2), "{status:?}");
    assert!(
        lines.iter().any(|line| line["type"] == "summary"),
        "{lines:?}"
    );
    assert!(
        !sessions().iter().any(|path| path.contains(&session)),
        "{:?}",
        sessions()
    );
}
