//! What is known of the programs: the tables `released/*.toml`.

use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// One released program with a bug.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its directory below `target/released`.
    pub name: String,
    /// Name and version, as the page has them.
    pub title: String,
    /// What its user loses, in a few words. Such a program is on docs/released.md, with what follows here.
    #[serde(default)]
    pub loses: String,
    /// Since when it is mended, or that it is not in the newest version.
    #[serde(default)]
    pub mended: String,
    /// Where that is told: a report, or the code.
    #[serde(default)]
    pub place: String,
    /// What is in the directory, and what happens.
    #[serde(default)]
    pub about: String,
    /// What came out, in words for the table of docs/services.md: such a program has a script.
    pub came_out: Option<String>,
    /// The command that finds it.
    pub command: String,
    /// What it must find; every contract must hold if that is nothing.
    pub finds: Vec<Finds>,
    /// The same with a version that is right: it must find nothing.
    pub clean: Option<String>,
    /// What shows sometimes does not count: it runs threads side by side.
    #[serde(default)]
    pub flaky: bool,
    /// The same program, told in other ways.
    #[serde(default)]
    pub also: Vec<Also>,
    /// Everything that it uses is there wherever this repository is tested, and it is quick.
    #[serde(default)]
    pub sampled: bool,
    /// How it is installed.
    #[serde(default)]
    pub install: Install,
}

/// What else is done to a program, and what comes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Also {
    pub command: String,
    pub finds: Vec<Finds>,
    #[serde(default)]
    pub flaky: bool,
    pub came_out: String,
}

impl Program {
    /// It is on docs/released.md.
    pub fn has_bug(&self) -> bool {
        !self.loses.is_empty()
    }

    /// It is in the table of docs/services.md.
    pub fn has_script(&self) -> bool {
        self.came_out.is_some()
    }
}

/// One finding that a command must have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finds {
    pub oracle: String,
    /// A part of its sentence.
    pub says: String,
}

/// What its directory is made of, in this order.
#[derive(Debug, Default, Deserialize, Hash)]
#[serde(deny_unknown_fields)]
pub struct Install {
    /// Commands of the system, which `ci/src/tools.rs` installs.
    #[serde(default)]
    pub uses: Vec<String>,
    /// Virtual environments, and what pip installs in each.
    #[serde(default)]
    pub pip: BTreeMap<String, Vec<String>>,
    /// Directories, and what npm installs in each.
    #[serde(default)]
    pub npm: BTreeMap<String, Vec<String>>,
    /// Files. If there is a directory `work`, the command runs in it.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Lines for `sh`, in the program's directory.
    #[serde(default)]
    pub setup: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    program: Vec<Program>,
}

/// All of them, in the order of the page.
pub fn programs() -> Result<Vec<Program>, String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("released");
    let mut tables: Vec<PathBuf> = fs::read_dir(&directory)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    tables.sort();
    let mut programs = Vec::new();
    for path in tables {
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = fs::read_to_string(&path).map_err(|error| named(&error))?;
        let table: Table = toml::from_str(&text).map_err(|error| named(&error))?;
        programs.extend(table.program);
    }
    Ok(programs)
}

/// Names are unique, every command is one of ours, and each entry expects something.
pub fn check(programs: &[&Program]) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for program in programs {
        let name = &program.name;
        if !names.insert(name) {
            return Err(format!("released: {name} is there twice"));
        }
        let clean = program.clean.iter();
        if let Some(line) = clean
            .chain([&program.command])
            .chain(program.also.iter().map(|also| &also.command))
            .find(|line| !line.starts_with("sigproof "))
        {
            return Err(format!(
                "released: {name}: {line:?} does not begin with sigproof"
            ));
        }
        let told = [
            &program.loses,
            &program.mended,
            &program.place,
            &program.about,
        ];
        let is_told = told.iter().filter(|text| !text.is_empty()).count();
        if ![0, told.len()].contains(&is_told) {
            return Err(format!(
                "released: {name}: loses, mended, place and about belong together"
            ));
        }
        if program.has_bug() && program.finds.is_empty() {
            return Err(format!(
                "released: {name} loses something, and nothing is to be found"
            ));
        }
        if !program.has_bug() && program.came_out.is_none() {
            return Err(format!("released: {name} is on no page: what is it for?"));
        }
    }
    Ok(())
}
