//! What was found can be stored, and shown to people and to machines in the forms that they read.

use crate::support::output::{check, sigproof_in, text};
use fixture_model::Fixture;
use serde_json::Value;
use sigproof::facts::EventKind;
use sigproof::report;
use sigproof::session::{Case, CaseVerdict, Kind, Results};
use std::fs;
use std::path::Path;
use std::process::Command;
use under_test::rust_program;

/// Whether a document is JUnit XML in its strict form, as `xmllint` tells.
fn junit_errors(path: &Path) -> String {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/src/report/junit.xsd");
    let output = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .args([&schema, path])
        .output()
        .expect("xmllint is installed (cargo ci tools)");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        String::new()
    } else {
        said
    }
}

#[track_caller]
fn is_junit(path: &Path) {
    let errors = junit_errors(path);
    let document = fs::read_to_string(path).unwrap_or_default();
    assert!(errors.is_empty(), "{errors}\n{document:.4000}");
}

#[test]
fn a_sweep_gives_every_report() {
    let fixture = Fixture::named("c/temp-file-wrong").expect("the fixture");
    let here = tempfile::tempdir().expect("a directory");
    let inputs = tempfile::tempdir().expect("a directory");
    fixture.write_inputs(inputs.path()).expect("inputs");
    let files = [
        "results",
        "html",
        "markdown",
        "junit",
        "perfetto",
        "asciicast",
    ];
    let mut command = under_test::command();
    let mut arguments = fixture.sigproof_arguments(inputs.path(), &rust_program);
    for name in files {
        arguments.insert(1, format!("--{name}={name}.out").into());
    }
    arguments.insert(1, "--github".into());
    let output = command
        .args(&arguments)
        .current_dir(here.path())
        .env("GITHUB_STEP_SUMMARY", here.path().join("summary.md"))
        .output()
        .expect("sigproof runs");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let read = |name: &str| fs::read_to_string(here.path().join(name)).expect(name);

    let results = Results::read(&here.path().join("results.out")).expect("results");
    let case = &results.cases[0];
    assert_eq!(case.verdict, CaseVerdict::Violated);
    let finding = case.counted().next().expect("a finding");
    let record = &case.runs[finding.run.expect("a run that shows it")];
    assert!(!finding.points.is_empty() && record.point.is_some());
    assert!(
        record
            .evidence
            .iter()
            .any(|text| text.oracle == finding.oracle)
    );
    assert!(case.points.iter().any(|point| point.fired_ns.is_some()));
    let undisturbed = case.baseline.expect("the undisturbed run is kept");
    // Both tell when which file changed: the page shows what had become of each at any moment.
    for run in [record, &case.runs[undisturbed]] {
        let files = run
            .events
            .iter()
            .filter(|event| matches!(&event.what, EventKind::File { call, .. } if call.contains(&finding.subject)));
        assert!(files.count() > 0, "{}: {:#?}", run.title, run.events);
    }

    is_junit(&here.path().join("junit.out"));
    assert!(read("junit.out").contains("failures=\"1\""));
    assert!(
        text(&output).contains("::error title="),
        "{}",
        text(&output)
    );
    assert!(read("summary.md").contains("sigproof replay"));
    let page = read("markdown.out");
    assert_eq!(page, read("summary.md"), "the job summary is the same page");
    assert!(
        page.contains("What happened") && page.contains("sigproof explain"),
        "{page}"
    );
    let mend = "memfd, an unlinked file";
    assert!(page.contains(mend), "how it is mended: {page}");
    assert!(read("html.out").contains("O_TMPFILE, memfd"));
    assert!(read("html.out").starts_with("<!doctype html>"));
    let trace: Value = serde_json::from_str(&read("perfetto.out")).expect("JSON");
    assert!(
        trace["traceEvents"]
            .as_array()
            .is_some_and(|events| events.len() > 4)
    );
    let recording = read("asciicast.out");
    assert!(
        recording.starts_with("{") && recording.contains("\"m\""),
        "{recording}"
    );

    // The same from the stored results, without the program.
    let again = sigproof_in(
        here.path(),
        &[
            "report",
            "results.out",
            "--html=again",
            "--junit=junit.again",
        ],
    );
    check(&again, 0, &[], &["report"]);
    // Each flag by itself asks for a report.
    let alone = ["report", "results.out", "--markdown=markdown.again"];
    check(&sigproof_in(here.path(), &alone), 0, &[], &alone);
    assert_eq!(read("markdown.again"), read("markdown.out"));
    assert_eq!(read("again"), read("html.out"));
    assert_eq!(read("junit.again"), read("junit.out"));
}

#[test]
fn what_cannot_be_run_is_a_result_too() {
    let here = tempfile::tempdir().expect("a directory");
    let arguments = [
        "sweep",
        "--empty",
        "--results=r",
        "--junit=j",
        "--",
        "no-such-program",
    ];
    let output = sigproof_in(here.path(), &arguments);
    check(&output, 2, &["no-such-program"], &arguments);
    let results = Results::read(&here.path().join("r")).expect("results");
    assert_eq!(results.verdict(), CaseVerdict::Error);
    assert_eq!(
        results.cases[0].error.as_ref().map(|error| error.exit_code),
        Some(2)
    );
    is_junit(&here.path().join("j"));
}

#[test]
fn what_is_no_results_file_is_said() {
    let here = tempfile::tempdir().expect("a directory");
    let at =
        |name: &str, content: &str| fs::write(here.path().join(name), content).expect("a file");
    at("other", "{\"version\":9,\"tool\":{},\"cases\":[]}");
    at("cut", "{\"version\":1,\"tool\":{\"name\":\"sigproof\",");
    at("text", "hello");
    at("good", "");
    Results::new(Vec::new())
        .write(&here.path().join("good"))
        .expect("results");
    for (arguments, words) in [
        (vec!["report", "none", "--html=x"], "none"),
        (vec!["report", "other", "--html=x"], "format version 9"),
        (vec!["report", "cut", "--html=x"], "cut short"),
        (vec!["report", "text", "--html=x"], "no results file"),
        (vec!["report", "good"], "no report was asked for"),
        (vec!["report", "good", "--asciicast=x"], "no run"),
        (vec!["report", "good", "--html=no/x"], "no/x"),
    ] {
        let output = sigproof_in(here.path(), &arguments);
        let code = if words.contains('/') || words == "no run" {
            3
        } else {
            2
        };
        check(&output, code, &[words], &arguments);
    }
    assert_eq!(
        fs::read_dir(here.path()).expect("it").count(),
        4,
        "nothing else was left"
    );
}

/// Cases that say everything that a target can say.
fn nasty() -> Results {
    let every: Vec<char> = (0..0x1_1000).filter_map(char::from_u32).collect();
    let mut cases: Vec<Case> = every
        .chunks(1500)
        .map(|chunk| {
            let said: String = chunk.iter().collect();
            Case::failed(
                said.clone(),
                Kind::Run,
                std::slice::from_ref(&said),
                &said,
                2,
            )
        })
        .collect();
    for name in [
        "",
        "\u{1b}[31m",
        "twice",
        "twice",
        " ",
        "]]>",
        "<a b='\"&amp;",
    ] {
        cases.push(Case::new(name, Kind::Sweep, &[]));
    }
    Results::new(cases)
}

#[test]
fn junit_is_strict_whatever_a_target_says() {
    let here = tempfile::tempdir().expect("a directory");
    let path = here.path().join("junit.xml");
    fs::write(&path, report::junit(&nasty()).expect("XML")).expect("a file");
    is_junit(&path);
}

#[test]
fn the_schema_refuses_what_is_no_strict_junit() {
    let here = tempfile::tempdir().expect("a directory");
    let path = here.path().join("junit.xml");
    let good = report::junit(&Results::new(vec![
        Case::new("a", Kind::Run, &[]),
        Case::failed("b", Kind::Run, &[], "text", 2),
    ]))
    .expect("XML");
    for (from, to) in [
        ("<testcase name=\"a\" ", "<testcase "),
        ("tests=\"2\"", "tests=\"two\""),
        (" time=\"", " time=\"about "),
        ("<error ", "<system-out>x</system-out><error "),
        ("<error ", "<failure/><error "),
        ("name=\"b\"", "name=\"b\" colour=\"red\""),
        ("name=\"b\"", "name=\"a\""),
        ("</testsuite>", "</testsuite><note/>"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from} is not there");
        fs::write(&path, &bad).expect("a file");
        assert!(!junit_errors(&path).is_empty(), "{to} is taken for JUnit");
    }
    fs::write(&path, &good).expect("a file");
    is_junit(&path);
}
