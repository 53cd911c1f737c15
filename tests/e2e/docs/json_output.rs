//! The promise of `--json`, version 1: no field goes, and none changes its type. `harness/output.schema.json` says
//! which there are; `json-v1/` has what earlier builds have written, and is never written anew.

use boon::{Compiler, Schemas};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What is wrong with each line, by the schema.
struct Schema {
    schemas: Schemas,
    index: boon::SchemaIndex,
}

impl Schema {
    fn new() -> Schema {
        let text = fs::read_to_string(root().join("harness/output.schema.json")).expect("a schema");
        let mut compiler = Compiler::new();
        let schema = serde_json::from_str(&text).expect("JSON");
        compiler
            .add_resource("output.json", schema)
            .expect("a schema");
        let mut schemas = Schemas::new();
        let index = compiler
            .compile("output.json", &mut schemas)
            .expect("a schema");
        Schema { schemas, index }
    }

    fn objection(&self, line: &Value) -> Option<String> {
        let judged = self.schemas.validate(line, self.index);
        judged.err().map(|error| format!("{error}\n{line}"))
    }
}

/// The lines that were kept, by the name of their file.
fn kept() -> Vec<(String, Vec<Value>)> {
    let directory = root().join("tests/e2e/docs/json-v1");
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .expect("kept files")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let files = paths.into_iter().map(|path| {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&path).expect("text");
        let lines = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"));
        (name, lines.collect())
    });
    files.collect()
}

/// What the command writes now, by the same names.
fn written_now() -> Vec<(&'static str, Vec<Value>)> {
    let here = tempfile::tempdir().expect("a directory");
    fs::copy(root().join("README.md"), here.path().join("README.md")).expect("a file");
    let scenarios = here.path().join("scenarios");
    fs::create_dir(&scenarios).expect("a directory");
    let scenario =
        "[target]\ncommand = [\"cp\", \"a\", \"b\"]\nfiles = { \"a\" = \"one\\n\" }\n[sweep]\n";
    fs::write(scenarios.join("bad.toml"), scenario).expect("a scenario");
    let sed = [
        "--in",
        "README.md",
        "--",
        "sed",
        "-i",
        "s/sigproof/X/",
        "README.md",
    ];
    let json = |words: &[&str]| -> Vec<Value> {
        let output = under_test::command()
            .args(words)
            .current_dir(here.path())
            .output()
            .expect("sigproof");
        let text = String::from_utf8(output.stdout).expect("text");
        let lines = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"));
        lines.collect()
    };
    let before = |words: &[&'static str]| -> Vec<Value> { json(&[words, &sed].concat()) };
    let sweep = before(&["sweep", "--json"]);
    let stored = sweep
        .iter()
        .find_map(|line| line["file"].as_str())
        .expect("a finding")
        .to_owned();
    vec![
        (
            "run",
            json(&[
                "run",
                "--json",
                "--empty",
                "--no-baseline",
                "--signal=INT@50ms",
                "--",
                "sleep",
                "100",
            ]),
        ),
        (
            "run-violated",
            before(&["run", "--json", "--signal=INT@fchown"]),
        ),
        (
            "fuzz",
            before(&[
                "fuzz",
                "--json",
                "--no-regressions",
                "--runs=40",
                "--seed=743995338",
            ]),
        ),
        ("replay", json(&["replay", "--json", &stored])),
        ("minimize", json(&["minimize", "--json", &stored])),
        ("points", before(&["points", "--json", "--stacks"])),
        ("test", json(&["test", "--json"])),
        ("error", json(&["sweep", "--json", "--", "./nothing"])),
        ("sweep", sweep),
    ]
}

/// The fields of all lines of a type, with the type of each value that is not null.
fn fields(lines: &[Value]) -> BTreeSet<(String, String, &'static str)> {
    let mut found = BTreeSet::new();
    for line in lines {
        let of = line["type"].as_str().unwrap_or_default();
        for (name, value) in line.as_object().into_iter().flatten() {
            let kind = match value {
                Value::Null => continue,
                Value::Bool(_) => "boolean",
                Value::Number(_) => "number",
                Value::String(_) => "string",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
            };
            found.insert((of.to_owned(), name.clone(), kind));
        }
    }
    found
}

#[test]
fn what_was_written_can_be_read_and_is_still_written() {
    let schema = Schema::new();
    let kept = kept();
    let now = written_now();
    assert_eq!(kept.len(), now.len(), "a kept file for each verb");
    for (name, old) in &kept {
        let (_, new) = now.iter().find(|(known, _)| known == name).expect(name);
        for line in old.iter().chain(new) {
            assert_eq!(schema.objection(line), None, "{name}");
        }
        let (old, new) = (fields(old), fields(new));
        let gone: Vec<_> = old.difference(&new).collect();
        assert!(gone.is_empty(), "{name}: no longer written: {gone:?}");
    }
}

#[test]
fn the_schema_refuses_what_breaks_the_promise() {
    let schema = Schema::new();
    let lines: Vec<Value> = kept().into_iter().flat_map(|(_, lines)| lines).collect();
    let of = |kind: &str| {
        let line = lines.iter().find(|line| line["type"] == kind);
        line.unwrap_or_else(|| panic!("no {kind}")).clone()
    };
    let refuses = |kind: &str, change: &dyn Fn(&mut Value)| {
        let mut line = of(kind);
        assert_eq!(schema.objection(&line), None);
        change(&mut line);
        assert!(schema.objection(&line).is_some(), "{line}");
    };
    let without = |field: &'static str| {
        move |line: &mut Value| {
            line.as_object_mut().expect("an object").remove(field);
        }
    };
    refuses("finding", &without("oracle"));
    refuses("finding", &|line| line["count"] = "5".into());
    refuses("finding", &|line| line["timeline"] = "start".into());
    refuses("summary", &without("exit_code"));
    refuses("summary", &|line| line["exit_code"] = 9.into());
    refuses("run", &without("verdict"));
    refuses("verdict", &without("verdict"));
    refuses("case", &|line| line["findings"] = Value::Null);
    refuses("error", &without("text"));
    refuses("plan", &|line| line["version"] = 2.into());
    // What is new is no breach.
    let mut line = of("finding");
    line["new"] = "field".into();
    assert_eq!(schema.objection(&line), None);
    assert_eq!(
        schema.objection(&serde_json::json!({ "version": 1, "type": "new" })),
        None
    );
}
