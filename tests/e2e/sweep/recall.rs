//! What representatives find, beside what every point shows: recall is what both found, of what the exhaustive sweep
//! found.
//!
//! `cargo ci recall` sweeps every fixture, with 20 seeds, and prints the table; without it three fixtures are swept
//! with the default seed (`SIGPROOF_RECALL_SEEDS`).

use fixture_model::{Fixture, Probe, Twin, fixtures};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::Mutex;
use under_test::rust_program;

/// Swept without being asked: a temp file, two locks.
const SOME: [&str; 3] = ["c/temp-file-wrong", "python/lock-wrong", "c/lock-wrong"];

/// How many fixtures are swept at a time.
const SIDE_BY_SIDE: usize = 4;

/// An oracle, and what it is about without numbers.
type Found = BTreeSet<(String, String)>;

fn asked_seeds() -> Option<u64> {
    let asked = std::env::var("SIGPROOF_RECALL_SEEDS").ok()?;
    Some(asked.parse().expect("SIGPROOF_RECALL_SEEDS is a number"))
}

fn shape(subject: &str) -> String {
    let mut shape = String::new();
    for c in subject.chars() {
        let c = if c.is_ascii_digit() { '#' } else { c };
        if c != '#' || !shape.ends_with('#') {
            shape.push(c);
        }
    }
    shape
}

fn swept(fixture: &Fixture, flags: &[&str]) -> (Found, u64) {
    let inputs = tempfile::tempdir().expect("a directory");
    fixture.write_inputs(inputs.path()).expect("inputs");
    let mut arguments: Vec<OsString> = fixture.sigproof_arguments(inputs.path(), &rust_program);
    let further = flags.iter().map(OsString::from);
    arguments.splice(1..1, further.chain(["--confirm".into(), "0".into()]));
    let outcome = under_test::json(&arguments).expect("an answer");
    let summary = outcome
        .line("summary")
        .unwrap_or_else(|| panic!("{outcome:#?}"));
    let runs = summary["runs"].as_u64().expect("a number of runs");
    let found = outcome.findings.iter();
    let found = found.map(|finding| (finding.oracle.clone(), shape(&finding.subject)));
    (found.collect(), runs)
}

#[test]
fn representatives_find_what_every_point_shows() {
    let is_swept = |fixture: &Fixture| {
        let Probe::Sweep(flags) = &fixture.pair.probe else {
            return false;
        };
        // Those that say themselves how many points are tried.
        let own = ["--exhaustive", "--representatives", "--confirm"];
        fixture.twin == Twin::Wrong && !flags.iter().any(|flag| own.contains(flag))
    };
    let seeds = asked_seeds();
    let chosen: Vec<Fixture> = fixtures()
        .filter(is_swept)
        .filter(|fixture| seeds.is_some() || SOME.contains(&fixture.name().as_str()))
        .collect();
    assert!(chosen.len() >= SOME.len(), "{} fixtures", chosen.len());
    println!(
        "{:<30} {:>6} {:>6} {:>8} {:>8}",
        "fixture", "every", "some", "findings", "recall"
    );
    // Most sweeps wait for deadlines: several at a time.
    let queue = Mutex::new(chosen.iter());
    let rows = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("the queue").next();
                    let Some(fixture) = next else { return };
                    let row = compare(fixture, seeds.unwrap_or(1));
                    println!("{}", row.words());
                    rows.lock().expect("the rows").push(row);
                }
            });
        }
    });
    let rows = rows.into_inner().expect("the rows");
    assert_eq!(rows.len(), chosen.len());
    let all: usize = rows.iter().map(|row| row.asked).sum();
    let missed: usize = rows.iter().map(|row| row.missed).sum();
    let by_default: Vec<&String> = rows.iter().flat_map(|row| &row.missed_by_default).collect();
    let recall = 100.0 * (all - missed) as f64 / all as f64;
    println!(
        "recall {recall:.2} % of {all}, {} seeds",
        seeds.unwrap_or(1)
    );
    assert!(by_default.is_empty(), "{by_default:#?}");
    assert!(recall >= 99.0, "{recall}");
}

/// A fixture in the table.
struct Row {
    name: String,
    /// Runs of a sweep of every point, and of representatives.
    runs: (u64, u64),
    findings: usize,
    /// Findings times seeds, and how many of them were not found.
    asked: usize,
    missed: usize,
    /// What the default seed did not find.
    missed_by_default: Option<String>,
}

impl Row {
    fn words(&self) -> String {
        let (every, some) = self.runs;
        let recall = 100.0 * (self.asked - self.missed) as f64 / self.asked as f64;
        let (name, findings) = (&self.name, self.findings);
        format!("{name:<30} {every:>6} {some:>6} {findings:>8} {recall:>7.1}%")
    }
}

fn compare(fixture: &Fixture, seeds: u64) -> Row {
    let name = fixture.name();
    // What a race shows in one of two sweeps proves nothing of the third.
    let (once, every) = swept(fixture, &["--exhaustive"]);
    let (twice, _) = swept(fixture, &["--exhaustive"]);
    let certain: Found = once.intersection(&twice).cloned().collect();
    assert!(!certain.is_empty(), "{name}: {once:?}, {twice:?}");
    let (mut some, mut missed, mut missed_by_default) = (0, 0, None);
    for seed in 1..=seeds {
        let (found, runs) = swept(fixture, &["--representatives", "--seed", &seed.to_string()]);
        some = runs;
        let lacks: Vec<_> = certain.difference(&found).collect();
        missed += lacks.len();
        if seed == 1 && !lacks.is_empty() {
            missed_by_default = Some(format!("{name}: {lacks:?}"));
        }
    }
    Row {
        name,
        runs: (every, some),
        findings: certain.len(),
        asked: certain.len() * usize::try_from(seeds).expect("a number"),
        missed,
        missed_by_default,
    }
}
