//! Findings say between which lines of code they are, and sweeps how much of each function was tried.

use super::saver::{compiled, line, named};
use crate::support::output;
use fixture_model::{Fixture, Helper};
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use under_test::{call_here, json, rust_program};

#[test]
fn a_finding_says_between_which_lines_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = compiled(directory.path(), "saver", &["-g", "-O2"]);
    let wanted = format!(
        "between `openat(out.tmp)` in begin (saver.c:{}) and `write(out.tmp)` in fill (saver.c:{})",
        line("opens"),
        line("writes")
    );
    let here = tempfile::tempdir().expect("a directory");
    let sweep = ["sweep", "--empty", "--html", "page.html", "--"];
    let mut arguments: Vec<&str> = sweep.into();
    arguments.push(program.to_str().expect("a path"));
    let output = output::sigproof_in(here.path(), &arguments);
    output::check(
        &output,
        1,
        &[
            &wanted,
            &format!(
                "by call: 3 of 3 system calls fully covered: openat 1/1, {} 1/1, write 1/1",
                call_here("rename")
            ),
            "by function: 3 of 3 functions fully covered: begin 1/1, fill 1/1, finish 1/1",
        ],
        &arguments,
    );
    let page = fs::read_to_string(here.path().join("page.html")).expect("a page");
    // In the part without scripts, and in the data.
    assert_eq!(page.matches(&wanted).count(), 2);
    assert!(
        page.contains(&format!("\"save (saver.c:{})\"", line("begins"))),
        "the stack"
    );

    let outcome = json(&["sweep", "--empty", "--", arguments[5]]).expect("an answer");
    let finding = outcome.line("finding").expect("a finding");
    assert_eq!(finding["between"], wanted);
    let next = &finding["moment"]["before"];
    assert_eq!(next["call"], "write(out.tmp)");
    assert_eq!(
        named(next, "saver")[..2],
        [
            ("fill".to_owned(), Some(line("writes"))),
            ("save".to_owned(), Some(line("fills")))
        ]
    );
}

#[test]
fn a_finding_in_a_script_names_the_script_s_lines() {
    let fixture = Fixture::named("python/temp-file-wrong").expect("the fixture");
    let inputs = tempfile::tempdir().expect("a directory");
    fixture.write_inputs(inputs.path()).expect("its files");
    let outcome = json(&fixture.sigproof_arguments(inputs.path(), &rust_program));
    let outcome = outcome.expect("an answer");
    let of_script = |line: &&Value| line["type"] == "finding" && line["at_start"] == false;
    let finding = outcome.lines.iter().find(of_script).expect("a finding");
    let between = finding["between"].as_str().expect("two places");
    let lines = between.matches("(temp-file-wrong.py:").count();
    assert_eq!(lines, 2, "{between}");
}

#[test]
fn what_was_not_tried_is_said_by_call_and_by_function() {
    let saver = Helper::named("saver")
        .expect("the fixture")
        .program()
        .argv(&rust_program);
    let mut arguments: Vec<OsString> = ["sweep", "--empty", "--only", "openat,rename", "--"]
        .map(OsString::from)
        .into();
    arguments.extend(saver);
    let outcome = json(&arguments).expect("an answer");
    let summary = outcome.line("summary").expect("a summary");
    let shares = |of: &str| -> Vec<(String, u64, u64)> {
        let share = |share: &Value| {
            let number = |name: &str| share[name].as_u64().expect("a number");
            (
                share["name"].as_str().expect("a name").to_owned(),
                number("tried"),
                number("found"),
            )
        };
        summary[of]
            .as_array()
            .expect("a list")
            .iter()
            .map(share)
            .collect()
    };
    let wanted = |names: [&str; 3]| {
        names
            .map(|name| {
                (
                    name.to_owned(),
                    u64::from(!["write", "fill"].contains(&name)),
                    1,
                )
            })
            .to_vec()
    };
    assert_eq!(
        shares("by_call"),
        wanted(["openat", call_here("rename"), "write"])
    );
    assert_eq!(shares("by_function"), wanted(["begin", "fill", "finish"]));
}

#[test]
fn the_second_signal_of_a_pair_is_placed_in_the_handler() {
    let fixture = Fixture::named("c/in-handler-wrong").expect("the fixture");
    let inputs = tempfile::tempdir().expect("a directory");
    fixture.write_inputs(inputs.path()).expect("inputs");
    let outcome =
        json(&fixture.sigproof_arguments(inputs.path(), &rust_program)).expect("an answer");
    let finding = outcome.line("finding").expect("a finding");
    let then = &finding["moment"]["then"];
    let functions: Vec<String> = named(then, "in-handler-wrong")
        .into_iter()
        .map(|(function, _)| function)
        .collect();
    // Through the frame that the kernel puts on the stack, down to where the program was.
    assert!(
        functions.len() > 1 && functions.iter().any(|name| name == "main"),
        "{finding:#}"
    );
}
