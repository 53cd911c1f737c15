//! What can be written in a scenario file. The JSON Schema and the reference
//! in the docs are made from this.

pub(crate) mod contract;
pub(crate) mod faults;
pub(crate) mod one_or_many;
pub(crate) mod read;
pub(crate) mod schema;
pub(crate) mod substitutions;
pub(crate) mod value;

use faults::{FaultText, StepText, WindowName};
use one_or_many::{Bounds, Terminal};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;
use value::{
    DeliveryText, Expression, GlobText, IsolationText, OracleName, PhaseText, SignalName,
    StatusNumber, Time, TriggerText,
};

/// A scenario: a program, what is done to it, and what it must then do.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "A scenario of sigproof")]
pub(crate) struct Document {
    /// What this shows, in a sentence.
    pub(crate) description: Option<String>,
    /// The program under test and its surroundings.
    pub(crate) target: TargetTable,
    /// Run it once with a schedule of signals. Either this or `sweep` or `fuzz`.
    #[schemars(with = "Option<RunTable>")]
    pub(crate) run: Option<Spanned<RunTable>>,
    /// Run it once for each point, with the signal there.
    #[schemars(with = "Option<SweepTable>")]
    pub(crate) sweep: Option<Spanned<SweepTable>>,
    /// Run it with random schedules, the same ones each time.
    #[schemars(with = "Option<FuzzTable>")]
    pub(crate) fuzz: Option<Spanned<FuzzTable>>,
    /// What is asked of it.
    #[serde(default)]
    pub(crate) contract: ContractTable,
    /// What a person must see.
    #[schemars(with = "Option<MessagesTable>")]
    pub(crate) messages: Option<Spanned<MessagesTable>>,
}

/// The program under test and its surroundings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct TargetTable {
    /// The command and its arguments. A program without a slash is looked for in PATH; a relative path in the work
    /// tree, then beside this file. In each word `{bin:NAME}` is the binary NAME of your Cargo workspace, `{dir}` the
    /// directory of this file, and `{env:NAME}` a variable of the environment; `{{` is a brace.
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub(crate) command: Spanned<Vec<Spanned<String>>>,
    /// Files and directories that are copied into the work tree, relative to this file.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) inputs: Vec<Spanned<String>>,
    /// Files of the work tree with their content.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(crate) files: BTreeMap<Spanned<String>, String>,
    /// A directory whose content the work tree starts with, relative to this file.
    #[schemars(with = "Option<String>")]
    pub(crate) directory: Option<Spanned<String>>,
    /// A directory (relative to this file) that the program sees in a private view, at its own path.
    #[schemars(with = "Option<String>")]
    pub(crate) view: Option<Spanned<String>>,
    /// A script for `sh -e` that makes the start state; it runs once, in a directory that holds `inputs` and `files`.
    #[schemars(with = "Option<String>")]
    pub(crate) setup: Option<Spanned<String>>,
    /// Variables added to the pinned environment.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(crate) env: BTreeMap<String, Spanned<String>>,
    /// Run it on a pseudo-terminal instead of pipes.
    pub(crate) terminal: Option<Terminal>,
    /// A file for standard input, relative to this file. Without it and `stdin-text` it reads end of file.
    #[schemars(with = "Option<String>")]
    pub(crate) stdin: Option<Spanned<String>>,
    /// What standard input says.
    #[schemars(with = "Option<String>")]
    pub(crate) stdin_text: Option<Spanned<String>>,
    /// How it is kept apart from the machine.
    pub(crate) isolation: Option<IsolationText>,
    /// Leave address-space randomisation on: slower, and points are told apart less exactly.
    #[serde(default)]
    pub(crate) keep_aslr: bool,
    /// All threads and processes of the target on one processor: their order is then more often the same.
    #[serde(default)]
    pub(crate) serialise: bool,
    /// Tell the target of failpoints, as a step or `after` with failpoint:NAME does by itself.
    #[serde(default)]
    pub(crate) failpoints: bool,
    /// Bounds of a run.
    #[serde(default)]
    pub(crate) limits: LimitsTable,
}

/// Bounds of a run.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct LimitsTable {
    /// How long an undisturbed run may take [60s].
    pub(crate) timeout: Option<Time>,
    /// How long a run may go on after the last signal [the larger of 2s and 3 × the undisturbed run].
    pub(crate) deadline: Option<Time>,
    /// How long descendants may outlive the target [500ms].
    pub(crate) grace: Option<Time>,
    /// Size of the private file system, in MiB [2048].
    #[schemars(range(min = 1, max = 1_048_576))]
    pub(crate) tree_mib: Option<u32>,
    /// Files in a work tree that has to be copied [10000].
    pub(crate) copy_files: Option<u32>,
}

/// One run with a schedule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RunTable {
    /// The schedule: signals and other faults, each with its moment. An empty list is an undisturbed run.
    #[schemars(with = "Vec<StepText>")]
    pub(crate) signals: Vec<Spanned<StepText>>,
    /// Learn first what an undisturbed run does [true]. Without it (for a program that runs until it is told to stop) only
    /// `exits`, `orphans`, `zombies`, `messages` and `acknowledged` can be judged.
    pub(crate) baseline: Option<bool>,
    /// How often a violation is run again, to see whether it shows each time [2].
    #[schemars(range(max = 100))]
    pub(crate) confirm: Option<u32>,
}

/// One run for each point.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct SweepTable {
    /// The signal [INT].
    pub(crate) signal: Option<SignalName>,
    /// Another fault than a signal at each point where it can happen. Either this or `signal`.
    #[schemars(with = "Option<FaultText>")]
    pub(crate) fault: Option<Spanned<FaultText>>,
    /// What comes after it, such as `INT@+50ms`.
    #[serde(default)]
    #[schemars(with = "Vec<StepText>")]
    pub(crate) then: Vec<Spanned<StepText>>,
    /// A second signal at each call that the target makes after the first, there: pairs of points.
    #[serde(default)]
    #[schemars(with = "Vec<WindowName>")]
    pub(crate) second: Vec<Spanned<WindowName>>,
    /// Another second fault than the first one again.
    #[schemars(with = "Option<FaultText>")]
    pub(crate) second_fault: Option<Spanned<FaultText>>,
    /// Pairs that are tried at most [300].
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub(crate) pairs: Option<Spanned<u32>>,
    /// Whom it goes to [the group for INT, QUIT, TSTP and HUP, the first three typed on a terminal; the process for others].
    #[schemars(with = "Option<DeliveryText>")]
    pub(crate) deliver: Option<Spanned<DeliveryText>>,
    /// From when the promise holds; earlier points are reported apart.
    pub(crate) after: Option<TriggerText>,
    /// Only calls of these names.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) only: Vec<Spanned<String>>,
    /// Only points whose argument matches one of these.
    #[serde(default)]
    pub(crate) paths: Vec<GlobText>,
    /// On which side of the calls [exit, and before calls that can block].
    #[serde(default)]
    #[schemars(with = "Vec<PhaseText>")]
    pub(crate) phases: Vec<Spanned<PhaseText>>,
    /// Every system call, not only those with an effect.
    #[serde(default)]
    pub(crate) all: bool,
    /// Try each of the points before the target acts at all, not one for all.
    #[serde(default)]
    pub(crate) no_classes: bool,
    /// How often each finding is run again, to see whether it shows each time [2].
    #[schemars(range(max = 100))]
    pub(crate) confirm: Option<u32>,
}

/// Random schedules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct FuzzTable {
    /// What is done, each as likely as the others [INT].
    #[serde(default)]
    #[schemars(with = "Vec<FaultText>")]
    pub(crate) faults: Vec<Spanned<FaultText>>,
    /// Whom signals go to: each of these [as in `sweep`].
    #[serde(default)]
    #[schemars(with = "Vec<DeliveryText>")]
    pub(crate) deliver: Vec<Spanned<DeliveryText>>,
    /// Faults in one schedule at most [5].
    #[schemars(with = "Option<u8>", range(min = 1, max = 5))]
    pub(crate) most: Option<Spanned<u8>>,
    /// How many runs at most [300, without `time`].
    #[schemars(range(min = 1))]
    pub(crate) runs: Option<u32>,
    /// For how long at most: how far it gets then depends on the machine.
    pub(crate) time: Option<Time>,
    /// The same number gives the same schedules [1].
    pub(crate) seed: Option<u64>,
    /// Go on when something was found, until the budget is used up.
    #[serde(default)]
    pub(crate) keep_going: bool,
    /// From when the promise holds: nothing is done earlier.
    pub(crate) after: Option<TriggerText>,
    /// Begin at calls of these names only.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) only: Vec<Spanned<String>>,
    /// Begin at points only whose argument matches one of these.
    #[serde(default)]
    pub(crate) paths: Vec<GlobText>,
    /// On which side of the calls [exit, and before calls that can block].
    #[serde(default)]
    #[schemars(with = "Vec<PhaseText>")]
    pub(crate) phases: Vec<Spanned<PhaseText>>,
    /// Every system call, not only those with an effect.
    #[serde(default)]
    pub(crate) all: bool,
    /// How often each finding is run again, to see whether it shows each time [4].
    #[schemars(range(max = 100))]
    pub(crate) confirm: Option<u32>,
}

/// What is asked of the program.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct ContractTable {
    /// Ask these oracles only.
    pub(crate) oracles: Vec<OracleName>,
    /// Leave these oracles out.
    pub(crate) skip: Vec<OracleName>,
    /// Paths that may be left behind.
    pub(crate) keep: Vec<GlobText>,
    /// Outputs that may be cut short: streams, logs.
    pub(crate) prefix: Vec<GlobText>,
    /// Outputs whose content does not matter.
    pub(crate) any: Vec<GlobText>,
    /// Exit statuses that are right for a cancelled run.
    #[schemars(with = "Vec<u8>")]
    pub(crate) ok_status: Vec<StatusNumber>,
    /// The exit status of an undisturbed run [0].
    #[schemars(with = "u8")]
    pub(crate) baseline_status: StatusNumber,
    /// A command for `sh -c` that must succeed on the end state.
    pub(crate) check: Option<String>,
    /// How long a signal handler may run.
    pub(crate) handler_budget: Option<Time>,
    /// Command lines that may outlive the target.
    pub(crate) daemons: Vec<GlobText>,
    /// A word to the person must come this soon after each signal, or the end.
    pub(crate) acknowledged: Option<AcknowledgedTable>,
    /// What the program says is done must be in its result, once.
    pub(crate) results: Option<ResultsTable>,
    /// The second signal must stop it sooner, and the third at once.
    pub(crate) escalation: Option<EscalationTable>,
    /// The same schedule must do by pid, by group, and typed on the terminal.
    pub(crate) reach: bool,
    /// Started with the signal ignored, as `nohup` and `cmd &` do it, it must not stop on it.
    pub(crate) ignored: bool,
    /// Latencies over repeated runs.
    pub(crate) budget: Option<BudgetTable>,
}

/// A word to the person, soon.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct AcknowledgedTable {
    /// How soon [250ms].
    pub(crate) within: Option<Time>,
    /// What the word is [any output].
    pub(crate) pattern: Option<Expression>,
}

/// What the program says is done, and where its result is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ResultsTable {
    /// The acknowledgement of one piece of work in the output; the first group is its name.
    #[schemars(with = "Expression")]
    pub(crate) said: Spanned<Expression>,
    /// The file in the work tree with the results. Either this or `command`.
    #[schemars(with = "Option<String>")]
    pub(crate) file: Option<Spanned<String>>,
    /// A command for `sh -c` that prints the results. Either this or `file`.
    #[schemars(with = "Option<String>")]
    pub(crate) command: Option<Spanned<String>>,
    /// One piece of work in the results; the first group is its name.
    #[schemars(with = "Expression")]
    pub(crate) found: Spanned<Expression>,
}

/// More signals, sooner stopped.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct EscalationTable {
    /// Time between two signals, at least 60ms: nearer ones can merge [200ms].
    #[schemars(with = "Option<Time>")]
    pub(crate) gap: Option<Spanned<Time>>,
    /// How soon the third must end it [500ms].
    pub(crate) third: Option<Time>,
    /// How many signals the program tells apart, 2 or 3 [3].
    #[schemars(with = "Option<u8>", range(min = 2, max = 3))]
    pub(crate) signals: Option<Spanned<u8>>,
}

/// Latencies over repeated runs of the schedule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct BudgetTable {
    /// How many runs [20].
    #[schemars(with = "Option<u32>", range(min = 1, max = 10_000))]
    pub(crate) runs: Option<Spanned<u32>>,
    /// From a signal to the next word.
    pub(crate) acknowledged: Option<Bounds>,
    /// From signal number N to the end, such as `exit.1 = "2s"`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Bounds>")]
    pub(crate) exit: BTreeMap<Spanned<String>, Bounds>,
}

/// What a person must see.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct MessagesTable {
    /// Lines that must come, whole, once each, in this order. `[..]` stands for any part of a line.
    #[serde(default)]
    pub(crate) lines: Vec<String>,
    /// Text that no line may contain. `[..]` stands for any part of a line.
    #[serde(default)]
    pub(crate) never: Vec<String>,
    /// The whole transcript, with `^C` where a signal landed. `[..]` stands for any part of a line, a line `...` for any
    /// lines. `sigproof test --bless` writes it anew.
    #[schemars(with = "Option<String>")]
    pub(crate) transcript: Option<Spanned<String>>,
    /// Compare the transcript with a snapshot file: `snapshots/NAME@transcript.snap` beside this file.
    #[serde(default)]
    pub(crate) snapshot: bool,
    /// Compare the screen, at each signal and at the end, with a snapshot file: `snapshots/NAME@screen.snap`.
    #[schemars(with = "Option<bool>")]
    pub(crate) screen: Option<Spanned<bool>>,
    /// What is replaced before anything is compared, besides times, pids and paths.
    #[serde(default)]
    pub(crate) redact: Vec<RedactTable>,
    /// Of the built-in redactions use these only [times, pids, paths].
    pub(crate) redactions: Option<Vec<Redaction>>,
}

/// One redaction.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RedactTable {
    /// What.
    pub(crate) pattern: Expression,
    /// By what; `$1` is the first group.
    pub(crate) with: String,
}

/// A built-in redaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Redaction {
    /// Durations, clock times and dates.
    Times,
    /// Numbers after words such as `pid`.
    Pids,
    /// The private directories of the target.
    Paths,
}
