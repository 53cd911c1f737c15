//! Every combination of what can come of a session, for every verb, in every report: all say the same.
//!
//! The cases are built as the verbs build them, from what the explorations return. What each report says is read back
//! from its text. `cargo nextest run -p sigproof verdict_table --no-capture` prints the table.

use crate::execute::Trial;
use crate::explore::{EndReason, Finding, FuzzFinding, FuzzReport, Minimized, Replay};
use crate::explore::{RunReport, SweepReport};
use crate::facts::{ExitStatus, Phase, Run};
use crate::failure::{ExpectedVerdict, StoredFailure};
use crate::oracle::{Baseline, Contract, EndState, Evidence, Judgement, PointMap, Verdict};
use crate::report::{self, Json, TerminalWriter};
use crate::schedule::{PointName, Schedule};
use crate::session::{self, Case, CaseVerdict, Kind, Results, Shortfall};
use crate::target::{Isolation, Target};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

const FLAGS: [&str; 7] = [
    "violated",
    "flaky",
    "error",
    "not reached",
    "cut short",
    "interrupted",
    "unjudged",
];

/// What is true of a session.
#[derive(Clone, Copy)]
struct Flags(u8);

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
        } else if self.has("not reached") || self.has("cut short") || self.has("interrupted") {
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

fn baseline() -> Arc<Baseline> {
    Arc::new(Baseline {
        runs: vec![Run::default()],
        status: ExitStatus::Exited(0),
        duration_ns: 1_000_000,
        learned: EndState::default(),
        rerun: None,
        learned_rerun: None,
        points: PointMap::default(),
    })
}

fn finding(subject: &str, seen: (u32, u32)) -> Finding {
    Finding {
        oracle: "leftovers",
        subject: subject.to_owned(),
        text: format!("{subject} is left behind"),
        points: Vec::new(),
        count: 1,
        schedule: Schedule::default(),
        seen,
        before_ready: false,
        file: None,
        places: Vec::new(),
        moment: None,
        trial: None,
    }
}

fn findings(flags: Flags) -> Vec<Finding> {
    let mut findings = Vec::new();
    if flags.has("violated") {
        findings.push(finding("sure", (3, 3)));
    }
    if flags.has("flaky") {
        findings.push(finding("maybe", (1, 3)));
    }
    findings
}

fn unjudged(flags: Flags) -> BTreeMap<&'static str, String> {
    let one = flags.has("unjudged");
    one.then(|| ("terminal", "no terminal".to_owned()))
        .into_iter()
        .collect()
}

fn failed_runs(flags: Flags) -> Vec<String> {
    let one = flags.has("error");
    one.then(|| "the supervisor is gone".to_owned())
        .into_iter()
        .collect()
}

fn command() -> Vec<String> {
    vec!["prog".to_owned()]
}

fn sweep(flags: Flags) -> Case {
    let point = PointName {
        process: "prog".to_owned(),
        thread: String::new(),
        call: "write".to_owned(),
        arg: String::new(),
        ordinal: 1,
        phase: Phase::Exit,
    };
    let interrupted = flags.has("cut short") || flags.has("interrupted");
    let report = SweepReport {
        baseline_ns: 1_000_000,
        findings: findings(flags),
        points_found: 9,
        points_tried: 5,
        not_reached: flags
            .has("not reached")
            .then_some(point)
            .into_iter()
            .collect(),
        left_out: 0,
        unfit: 0,
        by_class: 0,
        unsteady: 0,
        between: None,
        pairs: None,
        runs: 5,
        sweeping: Duration::from_millis(9),
        target: Duration::ZERO,
        elapsed: Duration::from_millis(99),
        unjudged: unjudged(flags),
        limits: BTreeMap::new(),
        notes: Vec::new(),
        cut_short: usize::from(interrupted),
        failed_runs: failed_runs(flags),
        sites: crate::explore::CallSites::default(),
        covered: None,
        tried_points: Vec::new(),
        baseline: baseline(),
        contract: Contract::default(),
    };
    session::of_sweep("prog", &command(), "SIGINT".to_owned(), &report)
}

fn fuzz(flags: Flags) -> Case {
    let interrupted = flags.has("cut short") || flags.has("interrupted");
    let found = findings(flags).into_iter().map(|finding| FuzzFinding {
        finding,
        run: 1,
        original: Schedule::default(),
        shrinking: 0,
        kept: None,
    });
    let report = FuzzReport {
        seed: 7,
        ended: if interrupted {
            EndReason::Interrupted
        } else {
            EndReason::Runs
        },
        found: found.collect(),
        runs: 5,
        repeats: 0,
        unstruck: if flags.has("not reached") { 5 } else { 1 },
        points_found: 9,
        points_tried: 5,
        points_later: 0,
        pairs: 3,
        searching: Duration::from_millis(9),
        elapsed: Duration::from_millis(99),
        unjudged: unjudged(flags),
        limits: BTreeMap::new(),
        notes: Vec::new(),
        failed_runs: failed_runs(flags),
        kept: None,
        baseline: baseline(),
        contract: Contract::default(),
    };
    session::of_fuzz("prog", &command(), "INT".to_owned(), &report)
}

fn trial(flags: Flags) -> Trial {
    let verdict = match findings(flags).as_slice() {
        [] => Verdict::Holds,
        found => Verdict::Violated {
            evidence: found
                .iter()
                .map(|one| Evidence::new(one.subject.clone(), one.text.clone()))
                .collect(),
        },
    };
    let mut judgements = vec![Judgement {
        oracle: "leftovers",
        verdict,
    }];
    if flags.has("unjudged") {
        judgements.push(Judgement {
            oracle: "terminal",
            verdict: Verdict::NotApplicable {
                reason: "no terminal".to_owned(),
            },
        });
    }
    let fired = (!flags.has("not reached")).then_some(500);
    Trial {
        schedule: Schedule::default(),
        run: Run {
            fired_ns: vec![fired],
            status: (!flags.has("cut short")).then_some(ExitStatus::Exited(0)),
            end_ns: 1_000,
            ..Run::default()
        },
        judgements,
    }
}

fn could_not(flags: Flags, kind: Kind) -> Option<Case> {
    let text = "the supervisor is gone";
    flags
        .has("error")
        .then(|| Case::failed("prog", kind, &command(), text, 3))
}

/// An error ends a run: nothing else is known then. What cuts it short is its own deadline.
fn run(flags: Flags) -> (Case, CaseVerdict) {
    if let Some(case) = could_not(flags, Kind::Run) {
        return (case, CaseVerdict::Error);
    }
    let report = RunReport {
        trial: Arc::new(trial(flags)),
        baseline: Some(baseline()),
        contract: Contract::default(),
        findings: findings(flags),
        several: Vec::new(),
        measured: Vec::new(),
        runs: 3,
        limits: BTreeMap::new(),
        interrupted: flags.has("interrupted"),
        notes: Vec::new(),
        elapsed: Duration::from_millis(99),
    };
    let case = session::of_run("prog", &command(), &report);
    (case, flags.expected())
}

fn stored() -> StoredFailure {
    StoredFailure {
        version: StoredFailure::VERSION,
        target: Target::new(["prog"]),
        inputs: Vec::new(),
        isolation: Isolation::Auto,
        contract: Contract::default(),
        schedule: Schedule::default(),
        all_calls: false,
        expected: ExpectedVerdict {
            oracle: "leftovers".into(),
            subject: "sure".into(),
            text: "sure is left behind".into(),
        },
        seed: None,
        system: String::new(),
        program: None,
        packed: None,
    }
}

/// The stored violation shows each time, sometimes or never; an interrupted replay is an error without a case.
fn replay(flags: Flags) -> (Case, CaseVerdict) {
    if let Some(case) = could_not(flags, Kind::Replay) {
        return (case, CaseVerdict::Error);
    }
    let reached = if flags.has("not reached") { 2 } else { 5 };
    let shown = match (flags.has("violated"), flags.has("flaky")) {
        (true, _) => 5,
        (_, true) => 1,
        _ => 0,
    };
    let replay = Replay {
        shown,
        reached,
        times: 5,
        baseline_ns: 1_000_000,
        // The last run violates something in any case: that is no part of what is asked.
        trial: trial(Flags(1)),
        notes: Vec::new(),
    };
    let case = session::of_replay("prog", &stored(), &replay);
    let expected = match (shown, reached) {
        (5, _) => CaseVerdict::Violated,
        (1, _) => CaseVerdict::Flaky,
        (_, 5) => CaseVerdict::Holds,
        _ => CaseVerdict::NotReached,
    };
    (case, expected)
}

/// A failure that shows is what it starts from; one that does not is flaky.
fn minimize(flags: Flags) -> (Case, CaseVerdict) {
    if let Some(case) = could_not(flags, Kind::Minimize) {
        return (case, CaseVerdict::Error);
    }
    let interrupted = flags.has("cut short") || flags.has("interrupted");
    let least = Minimized {
        failure: stored(),
        dropped: Vec::new(),
        seen: (if flags.has("flaky") { 0 } else { 5 }, 5),
        confirmed: (5, 5),
        runs: 9,
        interrupted,
        notes: Vec::new(),
    };
    let case = session::of_minimize("prog", &stored(), &least, None);
    let expected = match (flags.has("flaky"), interrupted) {
        (true, _) => CaseVerdict::Flaky,
        (_, true) => CaseVerdict::NotReached,
        _ => CaseVerdict::Holds,
    };
    (case, expected)
}

/// One scenario for each flag, and one that holds.
fn test(flags: Flags) -> Results {
    let mut cases = vec![sweep(Flags(0))];
    for place in 0..FLAGS.len() {
        let one = Flags(flags.0 & (1 << place));
        match FLAGS[place] {
            _ if one.0 == 0 => {}
            "violated" | "flaky" | "cut short" => cases.push(sweep(one)),
            "error" => cases.extend(could_not(one, Kind::Sweep)),
            "interrupted" => {
                let mut blank = Case::new("blank", Kind::Run, &command());
                blank.shortfalls.push(Shortfall::Interrupted);
                cases.push(blank.judged());
            }
            _ => cases.push(run(one).0),
        }
    }
    for (place, case) in cases.iter_mut().enumerate() {
        case.name = format!("case {place}");
    }
    Results::new(cases)
}

/// The worst of these, in the order of the table.
fn worst(verdicts: impl IntoIterator<Item = CaseVerdict>) -> CaseVerdict {
    let all: BTreeSet<u8> = verdicts.into_iter().map(code).collect();
    [
        CaseVerdict::Violated,
        CaseVerdict::Error,
        CaseVerdict::Flaky,
        CaseVerdict::NotReached,
    ]
    .into_iter()
    .find(|verdict| all.contains(&code(*verdict)))
    .unwrap_or(CaseVerdict::Holds)
}

fn of_mark(text: &str) -> CaseVerdict {
    match text.chars().next() {
        Some('✓' | '✅') => CaseVerdict::Holds,
        Some('?' | '❔') => CaseVerdict::NotReached,
        Some('≈' | '⚠') => CaseVerdict::Flaky,
        Some('✗' | '❌') => CaseVerdict::Violated,
        Some('!' | '🛑') => CaseVerdict::Error,
        _ => panic!("no mark begins {text:?}"),
    }
}

fn of_word(word: &str) -> CaseVerdict {
    match word {
        "holds" => CaseVerdict::Holds,
        "not_reached" | "not reached" => CaseVerdict::NotReached,
        "flaky" => CaseVerdict::Flaky,
        "violated" => CaseVerdict::Violated,
        "error" => CaseVerdict::Error,
        other => panic!("no verdict is called {other:?}"),
    }
}

fn plain(out: TerminalWriter) -> String {
    anstream::adapter::strip_str(&out.finish()).to_string()
}

/// The line `verdict` of a page, and of a case that could not be carried out the head of its details.
fn terminal(results: &Results, many: bool) -> Vec<CaseVerdict> {
    let mut out = TerminalWriter::with_width(100);
    if many {
        report::verdict_table(&mut out, results);
        let text = plain(out);
        let rows = text.lines().take(results.cases.len());
        return vec![worst(rows.map(of_mark)), of_summary(&text)];
    }
    let case = &results.cases[0];
    report::session_page(&mut out, case, false);
    let mut details = TerminalWriter::with_width(100);
    report::case_details(&mut details, case);
    let text = plain(out);
    let line = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("verdict   "));
    let page = line.map(of_mark);
    let mut all = vec![of_mark(&plain(details))];
    // A minimization that fails has no page.
    all.extend(page);
    all
}

/// `3 scenarios: 1 holds, 1 violated, 1 not carried out`
fn of_summary(text: &str) -> CaseVerdict {
    let (_, words) = text.rsplit_once(": ").expect("a summary");
    worst(words.trim().split(", ").map(|part| {
        let (_, word) = part.split_once(' ').expect("a number and a word");
        match word
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .as_str()
        {
            "hold" | "holds" => CaseVerdict::Holds,
            "not carried out" => CaseVerdict::Error,
            other => of_word(other),
        }
    }))
}

/// The data, the title and the heading of the page, and the order in which its script looks for the worst.
fn html(results: &Results) -> Vec<CaseVerdict> {
    let page = report::html(results);
    let (_, rest) = page.split_once("id=\"results\">").expect("data");
    let (data, _) = rest.split_once("</script>").expect("an end of the data");
    let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
    let cases = data["cases"].as_array().expect("cases");
    let words = cases
        .iter()
        .map(|case| case["verdict"].as_str().expect("a verdict"));
    let words: Vec<&str> = words.collect();
    let (_, order) = page.split_once("VERDICT_ORDER = [").expect("an order");
    let (order, _) = order.split_once(']').expect("an end of the order");
    let by_script = order.split(", ").map(|word| word.trim_matches('\''));
    let by_script = by_script.into_iter().find(|word| words.contains(word));
    let (_, title) = page.split_once("<title>").expect("a title");
    let (title, _) = title.split_once(" · sigproof").expect("a title");
    let (_, title) = title.rsplit_once(": ").expect("a verdict in the title");
    let (_, head) = page.split_once("<h1>sigproof: ").expect("a heading");
    let (head, _) = head.split_once("</h1>").expect("an end of the heading");
    vec![
        of_word(by_script.expect("a verdict of the script")),
        of_word(title),
        of_word(head),
    ]
}

/// The verdict and the exit code of the last line.
fn json(results: &Results, many: bool) -> (Vec<CaseVerdict>, u8) {
    let mut text = Vec::new();
    let mut out = Json::new(&mut text);
    if many {
        out.verdict(results).expect("JSON");
    } else {
        out.session(&results.cases[0]).expect("JSON");
    }
    let text = String::from_utf8(text).expect("UTF-8");
    let last = text.lines().last().expect("a line");
    let last: serde_json::Value = serde_json::from_str(last).expect("JSON");
    let verdict = of_word(last["verdict"].as_str().expect("a verdict"));
    let code = last["exit_code"].as_u64().expect("an exit code");
    (vec![verdict], u8::try_from(code).expect("a small code"))
}

fn junit(results: &Results) -> Vec<CaseVerdict> {
    let xml = report::junit(results).expect("XML");
    let cases = xml.split("<testcase ").skip(1).map(|case| {
        let has = |element: &str| case.contains(element);
        match () {
            () if has("<failure") => CaseVerdict::Violated,
            () if has("<error") => CaseVerdict::Error,
            () if has("<flakyFailure") => CaseVerdict::Flaky,
            () if has("<skipped") => CaseVerdict::NotReached,
            () => CaseVerdict::Holds,
        }
    });
    vec![worst(cases)]
}

/// The annotations, and the mark of the job summary.
fn github(results: &Results) -> Vec<CaseVerdict> {
    let text = report::annotations(results);
    let lines = text
        .lines()
        .map(|line| match (line.starts_with("::error "), line) {
            (true, line) if line.contains("could not be carried out::") => CaseVerdict::Error,
            (true, _) => CaseVerdict::Violated,
            (false, line) if line.contains("not all tried::") => CaseVerdict::NotReached,
            (false, _) => CaseVerdict::Flaky,
        });
    let summary = report::summary(results, 1 << 20);
    let head = summary.strip_prefix("## ").expect("a heading");
    vec![worst(lines), of_mark(head)]
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
    assert!(rows == 128 * 6, "{rows} rows");
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
