//! A long sweep leaves nothing behind, and its memory does not grow with the number of runs.
//!
//! `cargo ci stress` has 10,000 runs; without it there are 300 (`SIGPROOF_STRESS_RUNS`). Of a service, with a network
//! of its own and clients in each run, it has 1,000; without it there are 10 (`SIGPROOF_SERVICE_RUNS`).

use crate::support::own_process::is_alone;
use fixture_model::Helper;
use sigproof::execute::SupervisorPool;
use sigproof::explore::{FaultSpec, Progress, SweepOptions, SweepReport, sweep};
use sigproof::failure::Store;
use sigproof::internals::Isolation;
use sigproof::testing::{Contract, Delivery, Fault, Source, Target, Test};
use sigproof_core::StopSource;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn runs(variable: &str, usual: usize) -> usize {
    let asked = std::env::var(variable).ok();
    asked.map_or(usual, |runs| runs.parse().expect("a number of runs"))
}

fn names(directory: impl AsRef<Path>) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Processes, by number: the parent and the pages in memory.
fn processes() -> BTreeMap<u32, (u32, u64)> {
    let one = |name: String| {
        let pid = name.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat[stat.rfind(')')? + 2..].split(' ').collect();
        Some((pid, (fields[1].parse().ok()?, fields[21].parse().ok()?)))
    };
    names("/proc").into_iter().filter_map(one).collect()
}

/// The processes below this one.
fn descendants() -> Vec<u32> {
    let all = processes();
    let mut family = vec![std::process::id()];
    let mut at = 0;
    while at < family.len() {
        let parent = family[at];
        family.extend(
            all.iter()
                .filter(|(_, known)| known.0 == parent)
                .map(|(pid, _)| *pid),
        );
        at += 1;
    }
    family.split_off(1)
}

/// Memory and descriptors of the supervisors: the processes below this one that are of its own program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Weight {
    kib: u64,
    descriptors: usize,
}

fn supervisors() -> Weight {
    let program = fs::read_link("/proc/self/exe").expect("this program");
    let mut weight = Weight::default();
    let all = processes();
    for pid in descendants() {
        // A target that has just been forked is still of this program; it is as heavy as its supervisor.
        if fs::read_link(format!("/proc/{pid}/exe")).ok().as_ref() == Some(&program) {
            let pages = all.get(&pid).map_or(0, |known| known.1);
            weight.kib = weight.kib.max(pages * 4);
            weight.descriptors = weight
                .descriptors
                .max(names(format!("/proc/{pid}/fd")).len());
        }
    }
    weight
}

/// What there is besides processes: this one's descriptors and mounts, and files where sessions have their places.
#[derive(Debug, PartialEq, Eq)]
struct Surroundings {
    /// What each is open on, sorted.
    descriptors: Vec<PathBuf>,
    mounts: String,
    places: BTreeSet<String>,
}

impl Surroundings {
    fn now() -> Surroundings {
        let descriptors = names("/proc/self/fd");
        let target = |number: String| fs::read_link(format!("/proc/self/fd/{number}")).ok();
        let own = format!("-{}-", std::process::id());
        let mut places = BTreeSet::new();
        for parent in ["/tmp", "/dev/shm", "/var/tmp", "/run"] {
            let below = names(parent)
                .into_iter()
                .filter(|name| name.starts_with("sigproof"));
            for name in below {
                let place = Path::new(parent).join(name);
                // Other sessions may go on beside this one: theirs have other numbers.
                let found = names(&place)
                    .into_iter()
                    .filter(|name| name.contains(&own) || !name.contains('-'));
                places.extend(found.map(|name| place.join(name).display().to_string()));
            }
        }
        let mut descriptors: Vec<PathBuf> = descriptors.into_iter().filter_map(target).collect();
        descriptors.sort();
        Surroundings {
            descriptors,
            mounts: fs::read_to_string("/proc/self/mountinfo").expect("mounts"),
            places,
        }
    }
}

/// A program that makes so many calls with an effect, and what is asked of it.
fn program(runs: usize) -> (Target, Contract) {
    let program = Helper::named("many-places").expect("the fixture").program();
    let argv = program.argv(&|name| PathBuf::from(name));
    let target = Target::new([
        argv[0].to_str().expect("a path").to_owned(),
        runs.to_string(),
    ]);
    (target, Contract::default())
}

/// A service that makes so many of them before it answers a request.
fn service(runs: usize) -> (Target, Contract) {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/services/service.py");
    let target = Target::new([under_test::python().to_owned(), source.to_owned()]);
    let test = Test::new(target).service("port:8000", [format!("GET /many/{runs}")]);
    test.expect("a script").into_parts()
}

/// Sweeps at each of its points; answers what came of it, and the supervisors' weight after a fifth of the runs and at
/// their end.
fn swept(
    (mut target, contract): (Target, Contract),
    isolation: Isolation,
    signal: i32,
) -> (SweepReport, [Weight; 2]) {
    let store = tempfile::tempdir().expect("a directory");
    let tree = tempfile::tempdir().expect("a directory");
    fs::write(tree.path().join("out"), "x").expect("a file");
    target.source = Source::Directory(tree.path().to_owned());
    let to = match target.script {
        Some(_) => Delivery::Process,
        None => Delivery::Group,
    };
    let lab = SupervisorPool::open(&target, 2, isolation).expect("a lab");
    let options = SweepOptions {
        isolation,
        exhaustive: Some(true),
        ..SweepOptions::of(FaultSpec::once(Fault::Signal { signal, to }))
    };
    let source = StopSource::new();
    let mut weights = [Weight::default(); 2];
    let report = sweep(
        lab,
        contract,
        &options,
        &Store::at(store.path()),
        &source.token(),
        |progress| {
            if let Progress::Ran { done, total, .. } = progress {
                if done == total / 5 {
                    weights[0] = supervisors();
                } else if done == total {
                    weights[1] = supervisors();
                }
            }
        },
    )
    .expect("a report");
    (report, weights)
}

fn leaves_nothing(
    of: fn(usize) -> (Target, Contract),
    isolation: Isolation,
    runs: usize,
    signal: i32,
) {
    // What is made once and stays (the empty directory below /tmp, a runtime's own descriptors) is made by this.
    drop(swept(of(3), isolation, signal));
    let before = Surroundings::now();
    let (report, [early, late]) = swept(of(runs), isolation, signal);
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert!(report.failed_runs.is_empty(), "{:#?}", report.failed_runs);
    assert!(report.not_reached.is_empty(), "{:#?}", report.not_reached);
    assert!(report.runs >= runs, "{} runs", report.runs);
    println!(
        "{isolation:?}: {} runs in {:.1} s; a supervisor has {} KiB after {} runs and {} KiB after all",
        report.runs,
        report.sweeping.as_secs_f64(),
        early.kib,
        report.runs / 5,
        late.kib
    );
    drop(report);
    assert!(
        early.kib > 0 && early.descriptors > 0,
        "no supervisor was seen: {early:?}"
    );
    // A page here and there is the allocator's; what grew with the runs would be five times as much.
    assert!(
        late.kib <= early.kib + early.kib / 5,
        "memory grows: {early:?}, then {late:?}"
    );
    // While it runs, a target's pipes and its gate come on top.
    assert!(
        late.descriptors <= early.descriptors + 8,
        "descriptors stay open: {early:?}, then {late:?}"
    );
    assert_eq!(descendants(), [0u32; 0], "processes live on");
    assert_eq!(Surroundings::now(), before, "something is left");
}

#[test]
fn runs_leave_nothing_and_memory_stays_flat() {
    if !is_alone("sweep::sweep_stress::runs_leave_nothing_and_memory_stays_flat") {
        return;
    }
    let runs = runs("SIGPROOF_STRESS_RUNS", 300);
    leaves_nothing(program, Isolation::Auto, runs, 2);
    leaves_nothing(program, Isolation::Copy, runs, 2);
}

#[test]
fn runs_of_a_service_leave_nothing_and_memory_stays_flat() {
    if !is_alone("sweep::sweep_stress::runs_of_a_service_leave_nothing_and_memory_stays_flat") {
        return;
    }
    leaves_nothing(
        service,
        Isolation::Auto,
        runs("SIGPROOF_SERVICE_RUNS", 10),
        15,
    );
}
