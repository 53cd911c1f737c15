//! Every combination of what can come of a session, for every verb, in every report: all say the same.
//!
//! The cases are built as the verbs build them, from what the explorations return. What each report says is read back
//! from its text. `cargo nextest run -p sigproof verdict_table --no-capture` prints the table.

mod reports;
mod sessions;

use crate::session::{Case, CaseVerdict, Kind, Results};
use reports::{github, html, json, junit, terminal};
use sessions::{command, fuzz, minimize, replay, run, sweep, test};

const FLAGS: [&str; 8] = [
    "violated",
    "flaky",
    "error",
    "not reached",
    "cut short",
    "interrupted",
    "unjudged",
    "unseen",
];

/// What is true of a session.
#[derive(Clone, Copy)]
struct Flags(u16);

impl Flags {
    fn has(self, name: &str) -> bool {
        let place = FLAGS.iter().position(|flag| *flag == name);
        self.0 & (1 << place.expect("a flag")) != 0
    }

    fn words(self) -> String {
        let names = FLAGS.into_iter().filter(|name| self.has(name));
        names.collect::<Vec<_>>().join(", ")
    }

    /// The order of docs/guide/exit-codes.md, written down once more, without the code that is tested.
    fn expected(self) -> CaseVerdict {
        if self.has("violated") {
            CaseVerdict::Violated
        } else if self.has("error") {
            CaseVerdict::Error
        } else if self.has("flaky") {
            CaseVerdict::Flaky
        } else if ["not reached", "cut short", "interrupted", "unseen"]
            .iter()
            .any(|flag| self.has(flag))
        {
            CaseVerdict::NotReached
        } else {
            CaseVerdict::Holds
        }
    }
}

fn code(verdict: CaseVerdict) -> u8 {
    match verdict {
        CaseVerdict::Holds => 0,
        CaseVerdict::Violated => 1,
        CaseVerdict::Error => 3,
        CaseVerdict::NotReached => 4,
        CaseVerdict::Flaky => 5,
    }
}

/// One row: what each report says. Anything that does not agree is an objection.
fn row(verb: &str, flags: Flags, results: &Results, expected: CaseVerdict) -> Vec<String> {
    let many = verb == "test";
    let (by_json, json_code) = json(results, many);
    let said = [
        ("terminal", terminal(results, many)),
        ("HTML", html(results)),
        ("JSON", by_json),
        ("JUnit", junit(results)),
        ("GitHub", github(results)),
        ("model", vec![results.verdict()]),
    ];
    let code_said = results.exit_code();
    println!(
        "{verb:<9} {:<12} exit {code_said}  {:<42} {}",
        expected.word(),
        said.iter()
            .map(|(report, verdicts)| {
                let agree = verdicts.iter().all(|verdict| *verdict == expected);
                format!("{report}{}", if agree { "" } else { "!" })
            })
            .collect::<Vec<_>>()
            .join(" "),
        flags.words(),
    );
    let mut objections: Vec<String> = said
        .iter()
        .filter(|(_, verdicts)| verdicts.iter().any(|verdict| *verdict != expected))
        .map(|(report, verdicts)| {
            format!(
                "{verb} ({}): {report} says {verdicts:?}, not {expected:?}",
                flags.words()
            )
        })
        .collect();
    if code_said != code(expected) || json_code != code(expected) {
        let codes = format!("exit code {code_said}, in JSON {json_code}");
        objections.push(format!("{verb} ({}): {codes}", flags.words()));
    }
    objections
}

#[test]
fn every_report_of_every_verb_agrees() {
    let mut objections = Vec::new();
    let mut rows = 0;
    for bits in 0..1 << FLAGS.len() {
        let flags = Flags(bits);
        let one = |case: Case| Results::new(vec![case]);
        let (ran, of_run) = run(flags);
        let (replayed, of_replay) = replay(flags);
        let (minimized, of_minimize) = minimize(flags);
        for (verb, results, expected) in [
            ("sweep", one(sweep(flags)), flags.expected()),
            ("fuzz", one(fuzz(flags)), flags.expected()),
            ("run", one(ran), of_run),
            ("replay", one(replayed), of_replay),
            ("minimize", one(minimized), of_minimize),
            ("test", test(flags), flags.expected()),
        ] {
            rows += 1;
            objections.extend(row(verb, flags, &results, expected));
        }
    }
    assert!(rows == 256 * 6, "{rows} rows");
    assert!(objections.is_empty(), "\n{}\n", objections.join("\n"));
}

/// A case that failed and held when it was tried again is flaky, whatever it had; one without findings as well.
#[test]
fn a_case_that_held_on_retry_is_flaky_everywhere() {
    for bits in 0..8 {
        let mut case = sweep(Flags(bits));
        for finding in &mut case.findings {
            finding.flaky = true;
        }
        case.held_on_retry = true;
        case.notes.push("it failed 1 of 2 times".to_owned());
        let results = Results::new(vec![case.judged()]);
        let objections = row("retry", Flags(bits), &results, CaseVerdict::Flaky);
        assert!(objections.is_empty(), "\n{}\n", objections.join("\n"));
    }
}

/// What the person can mend comes before what fails by itself.
#[test]
fn a_usage_error_has_exit_code_2() {
    let case = |name: &str, code| Case::failed(name, Kind::Sweep, &command(), "wrong", code);
    let of = |codes: &[u8]| {
        let cases = codes.iter().map(|code| case(&code.to_string(), *code));
        Results::new(cases.collect()).exit_code()
    };
    assert_eq!([of(&[2]), of(&[3]), of(&[4])], [2, 3, 4]);
    assert_eq!([of(&[3, 2]), of(&[4, 3]), of(&[4, 2])], [2, 3, 2]);
    let mut unreached = Results::new(vec![case("a point that is gone", 4)]);
    assert_eq!(unreached.verdict(), CaseVerdict::NotReached);
    unreached.cases.push(sweep(Flags(2)));
    assert_eq!(unreached.exit_code(), 5, "flaky is more certain");
}
