//! What can be written in a scenario file. The JSON Schema and the reference
//! in the docs are made from this.

use super::either::{Bounds, Terminal};
use super::faults::{FaultText, PlaceName, StepText};
use super::value::{Expression, GlobText, How, Moment, OracleName, Phases, SignalName, Time, Whom};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// A scenario: a program, what is done to it, and what it must then do.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "A scenario of sigproof")]
pub(super) struct Document {
    /// What this shows, in a sentence.
    pub(super) description: Option<String>,
    /// The program under test and its surroundings.
    pub(super) target: TargetTable,
    /// Run it once with a schedule of signals. Either this or `sweep` or `fuzz`.
    #[schemars(with = "Option<RunTable>")]
    pub(super) run: Option<Spanned<RunTable>>,
    /// Run it once for each point, with the signal there.
    #[schemars(with = "Option<SweepTable>")]
    pub(super) sweep: Option<Spanned<SweepTable>>,
    /// Run it with random schedules, the same ones each time.
    #[schemars(with = "Option<FuzzTable>")]
    pub(super) fuzz: Option<Spanned<FuzzTable>>,
    /// What is asked of it.
    #[serde(default)]
    pub(super) contract: ContractTable,
    /// What a person must see.
    #[schemars(with = "Option<MessagesTable>")]
    pub(super) messages: Option<Spanned<MessagesTable>>,
}

/// The program under test and its surroundings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct TargetTable {
    /// The command and its arguments. A program without a slash is looked for in PATH; a relative path in the work
    /// tree, then beside this file. In each word `{bin:NAME}` is the binary NAME of your Cargo workspace, `{dir}` the
    /// directory of this file, and `{env:NAME}` a variable of the environment; `{{` is a brace.
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub(super) command: Spanned<Vec<Spanned<String>>>,
    /// Files and directories that are copied into the work tree, relative to this file.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) inputs: Vec<Spanned<String>>,
    /// Files of the work tree with their content.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) files: BTreeMap<Spanned<String>, String>,
    /// A directory whose content the work tree starts with, relative to this file.
    #[schemars(with = "Option<String>")]
    pub(super) directory: Option<Spanned<String>>,
    /// A directory (relative to this file) that the program sees in a private view, at its own path.
    #[schemars(with = "Option<String>")]
    pub(super) view: Option<Spanned<String>>,
    /// A script for `sh -e` that makes the start state; it runs once, in a directory that holds `inputs` and `files`.
    #[schemars(with = "Option<String>")]
    pub(super) setup: Option<Spanned<String>>,
    /// Variables added to the pinned environment.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) env: BTreeMap<String, Spanned<String>>,
    /// Run it on a pseudo-terminal instead of pipes.
    pub(super) terminal: Option<Terminal>,
    /// A file for standard input, relative to this file. Without it and `stdin-text` it reads end of file.
    #[schemars(with = "Option<String>")]
    pub(super) stdin: Option<Spanned<String>>,
    /// What standard input says.
    #[schemars(with = "Option<String>")]
    pub(super) stdin_text: Option<Spanned<String>>,
    /// How it is kept apart from the machine.
    pub(super) isolation: Option<How>,
    /// Leave address-space randomisation on: slower, and points are told apart less exactly.
    #[serde(default)]
    pub(super) keep_aslr: bool,
    /// All threads and processes of the target on one processor: their order is then more often the same.
    #[serde(default)]
    pub(super) serialise: bool,
    /// Tell the target of failpoints, as a step or `after` with failpoint:NAME does by itself.
    #[serde(default)]
    pub(super) failpoints: bool,
    /// Bounds of a run.
    #[serde(default)]
    pub(super) limits: LimitsTable,
}

/// Bounds of a run.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct LimitsTable {
    /// How long an undisturbed run may take [60s].
    pub(super) timeout: Option<Time>,
    /// How long a run may go on after the last signal [the larger of 2s and 3 × the undisturbed run].
    pub(super) deadline: Option<Time>,
    /// How long descendants may outlive the target [500ms].
    pub(super) grace: Option<Time>,
    /// Size of the private file system, in MiB [2048].
    #[schemars(range(min = 1, max = 1_048_576))]
    pub(super) tree_mib: Option<u32>,
    /// Files in a work tree that has to be copied [10000].
    pub(super) copy_files: Option<u32>,
}

/// One run with a schedule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RunTable {
    /// The schedule: signals and other faults, each with its moment. An empty list is an undisturbed run.
    #[schemars(with = "Vec<StepText>")]
    pub(super) signals: Vec<Spanned<StepText>>,
    /// Learn first what an undisturbed run does [true]. Without it (for a program that runs until it is told to stop) only
    /// `exits`, `orphans`, `zombies`, `messages` and `acknowledged` can be judged.
    pub(super) baseline: Option<bool>,
    /// How often a violation is run again, to see whether it shows each time [2].
    #[schemars(range(max = 100))]
    pub(super) confirm: Option<u32>,
}

/// One run for each point.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SweepTable {
    /// The signal [INT].
    pub(super) signal: Option<SignalName>,
    /// Another fault than a signal at each point where it can happen. Either this or `signal`.
    #[schemars(with = "Option<FaultText>")]
    pub(super) fault: Option<Spanned<FaultText>>,
    /// What comes after it, such as `INT@+50ms`.
    #[serde(default)]
    #[schemars(with = "Vec<StepText>")]
    pub(super) then: Vec<Spanned<StepText>>,
    /// A second signal at each call that the target makes after the first, there: pairs of points.
    #[serde(default)]
    #[schemars(with = "Vec<PlaceName>")]
    pub(super) second: Vec<Spanned<PlaceName>>,
    /// Another second fault than the first one again.
    #[schemars(with = "Option<FaultText>")]
    pub(super) second_fault: Option<Spanned<FaultText>>,
    /// Pairs that are tried at most [300].
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub(super) pairs: Option<Spanned<u32>>,
    /// Whom it goes to [the group for INT, QUIT, TSTP and HUP, the first three typed on a terminal; the process for others].
    #[schemars(with = "Option<Whom>")]
    pub(super) deliver: Option<Spanned<Whom>>,
    /// From when the promise holds; earlier points are reported apart.
    pub(super) after: Option<Moment>,
    /// Only calls of these names.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) only: Vec<Spanned<String>>,
    /// Only points whose argument matches one of these.
    #[serde(default)]
    pub(super) paths: Vec<GlobText>,
    /// On which side of the calls [exit, and before calls that can block].
    #[serde(default)]
    #[schemars(with = "Vec<Phases>")]
    pub(super) phases: Vec<Spanned<Phases>>,
    /// Every system call, not only those with an effect.
    #[serde(default)]
    pub(super) all: bool,
    /// Try each of the points before the target acts at all, not one for all.
    #[serde(default)]
    pub(super) no_classes: bool,
    /// How often each finding is run again, to see whether it shows each time [2].
    #[schemars(range(max = 100))]
    pub(super) confirm: Option<u32>,
}

/// Random schedules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct FuzzTable {
    /// What is done, each as likely as the others [INT].
    #[serde(default)]
    #[schemars(with = "Vec<FaultText>")]
    pub(super) faults: Vec<Spanned<FaultText>>,
    /// Whom signals go to: each of these [as in `sweep`].
    #[serde(default)]
    #[schemars(with = "Vec<Whom>")]
    pub(super) deliver: Vec<Spanned<Whom>>,
    /// Faults in one schedule at most [5].
    #[schemars(with = "Option<u8>", range(min = 1, max = 5))]
    pub(super) most: Option<Spanned<u8>>,
    /// How many runs at most [300, without `time`].
    #[schemars(range(min = 1))]
    pub(super) runs: Option<u32>,
    /// For how long at most: how far it gets then depends on the machine.
    pub(super) time: Option<Time>,
    /// The same number gives the same schedules [1].
    pub(super) seed: Option<u64>,
    /// Go on when something was found, until the budget is used up.
    #[serde(default)]
    pub(super) keep_going: bool,
    /// From when the promise holds: nothing is done earlier.
    pub(super) after: Option<Moment>,
    /// Begin at calls of these names only.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) only: Vec<Spanned<String>>,
    /// Begin at points only whose argument matches one of these.
    #[serde(default)]
    pub(super) paths: Vec<GlobText>,
    /// On which side of the calls [exit, and before calls that can block].
    #[serde(default)]
    #[schemars(with = "Vec<Phases>")]
    pub(super) phases: Vec<Spanned<Phases>>,
    /// Every system call, not only those with an effect.
    #[serde(default)]
    pub(super) all: bool,
    /// How often each finding is run again, to see whether it shows each time [4].
    #[schemars(range(max = 100))]
    pub(super) confirm: Option<u32>,
}

/// What is asked of the program.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct ContractTable {
    /// Ask these oracles only.
    pub(super) oracles: Vec<OracleName>,
    /// Leave these oracles out.
    pub(super) skip: Vec<OracleName>,
    /// Paths that may be left behind.
    pub(super) keep: Vec<GlobText>,
    /// Outputs that may be cut short: streams, logs.
    pub(super) prefix: Vec<GlobText>,
    /// Outputs whose content does not matter.
    pub(super) any: Vec<GlobText>,
    /// Exit statuses that are right for a cancelled run.
    pub(super) ok_status: Vec<u8>,
    /// The exit status of an undisturbed run [0].
    pub(super) baseline_status: u8,
    /// A command for `sh -c` that must succeed on the end state.
    pub(super) check: Option<String>,
    /// How long a signal handler may run.
    pub(super) handler_budget: Option<Time>,
    /// Command lines that may outlive the target.
    pub(super) daemons: Vec<GlobText>,
    /// A word to the person must come this soon after each signal, or the end.
    pub(super) acknowledged: Option<AcknowledgedTable>,
    /// What the program says is done must be in its result, once.
    pub(super) results: Option<ResultsTable>,
    /// The second signal must stop it sooner, and the third at once.
    pub(super) escalation: Option<EscalationTable>,
    /// The same schedule must do by pid, by group, and typed on the terminal.
    pub(super) reach: bool,
    /// Started with the signal ignored, as `nohup` and `cmd &` do it, it must not stop on it.
    pub(super) ignored: bool,
    /// Latencies over repeated runs.
    pub(super) budget: Option<BudgetTable>,
}

/// A word to the person, soon.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct AcknowledgedTable {
    /// How soon [250ms].
    pub(super) within: Option<Time>,
    /// What the word is [any output].
    pub(super) pattern: Option<Expression>,
}

/// What the program says is done, and where its result is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct ResultsTable {
    /// The acknowledgement of one piece of work in the output; the first group is its name.
    #[schemars(with = "Expression")]
    pub(super) said: Spanned<Expression>,
    /// The file in the work tree with the results. Either this or `command`.
    #[schemars(with = "Option<String>")]
    pub(super) file: Option<Spanned<String>>,
    /// A command for `sh -c` that prints the results. Either this or `file`.
    #[schemars(with = "Option<String>")]
    pub(super) command: Option<Spanned<String>>,
    /// One piece of work in the results; the first group is its name.
    #[schemars(with = "Expression")]
    pub(super) found: Spanned<Expression>,
}

/// More signals, sooner stopped.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct EscalationTable {
    /// Time between two signals, at least 60ms: nearer ones can merge [200ms].
    #[schemars(with = "Option<Time>")]
    pub(super) gap: Option<Spanned<Time>>,
    /// How soon the third must end it [500ms].
    pub(super) third: Option<Time>,
    /// How many signals the program tells apart, 2 or 3 [3].
    #[schemars(with = "Option<u8>", range(min = 2, max = 3))]
    pub(super) signals: Option<Spanned<u8>>,
}

/// Latencies over repeated runs of the schedule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct BudgetTable {
    /// How many runs [20].
    #[schemars(with = "Option<u32>", range(min = 1, max = 10_000))]
    pub(super) runs: Option<Spanned<u32>>,
    /// From a signal to the next word.
    pub(super) acknowledged: Option<Bounds>,
    /// From signal number N to the end, such as `exit.1 = "2s"`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Bounds>")]
    pub(super) exit: BTreeMap<Spanned<String>, Bounds>,
}

/// What a person must see.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct MessagesTable {
    /// Lines that must come, whole, once each, in this order. `[..]` stands for any part of a line.
    #[serde(default)]
    pub(super) lines: Vec<String>,
    /// Text that no line may contain. `[..]` stands for any part of a line.
    #[serde(default)]
    pub(super) never: Vec<String>,
    /// The whole transcript, with `^C` where a signal landed. `[..]` stands for any part of a line, a line `...` for any
    /// lines. `sigproof test --bless` writes it anew.
    #[schemars(with = "Option<String>")]
    pub(super) transcript: Option<Spanned<String>>,
    /// Compare the transcript with a snapshot file: `snapshots/NAME@transcript.snap` beside this file.
    #[serde(default)]
    pub(super) snapshot: bool,
    /// Compare the screen, at each signal and at the end, with a snapshot file: `snapshots/NAME@screen.snap`.
    #[schemars(with = "Option<bool>")]
    pub(super) screen: Option<Spanned<bool>>,
    /// What is replaced before anything is compared, besides times, pids and paths.
    #[serde(default)]
    pub(super) redact: Vec<RedactTable>,
    /// Of the built-in redactions use these only [times, pids, paths].
    pub(super) redactions: Option<Vec<Redaction>>,
}

/// One redaction.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RedactTable {
    /// What.
    pub(super) pattern: Expression,
    /// By what; `$1` is the first group.
    pub(super) with: String,
}

/// A built-in redaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Redaction {
    /// Durations, clock times and dates.
    Times,
    /// Numbers after words such as `pid`.
    Pids,
    /// The private directories of the target.
    Paths,
}
