//! No two files of a folder need each other, directly or by way of others. A parent and its children may: `mod.rs`
//! puts together what they are.
//!
//! The files and sub-folders of a folder are the nodes of a graph, and a path from one to another is an edge. A name
//! that the parent takes from a child (`use child::Name`) leads to that child. What is for tests only does not count.

use crate::paths::{Written, module_of, written, written_from};
use crate::rules::Violation;
use crate::source::{Source, code};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// A module by its names from the crate's root.
type Module = Vec<String>;

/// The modules of one crate.
struct Crate {
    /// File and code, comments and literals blank.
    files: BTreeMap<Module, (String, String)>,
    /// The names of the files and folders directly below each module.
    children: BTreeMap<Module, BTreeSet<String>>,
    /// What each parent takes from its children: parent, name there, child.
    taken: BTreeMap<(Module, String), String>,
}

/// Where an edge of the graph is written.
struct Edge {
    path: String,
    line: usize,
}

impl Crate {
    fn new(root: &str, sources: &[Source]) -> Self {
        let inside = sources
            .iter()
            .filter_map(|file| Some((file.path.strip_prefix(root)?, file)));
        let files: BTreeMap<Module, (String, String)> = inside
            .filter(|(inside, _)| inside.ends_with(".rs"))
            .map(|(inside, file)| (module_of(inside), (file.path.clone(), code(&file.text))))
            .collect();
        let mut children: BTreeMap<Module, BTreeSet<String>> = BTreeMap::new();
        for module in files.keys() {
            for (length, name) in module.iter().enumerate() {
                let below = children.entry(module[..length].to_vec()).or_default();
                below.insert(name.clone());
            }
        }
        let mut all = Self {
            files,
            children,
            taken: BTreeMap::new(),
        };
        for parent in all.children.keys().cloned().collect::<Vec<_>>() {
            all.take_from_children(&parent);
        }
        all
    }

    /// Notes the names that this parent has from its children.
    fn take_from_children(&mut self, parent: &Module) {
        let Some((_, code)) = self.files.get(parent) else {
            return; // a folder whose module is elsewhere
        };
        let children = &self.children[parent];
        let starts: Vec<&str> = children
            .iter()
            .map(String::as_str)
            .chain(["self"])
            .collect();
        let mut taken = Vec::new();
        for Written {
            mut segments,
            alias,
            ..
        } in written_from(code, &starts)
        {
            if segments[0] == "self" {
                segments.remove(0);
            }
            let child = &segments[0];
            if segments.len() < 2 || !children.contains(child) {
                continue;
            }
            let last = segments[segments.len() - 1].clone();
            if last == "*" {
                let module = [parent.as_slice(), &segments[..segments.len() - 1]].concat();
                let names = self.files.get(&module).map(|(_, code)| defined(code));
                taken.extend(
                    names
                        .into_iter()
                        .flatten()
                        .map(|name| (name, child.clone())),
                );
            } else {
                taken.push((alias.unwrap_or(last), child.clone()));
            }
        }
        for (name, child) in taken {
            self.taken.insert((parent.clone(), name), child);
        }
    }

    /// The folder, the node in it that `from` belongs to, and the one that `to` leads to.
    fn edge(&self, from: &[String], to: &[String]) -> Option<(Module, String, String)> {
        let common = from
            .iter()
            .zip(to)
            .take_while(|(one, other)| one == other)
            .count();
        let (ours, theirs) = (from.get(common)?, to.get(common)?);
        let folder = from[..common].to_vec();
        if self.children[&folder].contains(theirs) {
            return Some((folder, ours.clone(), theirs.clone()));
        }
        let child = self.taken.get(&(folder.clone(), theirs.clone()))?;
        (child != ours).then(|| (folder, ours.clone(), child.clone()))
    }

    /// The graph of each folder.
    fn graphs(&self) -> BTreeMap<Module, BTreeMap<String, BTreeMap<String, Edge>>> {
        let mut graphs: BTreeMap<Module, BTreeMap<String, BTreeMap<String, Edge>>> =
            BTreeMap::new();
        for (module, (path, code)) in &self.files {
            for reference in written(code).into_iter().filter(|path| !path.in_tests) {
                let to = reference.absolute(module);
                let Some((folder, from, to)) = to.and_then(|to| self.edge(module, &to)) else {
                    continue;
                };
                let edges = graphs.entry(folder).or_default().entry(from).or_default();
                edges.entry(to).or_insert_with(|| Edge {
                    path: path.clone(),
                    line: reference.line,
                });
            }
        }
        graphs
    }
}

/// The items that code defines for others.
fn defined(code: &str) -> Vec<String> {
    static ITEM: LazyLock<Regex> = LazyLock::new(|| {
        let visible = r"\bpub(?:\([a-z: ]*\))? (?:const |unsafe |async )*";
        let item = r"(?:fn|struct|enum|union|trait|type|const|static|mod) (\w+)";
        Regex::new(&format!("(?-u:{visible}{item})")).expect("a pattern")
    });
    let names = ITEM.captures_iter(code);
    names.map(|found| found[1].to_owned()).collect()
}

/// The shortest way from a node back to itself, without the node at its end.
fn shortest(start: &str, graph: &BTreeMap<String, BTreeMap<String, Edge>>) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in graph
                .get(&way[way.len() - 1])
                .into_iter()
                .flat_map(BTreeMap::keys)
            {
                if next == start {
                    return Some(way);
                }
                if seen.insert(next.clone()) {
                    longer.push([way.as_slice(), std::slice::from_ref(next)].concat());
                }
            }
        }
        ways = longer;
    }
    None
}

/// One violation for each shortest cycle, with the file that it is in; `roots` are the directories of crates.
pub fn cycles(roots: &[&str], sources: &[Source]) -> Vec<(String, Violation)> {
    let mut found = Vec::new();
    for root in roots {
        for (folder, graph) in Crate::new(root, sources).graphs() {
            let mut told = BTreeSet::new();
            for start in graph.keys() {
                let Some(way) = shortest(start, &graph) else {
                    continue;
                };
                let members: BTreeSet<String> = way.iter().cloned().collect();
                if told.insert(members) {
                    found.push(violation(root, &folder, &way, &graph));
                }
            }
        }
    }
    found
}

fn violation(
    root: &str,
    folder: &[String],
    way: &[String],
    graph: &BTreeMap<String, BTreeMap<String, Edge>>,
) -> (String, Violation) {
    let steps = way.iter().zip(way.iter().cycle().skip(1));
    let edges: Vec<(&String, &Edge)> = steps.map(|(from, to)| (to, &graph[from][to])).collect();
    let imports: Vec<String> = edges
        .iter()
        .map(|(to, edge)| format!("{}:{} imports {to}", edge.path, edge.line))
        .collect();
    let message = format!(
        "a cycle in {root}{}: {}",
        folder.join("/"),
        imports.join(", ")
    );
    let first = edges[0].1;
    (
        first.path.clone(),
        Violation {
            line: first.line,
            message,
        },
    )
}

#[cfg(test)]
mod planted {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source {
                path: format!("house/src/{path}"),
                text: (*text).to_owned(),
            })
            .collect();
        cycles(&["house/src/"], &sources)
            .into_iter()
            .map(|(path, violation)| violation.at(&path))
            .collect()
    }

    #[test]
    fn two_files_that_need_each_other_are_found_once() {
        let said = found(&[
            ("a/mod.rs", "mod b; mod c;"),
            ("a/b.rs", "use super::c::C;"),
            ("a/c.rs", "\nfn f(b: crate::a::b::B) {}"),
        ]);
        assert_eq!(
            said,
            [
                "house/src/a/b.rs:1: a cycle in house/src/a: house/src/a/b.rs:1 imports c, house/src/a/c.rs:2 imports b"
            ]
        );
    }

    #[test]
    fn a_way_round_and_a_way_through_a_sub_folder_are_found() {
        let round = [
            ("b.rs", "use super::c;"),
            ("c.rs", "use super::d;"),
            ("d.rs", "use super::b;"),
            ("e.rs", "use super::b;"),
        ];
        assert_eq!(found(&round).len(), 1);
        let folder = [
            ("b/mod.rs", "mod deep;"),
            ("b/deep.rs", "use super::super::c::C;"),
            ("c.rs", "use crate::b::deep::D;"),
        ];
        assert_eq!(found(&folder).len(), 1);
    }

    #[test]
    fn a_name_that_the_parent_takes_leads_to_its_file() {
        for parent in ["mod b; mod c; pub use b::B;", "pub use self::b::*;"] {
            let said = found(&[
                ("a/mod.rs", parent),
                ("a/b.rs", "use super::c::C;\npub struct B;"),
                ("a/c.rs", "use super::B;"),
            ]);
            assert_eq!(said.len(), 1, "{parent}: {said:?}");
        }
    }

    #[test]
    fn parent_and_child_may_and_tests_may() {
        let said = found(&[
            ("a/mod.rs", "mod b; mod c; use b::B; pub struct A;"),
            ("a/b.rs", "use super::A; use super::c::C; pub struct B;"),
            (
                "a/c.rs",
                "pub struct C;\n#[cfg(test)]\nmod tests { use super::*; use crate::a::b::B; }",
            ),
        ]);
        assert_eq!(said, [""; 0]);
    }
}
