//! Modules import from their own layer and from lower ones.

use crate::paths::{module_of, written};
use crate::rules::Violation;
use crate::source::code;

/// The modules of one crate.
pub struct Layers {
    /// Where they are, with a slash at the end.
    pub root: &'static str,
    /// From the lowest to the highest.
    pub order: &'static [&'static str],
    /// Modules that only these others may import, whatever the order says.
    pub reserved: &'static [(&'static str, &'static [&'static str])],
    /// Modules that import only these others, of all that are below them.
    pub narrow: &'static [(&'static str, &'static [&'static str])],
}

impl Layers {
    fn objection(&self, from: &str, to: &str) -> Option<String> {
        let rank = |module| self.order.iter().position(|&layer| layer == module);
        if from == to {
            return None;
        }
        if let Some((_, users)) = self.reserved.iter().find(|(module, _)| *module == to) {
            return (!users.contains(&from))
                .then(|| format!("only {} may import {to}", users.join(", ")));
        }
        if let Some((_, imported)) = self.narrow.iter().find(|(module, _)| *module == from)
            && !imported.contains(&to)
        {
            return Some(format!("{from} imports only {}", imported.join(", ")));
        }
        match (rank(from), rank(to)) {
            (None, _) => Some(format!(
                "{from} has no place in the order of layers: give it one in tests/tidy/main.rs"
            )),
            (_, None) => Some(format!(
                "{to} is no layer: import from the module that defines it"
            )),
            (Some(ours), Some(theirs)) if theirs > ours => {
                Some(format!("{from} imports {to}, a higher layer"))
            }
            _ => None,
        }
    }
}

/// A path to the module X inside of the module Y, through `crate` or `super`, only if X is not above Y.
pub fn layers(all: &[Layers], path: &str, text: &str) -> Vec<Violation> {
    let Some((layers, inside)) = all
        .iter()
        .find_map(|layers| Some((layers, path.strip_prefix(layers.root)?)))
    else {
        return Vec::new();
    };
    let module = module_of(inside);
    let Some(from) = module.first() else {
        return Vec::new(); // a crate's root puts its layers together
    };
    let mut found = Vec::new();
    for path in written(&code(text)) {
        let to = path
            .absolute(&module)
            .and_then(|names| names.into_iter().next());
        let message = to.and_then(|to| layers.objection(from, &to));
        found.extend(message.map(|message| Violation {
            line: path.line,
            message,
        }));
    }
    found.dedup(); // of a group in braces
    found
}

#[cfg(test)]
mod planted {
    use super::*;
    use crate::rules::lines;

    const LAYERS: &[Layers] = &[Layers {
        root: "house/src/",
        order: &["cellar", "sys", "floor", "attic"],
        reserved: &[("sys", &["floor"])],
        narrow: &[("attic", &["floor"])],
    }];

    #[test]
    fn a_narrow_module_imports_what_it_may_and_nothing_else() {
        let text = "use crate::floor::Chair;\nuse crate::cellar::Coal;\n";
        assert_eq!(lines(&layers(LAYERS, "house/src/attic/mod.rs", text)), [2]);
        assert_eq!(layers(LAYERS, "house/src/floor.rs", text), []);
    }

    #[test]
    fn an_import_upwards_is_found() {
        let text = "use crate::cellar::Coal;\nuse crate::attic::Trunk;\n// crate::attic\n";
        let found = layers(LAYERS, "house/src/floor/room.rs", text);
        assert_eq!(lines(&found), [2]);
        assert_eq!(
            found[0].at("a.rs"),
            "a.rs:2: floor imports attic, a higher layer"
        );
    }

    #[test]
    fn an_import_upwards_through_the_parent_is_found() {
        let text = "use super::attic::Trunk;\nuse super::cellar;\nmod inner { fn f() { super::super::attic::g() } }\n";
        assert_eq!(lines(&layers(LAYERS, "house/src/floor.rs", text)), [1, 3]);
        let text = "use super::attic::Ours;\nuse super::super::attic;\n";
        assert_eq!(lines(&layers(LAYERS, "house/src/floor/room.rs", text)), [2]);
    }

    #[test]
    fn every_name_of_a_group_is_looked_at() {
        let text = "use crate::{\n    cellar::{Coal, attic},\n    floor, attic::Trunk,\n};\n";
        let found = layers(LAYERS, "house/src/floor.rs", text);
        assert_eq!(lines(&found), [3], "{found:?}");
        assert!(found[0].message.contains("imports attic"), "{found:?}");
    }

    #[test]
    fn a_reserved_module_is_kept_from_higher_layers_too() {
        let text = "use crate::sys::call;\n";
        assert_eq!(layers(LAYERS, "house/src/floor/room.rs", text), []);
        assert_eq!(lines(&layers(LAYERS, "house/src/attic/mod.rs", text)), [1]);
        assert_eq!(lines(&layers(LAYERS, "house/src/cellar/mod.rs", text)), [1]);
    }

    #[test]
    fn a_module_without_a_layer_is_found_on_both_sides() {
        assert_eq!(
            lines(&layers(LAYERS, "house/src/shed.rs", "\nuse crate::cellar;")),
            [2]
        );
        assert_eq!(
            lines(&layers(LAYERS, "house/src/floor.rs", "use crate::Coal;")),
            [1]
        );
        assert_eq!(
            layers(LAYERS, "house/src/lib.rs", "pub use crate::attic::Trunk;"),
            []
        );
        assert_eq!(
            layers(LAYERS, "elsewhere/src/floor.rs", "use crate::attic;"),
            []
        );
    }
}
