//! The JSON Schema of scenario files.

use crate::scenario::document::Document;
use serde_json::Value;

/// The schema, as it is shipped: pretty, with a line feed at the end.
pub fn json_schema() -> String {
    let mut text = serde_json::to_string_pretty(&schema()).unwrap_or_default();
    text.push('\n');
    text
}

fn schema() -> Value {
    schemars::schema_for!(Document).to_value()
}

/// The tables (`[target]`, `[contract.budget]`, …) that have a key of this name.
pub(crate) fn places_of(key: &str) -> Vec<String> {
    let schema = schema();
    let mut found = Vec::new();
    search(&schema, &schema, key, &mut Vec::new(), &mut found);
    found
}

/// Walks from table to table; tables do not contain themselves, so that it ends.
fn search(
    schema: &Value,
    table: &Value,
    key: &str,
    path: &mut Vec<String>,
    found: &mut Vec<String>,
) {
    let table = resolved(schema, table);
    let Some(properties) = table["properties"].as_object() else {
        return;
    };
    if properties.contains_key(key) && !path.is_empty() {
        found.push(format!("[{}]", path.join(".")));
    }
    for (name, property) in properties {
        path.push(name.clone());
        search(schema, property, key, path, found);
        path.pop();
    }
}

/// What a property is, behind references and `null`.
fn resolved<'a>(schema: &'a Value, property: &'a Value) -> &'a Value {
    let reference = property["$ref"].as_str().or_else(|| {
        property["anyOf"]
            .as_array()?
            .iter()
            .find_map(|one| one["$ref"].as_str())
    });
    match reference.and_then(|reference| reference.strip_prefix("#")) {
        Some(pointer) => schema.pointer(pointer).unwrap_or(property),
        None => property,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_its_table() {
        assert_eq!(places_of("deadline"), ["[target.limits]"]);
        assert_eq!(places_of("lines"), ["[messages]"]);
        assert!(places_of("nonsense").is_empty());
        assert!(places_of("target").is_empty(), "it stands at the top");
    }
}
