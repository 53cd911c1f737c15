//! What to run.

use crate::script::Script;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::process::Command;

/// How targets are kept apart from the rest of the machine.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Namespaces where the machine allows them, else copies.
    Auto,
    /// Namespaces, or an error.
    Namespaces,
    /// Copies on disk, no namespaces.
    Copy,
}

/// Whether a target gets io_uring, whose operations make no calls.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    serde::Serialize,
    serde::Deserialize,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum IoUring {
    /// The kernel seems to have none: programs that can do without use system calls.
    #[default]
    Refuse,
    /// As the kernel has it. What is done through it is counted, and not followed.
    Allow,
}

/// The state of the work tree and the private directories in which a run begins.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    clap::ValueEnum,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StartState {
    /// The inputs, and nothing else.
    #[default]
    Fresh,
    /// What a finished run leaves.
    Finished,
}

impl StartState {
    /// The word for it, as options have it.
    pub fn word(self) -> &'static str {
        match self {
            StartState::Fresh => "fresh",
            StartState::Finished => "finished",
        }
    }
}

/// A program under test and its surroundings, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The command and its arguments.
    pub command: Vec<String>,
    /// What its work tree contains at the start of each run.
    pub source: Source,
    /// Whether a finished run comes before each run.
    #[serde(default)]
    pub start: StartState,
    /// Variables added to the pinned environment.
    pub env: Vec<(String, String)>,
    /// Rows and columns of its terminal; `None` for pipes.
    pub pty: Option<(u16, u16)>,
    /// A file for its standard input; otherwise it reads end of file.
    pub stdin: Option<PathBuf>,
    /// Leave address-space randomisation on. Points are then told apart by counting
    /// calls instead of by instruction, which is slower and less exact.
    #[serde(default)]
    pub keep_aslr: bool,
    /// All its threads and processes share one processor.
    #[serde(default)]
    pub serialise: bool,
    /// It is told of failpoints (see `docs/failpoints.md`).
    #[serde(default)]
    pub failpoints: bool,
    /// Signals (numbers) that it is started with ignored, as `nohup` does it.
    #[serde(default)]
    pub ignored: Vec<i32>,
    /// Whether it gets io_uring.
    #[serde(default)]
    pub io_uring: IoUring,
    /// What happens around it in every run; `None` for a program that ends by itself.
    #[serde(default)]
    pub script: Option<Script>,
    /// The network that it sees.
    #[serde(default)]
    pub network: Network,
    /// Bounds.
    pub limits: Limits,
}

/// The network that a target sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// The machine's.
    #[default]
    Host,
    /// One of its own in each run, with the loopback interface alone.
    Private,
}

impl Network {
    /// The network of a target with this script, unless another one is asked for.
    pub(crate) fn of_script(script: Option<&Script>) -> Network {
        match script {
            Some(script) if script.is_service() => Network::Private,
            _ => Network::Host,
        }
    }
}

/// What a work tree contains at the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A private view of this directory, at its own path.
    View(PathBuf),
    /// The content of this directory.
    Directory(PathBuf),
    /// Copies of these files and directories.
    Files(Vec<PathBuf>),
    /// Nothing.
    Empty,
}

/// Bounds of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// An undisturbed run that takes longer than this (milliseconds) never ends, as far as we care.
    pub baseline_ms: u64,
    /// How long a run may go on after its last signal, in milliseconds; `None`
    /// for the larger of 2 s and three times the baseline.
    pub after_signal_ms: Option<u64>,
    /// How long a service may go on after it was asked to stop, in milliseconds.
    #[serde(default = "Limits::usual_grace_period")]
    pub grace_period_ms: u64,
    /// How long descendants may outlive the target, in milliseconds.
    pub grace_ms: u64,
    /// Size of the private file system, in bytes.
    pub tree_bytes: u64,
    /// Files in a work tree that has to be copied.
    pub copy_files: usize,
    /// Bytes in a work tree that has to be copied.
    pub copy_bytes: u64,
}

impl Limits {
    fn usual_grace_period() -> u64 {
        10_000
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            baseline_ms: 60_000,
            after_signal_ms: None,
            grace_period_ms: Limits::usual_grace_period(),
            grace_ms: 500,
            tree_bytes: 2 << 30,
            copy_files: 10_000,
            copy_bytes: 512 << 20,
        }
    }
}

impl Target {
    /// This command in an empty work tree, on pipes.
    pub fn new<S: Into<String>>(command: impl IntoIterator<Item = S>) -> Target {
        Target {
            command: command.into_iter().map(Into::into).collect(),
            source: Source::Empty,
            start: StartState::Fresh,
            env: Vec::new(),
            pty: None,
            stdin: None,
            keep_aslr: false,
            serialise: false,
            failpoints: false,
            ignored: Vec::new(),
            io_uring: IoUring::Refuse,
            script: None,
            network: Network::Host,
            limits: Limits::default(),
        }
    }

    /// What a command of the standard library (or of `assert_cmd`) would start: its program, arguments and variables.
    /// Words that are no UTF-8 are taken as nearly as they can be written.
    pub fn of(command: &Command) -> Target {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let mut target = Target::new(words.map(|word| word.to_string_lossy().into_owned()));
        for (name, value) in command.get_envs() {
            let value = value.map(|value| value.to_string_lossy().into_owned());
            // A variable that it removes is not in the pinned environment anyway.
            if let Some(value) = value {
                target
                    .env
                    .push((name.to_string_lossy().into_owned(), value));
            }
        }
        target
    }

    /// One more argument.
    pub fn arg(mut self, argument: impl Into<String>) -> Target {
        self.command.push(argument.into());
        self
    }

    /// One more variable of its environment, which is pinned otherwise.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Target {
        self.env.push((name.into(), value.into()));
        self
    }

    /// On a terminal of this size instead of on pipes: SIGINT, SIGQUIT and SIGTSTP are then typed.
    pub fn terminal(mut self, rows: u16, columns: u16) -> Target {
        self.pty = Some((rows, columns));
        self
    }

    /// One more file or directory that is copied into the work tree.
    pub fn input(mut self, path: impl Into<PathBuf>) -> Target {
        match &mut self.source {
            Source::Files(paths) => paths.push(path.into()),
            _ => self.source = Source::Files(vec![path.into()]),
        }
        self
    }

    /// The work tree starts with what is in this directory.
    pub fn directory(mut self, path: impl Into<PathBuf>) -> Target {
        self.source = Source::Directory(path.into());
        self
    }
}
