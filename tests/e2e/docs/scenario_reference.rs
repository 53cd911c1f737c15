//! The reference of scenario files, `docs/scenario.md`, is what their JSON Schema says. `BLESS=1` writes it anew.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;

const HEAD: &str = "\
# Scenario files

A scenario is a TOML file: a program, what is done to it, and what it must then do. Unknown keys and wrong values are
errors that name line and column. Made from the JSON Schema of scenario files, by `tests/e2e/docs/scenario_reference.rs`; what a key means
when it is left out stands in square brackets.

";

/// Follows a reference, and looks through "or nothing".
fn meant<'a>(schema: &'a Value, mut value: &'a Value) -> (&'a Value, Option<&'a str>) {
    let mut name = None;
    loop {
        let choice = value["anyOf"].as_array();
        let something: Vec<&Value> = choice
            .into_iter()
            .flatten()
            .filter(|option| option["type"] != "null")
            .collect();
        if let ([only], Some(2)) = (something.as_slice(), choice.map(Vec::len)) {
            value = only;
        } else if let Some(path) = value["$ref"].as_str() {
            name = path.rsplit('/').next();
            value = &schema["$defs"][name.unwrap_or_default()];
        } else {
            return (value, name);
        }
    }
}

fn is_table(value: &Value) -> bool {
    value["properties"].is_object()
}

/// What a value is, in a few words; names of kinds that are told below are collected.
fn kind(schema: &Value, value: &Value, kinds: &mut BTreeSet<String>) -> String {
    let (value, name) = meant(schema, value);
    if is_table(value) {
        return "table".to_owned();
    }
    if let Some(name) = name {
        kinds.insert(name.to_owned());
        return format!("[{}](#{})", name.to_lowercase(), name.to_lowercase());
    }
    let types: Vec<&str> = match &value["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let words: Vec<String> = types
        .into_iter()
        .filter(|word| *word != "null")
        .map(|word| match word {
            "array" => format!("list of {}", kind(schema, &value["items"], kinds)),
            "object" if value["additionalProperties"].is_object() => {
                let of = kind(schema, &value["additionalProperties"], kinds);
                format!("names with {of}")
            }
            "object" => "table".to_owned(),
            "boolean" => "true or false".to_owned(),
            "integer" => integer(value),
            word => word.to_owned(),
        })
        .collect();
    if words.is_empty() {
        let options = value["anyOf"].as_array().or(value["oneOf"].as_array());
        let each = options
            .into_iter()
            .flatten()
            .map(|option| kind(schema, option, kinds));
        return each.collect::<Vec<_>>().join(" or ");
    }
    words.join(" or ")
}

fn integer(value: &Value) -> String {
    match (value["minimum"].as_i64(), value["maximum"].as_i64()) {
        (Some(least), Some(most)) => format!("whole number, {least} to {most}"),
        (Some(least), None) => format!("whole number from {least}"),
        _ => "whole number".to_owned(),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// A table of the file, and then those in it.
fn section(
    page: &mut String,
    schema: &Value,
    path: &str,
    table: &Value,
    kinds: &mut BTreeSet<String>,
) {
    let title = if path.is_empty() {
        "The file".to_owned()
    } else {
        format!("`[{path}]`")
    };
    let _ = write!(page, "## {title}\n\n");
    if let Some(words) = table["description"].as_str() {
        let _ = write!(page, "{}\n\n", cell(words));
    }
    page.push_str("| key | value | meaning |\n| --- | --- | --- |\n");
    let required: BTreeSet<&str> = table["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut inner = Vec::new();
    for (key, value) in table["properties"].as_object().into_iter().flatten() {
        let must = if required.contains(key.as_str()) {
            ", must be there"
        } else {
            ""
        };
        let words = value["description"].as_str().unwrap_or_default();
        let is = kind(schema, value, kinds);
        let _ = writeln!(page, "| `{key}` | {is}{must} | {} |", cell(words));
        let (target, _) = meant(schema, value);
        let (item, _) = meant(schema, &target["items"]);
        let place = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        if is_table(target) {
            inner.push((place, target));
        } else if is_table(item) {
            inner.push((format!("[{place}]"), item));
        }
    }
    page.push('\n');
    for (path, table) in inner {
        section(page, schema, &path, table, kinds);
    }
}

fn reference() -> String {
    let schema: Value = serde_json::from_str(&sigproof::internals::json_schema()).expect("JSON");
    let mut page = HEAD.to_owned();
    let mut kinds = BTreeSet::new();
    section(&mut page, &schema, "", &schema, &mut kinds);
    page.push_str("## Kinds of values\n\n");
    let mut told: BTreeSet<String> = BTreeSet::new();
    while let Some(name) = kinds.difference(&told).next().cloned() {
        told.insert(name.clone());
        let value = &schema["$defs"][&name];
        let mut words = vec![cell(value["description"].as_str().unwrap_or_default())];
        let options = value["oneOf"].as_array().or(value["anyOf"].as_array());
        let mut choices: Vec<String> = value["enum"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|word| Some(format!("`{}`", word.as_str()?)))
            .collect();
        for option in options.into_iter().flatten() {
            choices.push(match option["const"].as_str() {
                Some(word) => format!(
                    "`{word}` ({})",
                    cell(option["description"].as_str().unwrap_or_default()).trim_end_matches('.')
                ),
                None if is_table(option) => {
                    let keys: Vec<String> = option["properties"]
                        .as_object()
                        .into_iter()
                        .flatten()
                        .map(|(key, _)| format!("`{key}`"))
                        .collect();
                    format!("a table of {}", keys.join(", "))
                }
                None => kind(&schema, option, &mut kinds),
            });
        }
        if !choices.is_empty() {
            words.push(format!("One of: {}.", choices.join(", ")));
        }
        let examples: Vec<String> = value["examples"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|word| Some(format!("`{}`", word.as_str()?)))
            .collect();
        if !examples.is_empty() {
            words.push(format!("Such as {}.", examples.join(", ")));
        }
        let _ = write!(page, "### {name}\n\n{}\n\n", words.join(" "));
    }
    page.trim_end().to_owned() + "\n"
}

#[test]
fn the_reference_is_what_the_schema_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scenario.md");
    let reference = reference();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &reference).expect("the reference");
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == reference,
        "docs/scenario.md is not what the schema says; BLESS=1 cargo test --test e2e reference writes it anew"
    );
}

#[test]
fn every_key_and_kind_is_told() {
    let schema: Value = serde_json::from_str(&sigproof::internals::json_schema()).expect("JSON");
    let reference = reference();
    let mut keys = 0;
    for (name, definition) in schema["$defs"].as_object().expect("definitions") {
        for key in definition["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key)
        {
            keys += 1;
            assert!(
                reference.contains(&format!("| `{key}` |")),
                "{name}.{key} is missing"
            );
        }
    }
    assert!(keys > 30, "only {keys} keys");
    for (at, _) in reference.match_indices("](#") {
        let anchor = reference[at + 3..].split(')').next().unwrap_or_default();
        let there = reference.lines().any(|line| {
            line.strip_prefix("### ")
                .is_some_and(|title| title.to_lowercase() == anchor)
        });
        assert!(there, "{anchor} is linked and not told");
    }
}
