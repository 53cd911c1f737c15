//! A hundred thousand signals while ten thousand tasks run.
//!
//! With a policy that outlives them, every task keeps its one outcome and nothing piles up; with the usual one, the
//! right thing is an immediate death by the signal.

use super::support::judge;
use super::support::target::{End, Place, Target, Whom, now_ns, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::fs;
use under_test::rust_program;

const SIGNALS: usize = 100_000;
const TASKS: usize = 10_000;
const WORKERS: usize = 4;
/// More than a program that piles nothing up needs, in a debug build.
const MEMORY_KIB: u64 = 96 * 1024;
/// Standard streams, the file, the handler's pipe, the page, and a few for each worker.
const DESCRIPTORS: usize = 48;

/// Starts a program with ten thousand tasks of two milliseconds, and waits until the first ones are done.
fn start(program: &str, policy: &str, more: &[&str]) -> Target {
    let mut arguments = vec![
        "--outcomes",
        "--task-ms",
        "2",
        "--tasks",
        "10000",
        "--workers",
        "4",
    ];
    arguments.extend(["--timeline", "timeline.json", "--policy", policy]);
    arguments.extend(more);
    let mut target = Target::start(&rust_program(program), &arguments, Place::Pipes);
    assert!(target.hears("is done"));
    target
}

/// The processes below this one that were started and not reaped, each with whether it is dead.
fn children(pid: Pid) -> Vec<(Pid, bool)> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let pids: Vec<i32> = lists
        .flat_map(|list| {
            list.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter_map(|pid| pid.parse().ok())
        .collect();
    let is_dead = |pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.contains(") Z")
    };
    pids.into_iter()
        .map(|pid| (Pid::from_raw(pid), is_dead(pid)))
        .collect()
}

/// That it has not piled anything up; called now and then while it runs.
#[track_caller]
fn bounded(target: &Target) {
    let pid = target.pid();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let memory = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    // A program that has just ended has none.
    let memory = memory.map_or(0, |text| {
        text.trim_end_matches(" kB")
            .trim()
            .parse()
            .expect("a number")
    });
    assert!(memory <= MEMORY_KIB, "{memory} KiB");
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    assert!(descriptors <= DESCRIPTORS, "{descriptors} descriptors");
    let dead = children(pid).iter().filter(|child| child.1).count();
    assert!(dead <= WORKERS, "{dead} zombies");
}

/// Sends a hundred thousand signals, the next one chosen by `choose`; `false` if the program ended before.
fn rage(target: &mut Target, mut choose: impl FnMut(usize) -> Signal) -> bool {
    for number in 0..SIGNALS {
        target.send(choose(number), Whom::Process);
        if number % 1000 == 0 {
            bounded(target);
        }
    }
    target.lives_until(now_ns())
}

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("it is smaller than the sides")
    }
}

#[track_caller]
fn complete(end: &End) {
    assert_eq!(end.status.code(), Some(0), "{}", end.stderr);
    judge::conserved(end, TASKS).unwrap_or_else(|why| panic!("{why}: {}", end.stderr));
    let results = end.file("results.txt").unwrap_or_default();
    assert_eq!(results.lines().count(), TASKS);
    // It was warned once; all other signals were beyond the ladder.
    assert_eq!(
        end.stderr.matches("Press Ctrl+C again to stop").count(),
        1,
        "{}",
        end.stderr
    );
    let timeline = end.file("timeline.json").expect("it concluded");
    assert_eq!(timeline.matches("\"armed\"").count(), 1, "{timeline}");
    assert_eq!(timeline.matches("\"stage\"").count(), 0, "{timeline}");
}

fn outlived(program: &str) {
    let mut target = start(program, "warn-only", &[]);
    assert!(
        rage(&mut target, |_| Signal::SIGINT),
        "the storm was longer than the work"
    );
    complete(&target.end());
}

#[test]
fn threads_outlive_a_storm() {
    outlived("three-stage");
}

#[test]
fn processes_outlive_a_storm() {
    outlived("process-pool");
}

/// Each stop is followed by signals that make the program go on, and the last signal of all is one of those.
fn outlived_with_stops(program: &str) {
    let mut target = start(program, "warn-only", &["--terminal-stop"]);
    let mut dice = Dice(0x5161_9a0f);
    let mix = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGCONT];
    rage(&mut target, |_| match dice.roll(200) {
        0 => Signal::SIGTSTP,
        other => mix[other % mix.len()],
    });
    // It may have been stopped by the last one, or be in the middle of it.
    let stat = format!("/proc/{}/stat", target.pid());
    until("it goes on and ends", || {
        target.send(Signal::SIGCONT, Whom::Process);
        fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") Z"))
    });
    complete(&target.end());
}

#[test]
fn threads_outlive_a_storm_with_stops() {
    outlived_with_stops("three-stage");
}

#[test]
fn processes_outlive_a_storm_with_stops() {
    outlived_with_stops("process-pool");
}

/// A task may be lost with its worker, and says so; no other one is, and none that was acknowledged.
#[test]
fn killed_workers_lose_their_own_tasks_only() {
    let mut target = start("process-pool", "warn-only", &[]);
    let mut dice = Dice(0x0dd_ba11);
    let mut killed = 0;
    let pid = target.pid();
    let outlives = rage(&mut target, |number| {
        if number % 1000 == 0 {
            let workers = children(pid);
            if !workers.is_empty() {
                // It may have died a moment ago; then this does nothing.
                let _ = kill(workers[dice.roll(workers.len())].0, Signal::SIGKILL);
                killed += 1;
            }
        }
        Signal::SIGINT
    });
    assert!(outlives, "the storm was longer than the work");
    until("every dead worker is reaped", || {
        children(pid).iter().all(|child| !child.1)
    });
    assert!(
        target.lives_until(now_ns()),
        "they were reaped by its end only"
    );
    let end = target.end();
    let (mut done, mut lost) = (BTreeSet::new(), BTreeSet::new());
    for line in end.file("results.txt").expect("results").lines() {
        let (number, value) = line
            .trim_start_matches("task ")
            .split_once(": ")
            .expect("a whole line");
        let number: usize = number.parse().expect("a number");
        let right = value == (number * number).to_string();
        assert!(right || value == "lost", "{line}");
        assert!(
            if right { &mut done } else { &mut lost }.insert(number),
            "{line} is there twice"
        );
    }
    assert!(done.is_disjoint(&lost), "a task with two outcomes");
    assert_eq!(done.len() + lost.len(), TASKS, "a task without an outcome");
    assert!(
        lost.len() <= killed,
        "{} lost by {killed} kills",
        lost.len()
    );
    assert!(killed >= 50, "only {killed} kills");
    let said = |end: &End, text: &str| end.stdout.iter().filter(|line| line.contains(text)).count();
    assert_eq!(said(&end, " is done"), done.len());
    assert_eq!(said(&end, ": completed "), done.len());
    assert_eq!(
        said(&end, ": lost: killed by signal 9"),
        lost.len(),
        "{}",
        end.stderr
    );
    assert_eq!(
        end.status.code(),
        Some(i32::from(!lost.is_empty())),
        "{}",
        end.stderr
    );
}

/// Two stages, and then nothing: it concludes in the middle of the storm.
#[test]
fn two_stages_are_taken_and_everything_is_accounted_for() {
    for program in ["three-stage", "process-pool"] {
        let mut target = start(program, "two-stage", &[]);
        rage(&mut target, |_| Signal::SIGINT);
        let end = target.end();
        assert_eq!(end.signal(), Some(Signal::SIGINT), "{}", end.stderr);
        judge::conserved(&end, TASKS).unwrap_or_else(|why| panic!("{why}: {}", end.stderr));
        let outcomes = end
            .stdout
            .iter()
            .filter(|line| line.starts_with("outcome "));
        assert_eq!(outcomes.count(), TASKS, "{}", end.stderr);
        let results = end.file("results.txt").unwrap_or_default();
        assert!(results.lines().count() < TASKS, "it was not stopped");
    }
}

#[test]
fn with_three_stages_a_storm_is_death() {
    for program in ["three-stage", "process-pool"] {
        let mut target = start(program, "escalating", &[]);
        while target.lives_until(now_ns()) {
            target.send(Signal::SIGINT, Whom::Process);
        }
        let end = target.end();
        assert_eq!(end.signal(), Some(Signal::SIGINT), "{}", end.stderr);
        judge::conserved(&end, TASKS).unwrap_or_else(|why| panic!("{why}: {}", end.stderr));
        let results = end.file("results.txt").unwrap_or_default();
        assert!(results.lines().count() < TASKS, "it was not stopped");
    }
}
