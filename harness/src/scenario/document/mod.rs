//! What can be written in a scenario file. The JSON Schema and the reference
//! in the docs are made from this.

pub(crate) mod faults;
pub(crate) mod one_or_many;
pub(crate) mod schema;
pub(crate) mod script;
pub(crate) mod substitutions;
pub(crate) mod toml_error;
pub(crate) mod value;

use crate::oracle::Served;
use crate::target::{Network, StartState};
use faults::{FaultText, StepText, WindowName};
use one_or_many::{Bounds, Terminal};
use schemars::JsonSchema;
use script::ScriptTable;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;
use value::{
    DeliveryText, Expression, GlobText, IoUringText, IsolationText, OracleName, PhaseText,
    SignalName, StatusNumber, Time, TriggerText,
};

/// A scenario: a program, what is done to it, and what must hold then.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(title = "A scenario of sigproof")]
pub(crate) struct Document {
    /// What this scenario shows, in a sentence.
    pub(crate) description: Option<String>,
    /// The program under test and its environment.
    pub(crate) target: TargetTable,
    /// What happens around a program that runs until it is told to stop.
    pub(crate) script: Option<ScriptTable>,
    /// Run it once with a schedule of signals. Write either this or `sweep` or `fuzz`.
    #[schemars(with = "Option<RunTable>")]
    pub(crate) run: Option<Spanned<RunTable>>,
    /// Run it once per point, with the signal there.
    #[schemars(with = "Option<SweepTable>")]
    pub(crate) sweep: Option<Spanned<SweepTable>>,
    /// Run it with random schedules, the same ones each time.
    #[schemars(with = "Option<FuzzTable>")]
    pub(crate) fuzz: Option<Spanned<FuzzTable>>,
    /// What must hold.
    #[serde(default)]
    pub(crate) contract: ContractTable,
    /// What a person must see.
    #[schemars(with = "Option<MessagesTable>")]
    pub(crate) messages: Option<Spanned<MessagesTable>>,
}

/// The program under test and its environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct TargetTable {
    /// The command and its arguments. A program without a slash is looked up in PATH; a relative path in the work
    /// tree, then beside this file. In each word `{bin:NAME}` is the binary NAME of your Cargo workspace, `{dir}` the
    /// directory of this file, and `{env:NAME}` a variable of the environment; `{{` is a brace.
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub(crate) command: Spanned<Vec<Spanned<String>>>,
    /// Files and directories that are copied into the work tree, relative to this file.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) inputs: Vec<Spanned<String>>,
    /// Files to create in the work tree, with their content.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(crate) files: BTreeMap<Spanned<String>, String>,
    /// A directory whose content is copied as the root of the work tree, relative to this file.
    #[schemars(with = "Option<String>")]
    pub(crate) directory: Option<Spanned<String>>,
    /// A directory (relative to this file) that the program sees at its own path, in a private view.
    #[schemars(with = "Option<String>")]
    pub(crate) view: Option<Spanned<String>>,
    /// A script for `sh -e` that creates the start state. It runs once, in a directory that holds `inputs` and `files`.
    #[schemars(with = "Option<String>")]
    pub(crate) setup: Option<Spanned<String>>,
    /// The state in which each run begins: the inputs (`fresh`), or what a finished run leaves (`finished`) [fresh].
    #[serde(default)]
    pub(crate) from: StartState,
    /// Variables to add to the pinned environment.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(crate) env: BTreeMap<String, Spanned<String>>,
    /// Run it on a pseudo-terminal instead of pipes.
    pub(crate) terminal: Option<Terminal>,
    /// A file for standard input, relative to this file. Without it and `stdin-text` the program reads end of file.
    #[schemars(with = "Option<String>")]
    pub(crate) stdin: Option<Spanned<String>>,
    /// The content of standard input.
    #[schemars(with = "Option<String>")]
    pub(crate) stdin_text: Option<Spanned<String>>,
    /// The network that the program sees: `private`, one of its own in each run with the loopback interface alone, or
    /// `host`, the machine's [private with a script for a service, else host].
    #[schemars(with = "Option<String>")]
    pub(crate) network: Option<Network>,
    /// How the program is isolated from the machine.
    pub(crate) isolation: Option<IsolationText>,
    /// Whether the program gets io_uring [refuse]. Its operations are no system calls, so they cannot be followed.
    pub(crate) io_uring: Option<IoUringText>,
    /// Leave address-space randomization on: slower, and points are told apart less exactly.
    #[serde(default)]
    pub(crate) keep_aslr: bool,
    /// Run all threads and processes of the program on one processor: their order varies less.
    #[serde(default, alias = "serialise")]
    pub(crate) serialize: bool,
    /// Enable failpoints in the program; a step or `after` with failpoint:NAME does so by itself.
    #[serde(default)]
    pub(crate) failpoints: bool,
    /// Limits of a run.
    #[serde(default)]
    pub(crate) limits: LimitsTable,
}

/// Limits of a run.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct LimitsTable {
    /// Time limit of an undisturbed run [60s].
    pub(crate) timeout: Option<Time>,
    /// Time limit of a run after the last signal [the larger of 2s and 3 × the undisturbed run].
    pub(crate) deadline: Option<Time>,
    /// How long descendants may outlive the program [500ms].
    pub(crate) grace: Option<Time>,
    /// Size of the private file system, in MiB [2048].
    #[schemars(range(min = 1, max = 1_048_576))]
    pub(crate) tree_mib: Option<u32>,
    /// Maximum number of files in a work tree that is copied [10000].
    #[schemars(range(min = 1))]
    pub(crate) copy_files: Option<u32>,
}

/// One run with a schedule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RunTable {
    /// The schedule: signals and other faults, each with its trigger. An empty list is an undisturbed run.
    #[schemars(with = "Vec<StepText>")]
    pub(crate) signals: Vec<Spanned<StepText>>,
    /// Learn the expected behavior from undisturbed runs [true]. Without it (for a program that runs until it is
    /// stopped) `status` judges crashes and tracebacks only, and neither files nor another run can be judged.
    pub(crate) baseline: Option<bool>,
    /// How often a violation is run again, to see whether it shows each time [2].
    #[schemars(range(max = 100))]
    pub(crate) confirm: Option<u32>,
}

/// One run per point.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct SweepTable {
    /// The signal [INT].
    pub(crate) signal: Option<SignalName>,
    /// Another fault than a signal, at each point where it applies. Write either this or `signal`.
    #[schemars(with = "Option<FaultText>")]
    pub(crate) fault: Option<Spanned<FaultText>>,
    /// Steps that follow the fault, such as `INT@+50ms`.
    #[serde(default)]
    #[schemars(with = "Vec<StepText>")]
    pub(crate) then: Vec<Spanned<StepText>>,
    /// Send a second signal at each call that the program makes after the first, in these windows: pairs of points.
    #[serde(default)]
    #[schemars(with = "Vec<WindowName>")]
    pub(crate) second: Vec<Spanned<WindowName>>,
    /// The second fault, if it differs from the first.
    #[schemars(with = "Option<FaultText>")]
    pub(crate) second_fault: Option<Spanned<FaultText>>,
    /// Maximum number of pairs [1000].
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub(crate) pairs: Option<Spanned<u32>>,
    /// Who gets the signal [the group for INT, QUIT, TSTP and HUP, the first three typed on a terminal; the process for
    /// others].
    #[schemars(with = "Option<DeliveryText>")]
    pub(crate) deliver: Option<Spanned<DeliveryText>>,
    /// Trigger after which the contract applies; earlier findings are reported apart.
    pub(crate) after: Option<TriggerText>,
    /// Only calls of these names.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) only: Vec<Spanned<String>>,
    /// Only points whose argument matches one of these.
    #[serde(default)]
    pub(crate) paths: Vec<GlobText>,
    /// Sides of the calls [exit; for calls that can block before as well, and entry where the signal is handled].
    #[serde(default)]
    #[schemars(with = "Vec<PhaseText>")]
    pub(crate) phases: Vec<Spanned<PhaseText>>,
    /// Include every system call, not only those with an effect.
    #[serde(default)]
    pub(crate) all: bool,
    /// Do not group equivalent early points.
    #[serde(default)]
    pub(crate) no_classes: bool,
    /// Points at which an interpreter starts, before the program that it runs has begun, are part of the verdict.
    #[serde(default)]
    pub(crate) strict_start: bool,
    /// Try every point (`true`), or some of each class (`false`) [every point, when all of it takes less than about 5
    /// s].
    pub(crate) exhaustive: Option<bool>,
    /// Maximum time, as `--for`; how much is tried then depends on the machine.
    #[serde(rename = "for", alias = "time")]
    pub(crate) time: Option<Time>,
    /// Seed of the points that are drawn from each class [1].
    pub(crate) seed: Option<u64>,
    /// How often each finding is run again, to see whether it shows each time [2].
    #[schemars(range(max = 100))]
    pub(crate) confirm: Option<u32>,
}

/// Random schedules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct FuzzTable {
    /// The faults to inject, each as likely as the others [INT].
    #[serde(default)]
    #[schemars(with = "Vec<FaultText>")]
    pub(crate) faults: Vec<Spanned<FaultText>>,
    /// Who gets signals, each as likely as the others [as in `sweep`].
    #[serde(default)]
    #[schemars(with = "Vec<DeliveryText>")]
    pub(crate) deliver: Vec<Spanned<DeliveryText>>,
    /// Maximum number of faults in one schedule [5].
    #[schemars(with = "Option<u8>", range(min = 1, max = 5))]
    pub(crate) most: Option<Spanned<u8>>,
    /// Maximum number of runs [300, without `time`].
    #[schemars(range(min = 1))]
    pub(crate) runs: Option<u32>,
    /// Maximum time, as `--for`; the number of runs then depends on the machine.
    #[serde(rename = "for", alias = "time")]
    pub(crate) time: Option<Time>,
    /// The seed: the same number gives the same schedules [1].
    pub(crate) seed: Option<u64>,
    /// Continue after a finding, until the budget is used up.
    #[serde(default)]
    pub(crate) keep_going: bool,
    /// Trigger after which the contract applies; nothing is injected earlier.
    pub(crate) after: Option<TriggerText>,
    /// Only calls of these names, for the first fault.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) only: Vec<Spanned<String>>,
    /// Only points whose argument matches one of these, for the first fault.
    #[serde(default)]
    pub(crate) paths: Vec<GlobText>,
    /// Sides of the calls [exit; for calls that can block before as well, and entry where the signal is handled].
    #[serde(default)]
    #[schemars(with = "Vec<PhaseText>")]
    pub(crate) phases: Vec<Spanned<PhaseText>>,
    /// Include every system call, not only those with an effect.
    #[serde(default)]
    pub(crate) all: bool,
    /// How often each finding is run again, to see whether it shows each time [4].
    #[schemars(range(max = 100))]
    pub(crate) confirm: Option<u32>,
}

/// What must hold.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct ContractTable {
    /// Judge by these oracles only.
    pub(crate) oracles: Vec<OracleName>,
    /// Do not judge by these oracles.
    pub(crate) skip: Vec<OracleName>,
    /// Paths that may be left behind.
    pub(crate) keep: Vec<GlobText>,
    /// Outputs that may be cut short after whole lines, such as logs: globs, each with a kind before it where another
    /// one is meant: `bytes:` (cut anywhere), `set:` (lines in any order), `blocks=512:`.
    pub(crate) prefix: Vec<String>,
    /// Outputs that may be cut short anywhere, such as streams.
    pub(crate) prefix_bytes: Vec<GlobText>,
    /// Outputs whose content does not matter.
    pub(crate) any: Vec<GlobText>,
    /// Exit statuses that are right for a canceled run.
    #[schemars(with = "Vec<u8>")]
    pub(crate) ok_status: Vec<StatusNumber>,
    /// The exit status of an undisturbed run [0].
    #[schemars(with = "u8")]
    pub(crate) baseline_status: StatusNumber,
    /// A command for `sh -c` that must succeed on the end state.
    pub(crate) check: Option<String>,
    /// How long a signal handler may run.
    pub(crate) handler_budget: Option<Time>,
    /// Requests that a service which is asked to stop owes an answer: `read`, `accepted` or `backlog` [accepted].
    #[schemars(with = "Option<String>")]
    pub(crate) served: Option<Served>,
    /// Command lines that may outlive the program.
    pub(crate) daemons: Vec<GlobText>,
    /// How long a child that has ended may be left unwaited for [2s; while nobody has asked the program to stop, a
    /// little longer than in undisturbed runs].
    pub(crate) zombie_limit: Option<Time>,
    /// A child that is ended by SIGKILL must have been asked to stop before.
    pub(crate) ask_first: bool,
    /// Output (or the exit) must come this soon after each signal.
    pub(crate) acknowledged: Option<AcknowledgedTable>,
    /// Work that the program reports as done must be in its result, once.
    pub(crate) results: Option<ResultsTable>,
    /// The second signal must stop it sooner, and the third at once.
    pub(crate) escalation: Option<EscalationTable>,
    /// The same schedule must work by pid, by group, and typed on the terminal.
    pub(crate) reach: bool,
    /// Started with the signal ignored, as by `nohup` and `cmd &`, the program must not stop on it.
    pub(crate) ignored: bool,
    /// Latencies over repeated runs.
    pub(crate) budget: Option<BudgetTable>,
}

/// Output soon after a signal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct AcknowledgedTable {
    /// How soon [250ms].
    pub(crate) within: Option<Time>,
    /// What the output must match [anything].
    pub(crate) pattern: Option<Expression>,
}

/// What the program reports as done, and where its result is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ResultsTable {
    /// Matches the report of one piece of work; the first group is its name. It is looked for in the output, and for a
    /// service in a line for each request that a client saw answered without an error: `done POST /items BODY`, or
    /// `done ID` from a client of your own.
    #[schemars(with = "Expression")]
    pub(crate) said: Spanned<Expression>,
    /// The file in the work tree with the results. Write either this or `command`.
    #[schemars(with = "Option<String>")]
    pub(crate) file: Option<Spanned<String>>,
    /// A command for `sh -c` that prints the results. Write either this or `file`.
    #[schemars(with = "Option<String>")]
    pub(crate) command: Option<Spanned<String>>,
    /// Matches one piece of work in the results; the first group is its name.
    #[schemars(with = "Expression")]
    pub(crate) found: Spanned<Expression>,
}

/// More signals stop it sooner.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct EscalationTable {
    /// Time between two signals, at least 60ms, because nearer ones can merge [200ms].
    #[schemars(with = "Option<Time>")]
    pub(crate) gap: Option<Spanned<Time>>,
    /// How soon the third signal must end the program [500ms].
    pub(crate) third: Option<Time>,
    /// Number of signals that the program tells apart, 2 or 3 [3].
    #[schemars(with = "Option<u8>", range(min = 2, max = 3))]
    pub(crate) signals: Option<Spanned<u8>>,
}

/// Latencies over repeated runs of the schedule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct BudgetTable {
    /// Number of runs [20].
    #[schemars(with = "Option<u32>", range(min = 1, max = 10_000))]
    pub(crate) runs: Option<Spanned<u32>>,
    /// From a signal to the next output.
    pub(crate) acknowledged: Option<Bounds>,
    /// From signal number N to the exit, such as `exit.1 = "2s"`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Bounds>")]
    pub(crate) exit: BTreeMap<Spanned<String>, Bounds>,
}

/// What a person must see.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct MessagesTable {
    /// Lines that must be in the output, whole, once each, in this order. `[..]` stands for any part of a line.
    #[serde(default)]
    pub(crate) lines: Vec<String>,
    /// Text that no line may contain. `[..]` stands for any part of a line.
    #[serde(default)]
    pub(crate) never: Vec<String>,
    /// The whole transcript, with `^C` where a signal landed. `[..]` stands for any part of a line, a line `...` for
    /// any lines. `sigproof test --bless` updates it.
    #[schemars(with = "Option<String>")]
    pub(crate) transcript: Option<Spanned<String>>,
    /// Compare the transcript with a snapshot file: `snapshots/NAME@transcript.snap` beside this file.
    #[serde(default)]
    pub(crate) snapshot: bool,
    /// Compare the screen, at each signal and at the end, with a snapshot file: `snapshots/NAME@screen.snap`.
    #[schemars(with = "Option<bool>")]
    pub(crate) screen: Option<Spanned<bool>>,
    /// Redactions before anything is compared, besides times, pids and paths.
    #[serde(default)]
    pub(crate) redact: Vec<RedactTable>,
    /// Use these built-in redactions only [times, pids, paths].
    pub(crate) redactions: Option<Vec<Redaction>>,
}

/// One redaction.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct RedactTable {
    /// What is replaced.
    pub(crate) pattern: Expression,
    /// The replacement; `$1` is the first group.
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
