//! The JSON Schema that is shipped is that of the code, and says the same as the reader does.

use boon::{Compiler, Schemas};
use serde_json::Value;
use sigproof::internals::{Scenario, json_schema};
use std::fs;
use std::path::{Path, PathBuf};

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenario.schema.json");

/// `BLESS=1` writes it anew.
#[test]
fn the_schema_that_is_shipped_is_up_to_date() {
    let wanted = json_schema();
    if std::env::var_os("BLESS").is_some() {
        fs::write(SHIPPED, &wanted).expect("writable");
    }
    let shipped = fs::read_to_string(SHIPPED).unwrap_or_default();
    assert_eq!(
        shipped, wanted,
        "BLESS=1 cargo test -p sigproof --test e2e schema writes it anew"
    );
}

/// What the schema says of a scenario file's content.
fn validate(content: &str) -> Result<(), String> {
    let value: Value = toml::from_str(content).map_err(|error| error.to_string())?;
    let schema: Value = serde_json::from_str(&json_schema()).expect("JSON");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler
        .add_resource("file:///scenario.json", schema)
        .expect("a schema");
    let index = compiler
        .compile("file:///scenario.json", &mut schemas)
        .expect("a schema that compiles");
    schemas
        .validate(&value, index)
        .map_err(|error| error.to_string())
}

fn scenarios(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            scenarios(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            found.push(path);
        }
    }
}

#[test]
fn every_scenario_of_this_repository_is_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ci/scenarios");
    let mut found = Vec::new();
    scenarios(&root, &mut found);
    for path in found {
        let content = fs::read_to_string(&path).expect("readable");
        let shown = path.display();
        if let Err(error) = validate(&content) {
            panic!("{shown}: {error}");
        }
        if let Err(mistake) = Scenario::read(&path, "x") {
            panic!("{}", mistake.render(false, 100));
        }
    }
}

/// One content that both refuse for each shape of rule, and one that both accept.
#[test]
fn the_schema_and_the_reader_agree() {
    let right = "[target]\ncommand = [\"true\"]\n[sweep]\nphases = [\"exit\"]\n";
    assert!(validate(right).is_ok() && read(right));
    for (from, to) in [
        ("[target]", "[targets]"),
        ("command", "comand"),
        ("[\"true\"]", "\"true\""),
        ("[\"true\"]", "[]"),
        ("\"exit\"", "\"exits\""),
        ("phases", "signal = 2\nphases"),
        ("[sweep]", "[contract]\nskip = [\"nothing\"]\n[sweep]"),
        (
            "[sweep]",
            "[contract]\nbudget = { acknowledged = \"1\" }\n[sweep]",
        ),
        (
            "[sweep]",
            "[messages]\nredact = [{ pattern = \"a\" }]\n[sweep]",
        ),
        ("[sweep]", "[target.limits]\ntimeout = \"1 week\"\n[sweep]"),
    ] {
        let wrong = right.replace(from, to);
        assert!(validate(&wrong).is_err(), "the schema accepts\n{wrong}");
        assert!(!read(&wrong), "the reader accepts\n{wrong}");
    }
}

fn read(content: &str) -> bool {
    Scenario::parse(Path::new("x.toml"), "x", content).is_ok()
}

#[test]
fn the_scenario_in_the_readme_is_one() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(readme).expect("readable");
    let blocks: Vec<&str> = readme.split("```toml\n").skip(1).collect();
    assert!(!blocks.is_empty(), "the README shows a scenario");
    for block in blocks {
        let (content, _) = block.split_once("```").expect("an end");
        validate(content).unwrap_or_else(|error| panic!("{content}{error}"));
        if let Err(mistake) = Scenario::parse(Path::new("readme.toml"), "readme", content) {
            panic!("{}", mistake.render(false, 100));
        }
    }
}
