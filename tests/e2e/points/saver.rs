//! The fixture `saver`, compiled in many ways, and what is told of its call stacks.

use fixture_model::Helper;
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use under_test::json;

fn source() -> PathBuf {
    Helper::named("saver")
        .expect("the fixture")
        .program()
        .source()
}

/// The line of the source with this remark.
pub fn line(remark: &str) -> u64 {
    let text = fs::read_to_string(source()).expect("the source");
    let at = text
        .lines()
        .position(|line| line.contains(&format!("/* {remark} */")));
    at.expect("the remark") as u64 + 1
}

#[track_caller]
pub fn done(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// The fixture as a program of this name.
pub fn compiled(directory: &Path, name: &str, flags: &[&str]) -> PathBuf {
    let program = directory.join(name);
    done(
        Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
            .args(flags)
            .arg("-o")
            .args([&program, &source()]),
    );
    program
}

/// The points of a program that starts with an empty tree, with stacks.
#[track_caller]
pub fn points<S: AsRef<OsStr>>(flags: &[&str], command: &[S]) -> Vec<Value> {
    let mut arguments: Vec<OsString> = vec!["points".into(), "--stacks".into(), "--empty".into()];
    arguments.extend(flags.iter().map(OsString::from));
    arguments.push("--".into());
    arguments.extend(command.iter().map(|word| word.as_ref().to_owned()));
    let outcome = json(&arguments).expect("an answer");
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    outcome.lines
}

/// The first point of this call.
#[track_caller]
pub fn point<'a>(points: &'a [Value], call: &str) -> &'a Value {
    let found = points.iter().find(|point| point["call"] == call);
    found.unwrap_or_else(|| panic!("no {call} in {points:#?}"))
}

/// The frames of a point's stack that are in this module.
pub fn frames<'a>(point: &'a Value, module: &str) -> Vec<&'a Value> {
    let stack = point["stack"].as_array().expect("a stack");
    stack
        .iter()
        .filter(|frame| frame["module"] == module)
        .collect()
}

/// Function and line of each frame in this module.
pub fn named(point: &Value, module: &str) -> Vec<(String, Option<u64>)> {
    frames(point, module)
        .into_iter()
        .map(|frame| {
            (
                frame["function"].as_str().unwrap_or("?").to_owned(),
                frame["line"].as_u64(),
            )
        })
        .collect()
}
