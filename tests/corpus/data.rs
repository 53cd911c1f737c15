//! What is known of the programs: the tables `fixtures/good/*.toml`, one for each language.

use serde::Deserialize;
use std::{collections::BTreeMap, fmt, fs, path::PathBuf};

/// What a program is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    C,
    Python,
    Node,
    Go,
    Rust,
    Shell,
}

impl Language {
    pub const ALL: [Self; 6] = [
        Self::C,
        Self::Python,
        Self::Node,
        Self::Go,
        Self::Rust,
        Self::Shell,
    ];

    /// Its directory, and the name of its table.
    pub const fn directory(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Python => "python",
            Self::Node => "node",
            Self::Go => "go",
            Self::Rust => "rust",
            Self::Shell => "shell",
        }
    }

    /// Whether a sweep takes seconds: no build, and no runtime with threads of its own.
    pub const fn is_fast(self) -> bool {
        matches!(self, Self::C | Self::Python | Self::Shell)
    }

    /// The extension of its sources.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Python => "py",
            Self::Node => "js",
            Self::Go => "go",
            Self::Rust => "rs",
            Self::Shell => "sh",
        }
    }
}

/// The faults that every good program is swept with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Fault {
    #[serde(rename = "INT")]
    Int,
    #[serde(rename = "TERM")]
    Term,
    #[serde(rename = "KILL")]
    Kill,
    #[serde(rename = "ENOSPC")]
    NoSpace,
    #[serde(rename = "short")]
    Short,
    #[serde(rename = "EINTR")]
    Interrupted,
}

impl Fault {
    pub const ALL: [Self; 6] = [
        Self::Int,
        Self::Term,
        Self::Kill,
        Self::NoSpace,
        Self::Short,
        Self::Interrupted,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Int => "INT",
            Self::Term => "TERM",
            Self::Kill => "KILL",
            Self::NoSpace => "ENOSPC",
            Self::Short => "short",
            Self::Interrupted => "EINTR",
        }
    }

    /// As arguments of `sigproof sweep`.
    pub const fn flags(self) -> [&'static str; 2] {
        match self {
            Self::Int | Self::Term | Self::Kill => ["--signal", self.name()],
            Self::NoSpace | Self::Short | Self::Interrupted => ["--fault", self.name()],
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// One correct program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its file's name without the extension.
    pub name: String,
    /// Why somebody might accuse it.
    pub tempting: String,
    /// The files that it starts from.
    #[serde(default)]
    pub inputs: BTreeMap<String, String>,
    /// What has to be declared: flags for every sweep.
    #[serde(default)]
    pub declare: Vec<String>,
    /// The same, for sweeps with one fault.
    #[serde(default)]
    pub declare_for: BTreeMap<Fault, Vec<String>>,
    /// Faults that can come at no point of it: the sweep says so, and ends with 4.
    #[serde(default)]
    pub without: Vec<Fault>,
    /// Faults that can come at no point of it in some recordings: a runtime waits by itself when it has the time.
    #[serde(default)]
    pub seldom: Vec<Fault>,
    /// False alarms that are known, each with the reason why it is one. They count as such until they are mended.
    #[serde(default)]
    pub accused: BTreeMap<Fault, String>,
    /// Its mutants.
    #[serde(default, rename = "mutant")]
    pub mutants: Vec<Mutant>,
    /// Its language: that of the table.
    #[serde(skip, default = "c")]
    pub language: Language,
}

fn c() -> Language {
    Language::C
}

/// A good program with one planted bug.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutant {
    /// The kind of the bug, in a few words joined by hyphens.
    pub kind: String,
    /// The text of the good program that is replaced; it is there once.
    pub from: String,
    /// What stands there instead.
    pub to: String,
    /// The sweep that finds it.
    pub fault: Fault,
    /// Further flags of that sweep.
    #[serde(default)]
    pub flags: Vec<String>,
    /// The oracle that must be violated.
    pub oracle: String,
    /// Those that may be violated as well, by the same bug.
    #[serde(default)]
    pub may: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    program: Vec<Program>,
}

impl Program {
    /// Language and name: unique.
    pub fn title(&self) -> String {
        format!("{}/{}", self.language.directory(), self.name)
    }

    fn path(&self) -> PathBuf {
        directory()
            .join(self.language.directory())
            .join(&self.name)
            .with_extension(self.language.extension())
    }

    /// Its source.
    pub fn source(&self) -> Result<String, String> {
        let path = self.path();
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The flags with which it is swept, without the work tree.
    pub fn flags(&self, fault: Fault) -> Vec<String> {
        let own = self.declare_for.get(&fault).into_iter().flatten();
        let fault = fault.flags().map(str::to_owned);
        let declared = self.declare.iter().chain(own).cloned();
        fault.into_iter().chain(declared).collect()
    }
}

impl Mutant {
    /// The source with the bug.
    pub fn source(&self, program: &Program) -> Result<String, String> {
        let good = program.source()?;
        match good.matches(&self.from).count() {
            1 => Ok(good.replacen(&self.from, &self.to, 1)),
            count => Err(format!(
                "{}: {:?} is there {count} times; the mutant {} needs it once",
                program.path().display(),
                self.from,
                self.kind
            )),
        }
    }
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/good")
}

/// All programs, language by language.
pub fn programs() -> Vec<Program> {
    Language::ALL.into_iter().flat_map(table).collect()
}

fn table(language: Language) -> Vec<Program> {
    let path = directory().join(format!("{}.toml", language.directory()));
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let table: Table =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut programs = table.program;
    for program in &mut programs {
        program.language = language;
    }
    programs
}

/// Names are unique, every source is in a table, and each mutant differs from its program in one place.
pub fn check(programs: &[&Program]) -> Result<(), String> {
    let mut known = std::collections::BTreeSet::new();
    for program in programs {
        if !known.insert(program.path()) {
            return Err(format!("{} is there twice", program.title()));
        }
        let text = program.source()?;
        let first = text.trim_start_matches(['/', '*', '#', '!', ' ']);
        if !first.starts_with("Right: ") {
            return Err(format!("{} does not begin with Right:", program.title()));
        }
        let mut kinds = std::collections::BTreeSet::new();
        for mutant in &program.mutants {
            mutant.source(program)?;
            if !kinds.insert(&mutant.kind) {
                return Err(format!(
                    "{}: {} is there twice",
                    program.title(),
                    mutant.kind
                ));
            }
        }
    }
    for language in Language::ALL {
        let directory = directory().join(language.directory());
        for entry in fs::read_dir(&directory).map_err(|error| error.to_string())? {
            let path = entry.map_err(|error| error.to_string())?.path();
            let is_program = path
                .extension()
                .is_some_and(|one| one == language.extension());
            if is_program && !known.contains(&path) {
                return Err(format!("{} is in no table", path.display()));
            }
        }
    }
    Ok(())
}
