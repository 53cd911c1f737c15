//! The whole table: each planted bug turns exactly its scenario red, by exactly its oracle, and no correct twin is
//! accused.
//!
//! Programs of `fixtures/model.rs` become scenario files; `sigproof test` plays the right ones and the wrong ones. The
//! suite `fixtures` tries all of them by flags, so that one pair is enough here for each set of oracles and each verb;
//! `cargo ci ways` plays all.

use fixture_model::{Fixture, Pair, Probe, SWITCHED, Twin, fixtures};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Output;

/// What must be found in a scenario, and what may be found besides.
struct Expected {
    must: BTreeSet<&'static str>,
    may: BTreeSet<&'static str>,
}

fn text(word: &str) -> String {
    // A basic string of TOML is one of JSON.
    Value::from(word).to_string()
}

fn command(argv: &[OsString]) -> String {
    let words: Vec<String> = argv
        .iter()
        .map(|word| text(&word.to_string_lossy()))
        .collect();
    format!("command = [{}]\n", words.join(", "))
}

/// The scenario that a fixture's flags stand for; `None` for flags that scenario files do not have.
fn scenario(fixture: &Fixture) -> Option<String> {
    let mut scenario = String::from("[target]\n");
    scenario.push_str(&command(&fixture.program().argv(&under_test::rust_program)));
    if fixture.pair.pty {
        scenario.push_str("terminal = true\n");
    }
    let files: Vec<String> = fixture
        .pair
        .inputs
        .iter()
        .map(|input| format!("{} = {}", text(input.path), text(input.contents)))
        .collect();
    let _ = writeln!(scenario, "files = {{ {} }}", files.join(", "));
    let flags = fixture.pair.probe.flags();
    match fixture.pair.probe {
        Probe::Sweep(_) => {
            scenario.push_str("[sweep]\n");
            for pair in flags.chunks(2) {
                let [flag, value] = pair else {
                    return None;
                };
                let key = match *flag {
                    "--after" => "after",
                    "--signal" => "signal",
                    "--deliver" => "deliver",
                    _ => return None,
                };
                let _ = writeln!(scenario, "{key} = {}", text(value));
            }
        }
        // Scenario files have schedules of their own.
        Probe::Fuzz(_) => return None,
        Probe::Run(_) => {
            let steps: Vec<String> = flags
                .chunks(2)
                .map(|pair| match pair {
                    ["--signal", step] => Some(text(step)),
                    _ => None,
                })
                .collect::<Option<_>>()?;
            let _ = writeln!(scenario, "[run]\nsignals = [{}]", steps.join(", "));
        }
    }
    Some(scenario)
}

/// Whether every pair is played.
fn plays_all() -> bool {
    std::env::var_os("SIGPROOF_EVERY_WAY").is_some()
}

/// The pairs that are played.
fn pairs() -> Vec<&'static Pair> {
    let mut shown = BTreeSet::new();
    let mut pairs: Vec<&'static Pair> = Vec::new();
    for fixture in fixtures().filter(|fixture| fixture.twin == Twin::Wrong) {
        let oracles: BTreeSet<&str> = fixture.must_find().iter().copied().collect();
        let flags = fixture.pair.probe.flags().len();
        if shown.insert((fixture.pair.probe.verb(), flags, oracles)) || plays_all() {
            pairs.push(fixture.pair);
        }
    }
    pairs
}

/// Writes the scenarios of one side into a directory.
fn write(directory: &Path, wrong: bool) -> BTreeMap<String, Expected> {
    let mut expected = BTreeMap::new();
    let mut put = |name: String, content: String, must: &[&'static str], may: &[&'static str]| {
        fs::write(directory.join(format!("{name}.toml")), content).expect("writable");
        let set = |oracles: &[&'static str]| oracles.iter().copied().collect();
        let (must, may) = (set(must), set(may));
        assert!(expected.insert(name, Expected { must, may }).is_none());
    };
    let twin = if wrong { Twin::Wrong } else { Twin::Right };
    let pairs = pairs();
    for fixture in fixtures().filter(|fixture| {
        fixture.twin == twin && pairs.iter().any(|pair| std::ptr::eq(*pair, fixture.pair))
    }) {
        if let Some(content) = scenario(&fixture) {
            let name = fixture.name().replace('/', "-");
            put(name, content, fixture.must_find(), fixture.may_find());
        }
    }
    for switched in SWITCHED {
        let argv = switched.argv(wrong, &under_test::rust_program);
        let content = format!("[target]\n{}{}", command(&argv), switched.scenario);
        let name = switched.name().replace(['/', ' '], "-");
        let must: &[&str] = if wrong { &[switched.oracle] } else { &[] };
        put(name, content, must, &[]);
    }
    expected
}

/// Plays a directory; answers what was said, and each case.
fn play(directory: &Path) -> (Output, BTreeMap<String, Value>) {
    let results = directory.join("results.json");
    let output = under_test::command()
        // Most of them wait more than they work.
        .args(["test", "--shard", "none", "--jobs", "4", "--store"])
        .arg(directory.join(".store"))
        .arg("--results")
        .arg(&results)
        .arg(directory)
        .output()
        .expect("sigproof runs");
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let content = fs::read(&results).unwrap_or_else(|error| panic!("{error}\n{said}"));
    let results: Value = serde_json::from_slice(&content).expect("JSON");
    let cases = results["cases"].as_array().expect("cases").clone();
    let named = cases
        .into_iter()
        .map(|case| (case["name"].as_str().expect("a name").to_owned(), case))
        .collect();
    (output, named)
}

/// The oracles of a case's findings.
fn found(case: &Value) -> BTreeSet<&str> {
    let findings = case["findings"].as_array().into_iter().flatten();
    findings
        .filter(|finding| finding["before_ready"] == false)
        .filter_map(|finding| finding["oracle"].as_str())
        .collect()
}

#[test]
fn each_planted_bug_is_found_by_its_oracle() {
    let directory = tempfile::tempdir().expect("a directory");
    let expected = write(directory.path(), true);
    let (output, cases) = play(directory.path());
    let (mut table, mut wrong_answers) = (String::new(), Vec::new());
    for (name, expected) in &expected {
        let oracles = found(&cases[name]);
        let exact = expected.must.is_subset(&oracles)
            && oracles
                .iter()
                .all(|oracle| expected.must.contains(oracle) || expected.may.contains(oracle));
        let word = if exact { "found " } else { "MISSED" };
        let _ = writeln!(table, "{word} {name:<36} {oracles:?}");
        if !exact {
            wrong_answers.push(format!(
                "{name}: {:?} is expected, {oracles:?} is found; {}",
                expected.must, cases[name]["error"]
            ));
        }
    }
    let planted = expected.len();
    let hits = planted - wrong_answers.len();
    println!("{table}\nfound/planted {hits}/{planted}");
    let least = if plays_all() { 30 } else { 20 };
    assert!(planted >= least, "only {planted} bugs are planted");
    assert!(wrong_answers.is_empty(), "\n{}", wrong_answers.join("\n"));
    assert_eq!(output.status.code(), Some(1), "violations: exit code 1");
}

#[test]
fn no_correct_twin_is_accused() {
    let directory = tempfile::tempdir().expect("a directory");
    let expected = write(directory.path(), false);
    let (output, cases) = play(directory.path());
    let mut alarms = Vec::new();
    for name in expected.keys() {
        let case = &cases[name];
        // A program with two threads may end before one of them has come to its last wait: said, and no accusation.
        if case["verdict"] != "holds"
            && !(case["verdict"] == "not_reached" && found(case).is_empty())
        {
            alarms.push(format!(
                "{name} is right, and is {}: {} {}",
                case["verdict"], case["findings"], case["error"]
            ));
        }
    }
    let twins = expected.len();
    println!("false alarms/correct twins {}/{twins}", alarms.len());
    let least = if plays_all() { 30 } else { 20 };
    assert!(twins >= least, "only {twins} correct twins");
    assert!(alarms.is_empty(), "\n{}", alarms.join("\n"));
    assert!(
        matches!(output.status.code(), Some(0 | 4)),
        "everything holds, exit code 0, or 4 where a point was not reached: {}",
        output.status
    );
}
