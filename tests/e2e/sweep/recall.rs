//! What representatives find, beside what every point shows: recall is what both found, of what the exhaustive sweep
//! found.
//!
//! `cargo ci recall` sweeps every fixture, with 20 seeds, and prints the table; without it three fixtures are swept
//! with the default seed (`SIGPROOF_RECALL_SEEDS`).

use fixture_model::{Fixture, Probe, Twin, fixtures};
use std::collections::BTreeSet;
use std::ffi::OsString;
use under_test::rust_program;

/// Swept without being asked: a temp file, two locks.
const SOME: [&str; 3] = ["c/temp-file-wrong", "python/lock-wrong", "c/lock-wrong"];

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
    let (mut all, mut missed_by_default, mut missed) = (0, Vec::new(), 0);
    println!(
        "{:<30} {:>6} {:>6} {:>8} {:>8}",
        "fixture", "every", "some", "findings", "recall"
    );
    for fixture in &chosen {
        // What a race shows in one of two sweeps proves nothing of the third.
        let (once, every) = swept(fixture, &["--exhaustive"]);
        let (twice, _) = swept(fixture, &["--exhaustive"]);
        let certain: Found = once.intersection(&twice).cloned().collect();
        assert!(
            !certain.is_empty(),
            "{}: {once:?}, {twice:?}",
            fixture.name()
        );
        let (mut here, mut some) = (0, 0);
        for seed in 1..=seeds.unwrap_or(1) {
            let (found, runs) = swept(fixture, &["--representatives", "--seed", &seed.to_string()]);
            some = runs;
            let lacks: Vec<_> = certain.difference(&found).collect();
            here += lacks.len();
            if seed == 1 && !lacks.is_empty() {
                missed_by_default.push(format!("{}: {lacks:?}", fixture.name()));
            }
        }
        let asked = certain.len() * usize::try_from(seeds.unwrap_or(1)).expect("a number");
        println!(
            "{:<30} {every:>6} {some:>6} {:>8} {:>7.1}%",
            fixture.name(),
            certain.len(),
            100.0 * (asked - here) as f64 / asked as f64
        );
        all += asked;
        missed += here;
    }
    let recall = 100.0 * (all - missed) as f64 / all as f64;
    println!(
        "recall {recall:.2} % of {all}, {} seeds",
        seeds.unwrap_or(1)
    );
    assert!(missed_by_default.is_empty(), "{missed_by_default:#?}");
    assert!(recall >= 99.0, "{recall}");
}
