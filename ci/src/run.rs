//! Runs steps one after the other and says how they went.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{self, ExitCode, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    process::{Failure, shell_line, shown, succeeded},
    step::{Action, Command, Step},
    tools,
};

/// Its number on every system that has `/proc/PID/status`.
const SIGINT: u32 = 2;

/// A step that has run.
struct Ran {
    took: Duration,
    outcome: Result<(), Failure>,
}

/// A step that runs while others do.
struct Beside {
    index: usize,
    log: PathBuf,
    thread: JoinHandle<Ran>,
}

/// Runs them until one fails; prints a header for each and a table at the end.
pub fn all(steps: &[&'static Step]) -> ExitCode {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if ignores_interrupt(&status) {
        eprintln!(
            "SIGINT is ignored here, as below `nohup … &`, and programs that tests start inherit it: \
             those that interrupt them wait in vain. Start `cargo ci` in the foreground."
        );
    }
    let start = Instant::now();
    let mut ran: Vec<Option<Ran>> = steps.iter().map(|_| None).collect();
    let mut beside = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        println!("\n== {}: {} ==", step.name, step.what);
        if let Action::Beside(commands) = step.action {
            println!("runs beside the next steps, and prints when they have ended");
            let log = Path::new("target/ci").join(format!("{}.log", step.name));
            beside.push(start_beside(index, step, commands, log));
            continue;
        }
        let outcome = timed(|| one(step));
        let failed = outcome.outcome.is_err();
        ended(step, &outcome);
        ran[index] = Some(outcome);
        if failed {
            break;
        }
    }
    for Beside { index, log, thread } in beside {
        println!("\n== {}: {} ==", steps[index].name, steps[index].what);
        let outcome = thread.join().expect("it does not panic");
        show(&log);
        ended(steps[index], &outcome);
        ran[index] = Some(outcome);
    }
    print!("\n{}", table(steps, &ran, start.elapsed()));
    verdict(steps, ran)
}

/// Names every failure, and how to see it again.
fn verdict(steps: &[&Step], ran: Vec<Option<Ran>>) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (step, ran) in steps.iter().zip(ran) {
        if let Some(Err(failure)) = ran.map(|ran| ran.outcome) {
            eprintln!(
                "\nstep {} failed: {}\nto repeat it: {}\n",
                step.name, failure.reason, failure.repeat
            );
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn timed(action: impl FnOnce() -> Result<(), Failure>) -> Ran {
    let start = Instant::now();
    let outcome = action();
    Ran {
        took: start.elapsed(),
        outcome,
    }
}

fn ended(step: &Step, ran: &Ran) {
    println!(
        "== {}: {} in {} ==",
        step.name,
        word(ran),
        Seconds(ran.took)
    );
}

/// Starts a step whose output goes to a file.
fn start_beside(
    index: usize,
    step: &'static Step,
    commands: &'static [Command],
    log: PathBuf,
) -> Beside {
    let path = log.clone();
    let thread = thread::spawn(move || {
        timed(|| {
            tools::ensure(step.name)?;
            let log = create(&path).map_err(|error| Failure {
                reason: format!("cannot write {}: {error}", path.display()),
                repeat: format!("cargo ci {}", step.name),
            })?;
            commands.iter().try_for_each(|command| quiet(command, &log))
        })
    });
    Beside { index, log, thread }
}

fn create(path: &Path) -> io::Result<File> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    File::create(path)
}

fn show(log: &Path) {
    let shown = File::open(log).and_then(|mut log| io::copy(&mut log, &mut io::stdout()));
    if let Err(error) = shown {
        println!("cannot show {}: {error}", log.display());
    }
}

/// Runs a command with its output in a file, and leaves the processors to others that want them.
fn quiet(command: &Command, mut log: &File) -> Result<(), Failure> {
    let line = shell_line(command.environment, "cargo", command.cargo);
    let status = writeln!(log, "$ {line}").and_then(|()| {
        process::Command::new("nice")
            .args(["-n", "10"])
            .arg(cargo())
            .args(command.cargo)
            .envs(command.environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log.try_clone()?)
            .status()
    });
    succeeded("cargo", status).map_err(|reason| Failure {
        reason,
        repeat: line,
    })
}

/// Whether a process with this `/proc/PID/status` ignores SIGINT.
fn ignores_interrupt(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (SIGINT - 1) != 0)
}

fn one(step: &Step) -> Result<(), Failure> {
    tools::ensure(step.name)?;
    act(&step.action)
}

fn act(action: &Action) -> Result<(), Failure> {
    match action {
        Action::Tools => Ok(()),
        Action::Function(function) => function(),
        // Below another action it runs like any other.
        Action::Commands(commands) | Action::Beside(commands) => {
            commands.iter().try_for_each(command)
        }
        Action::Script(path) => script(path),
        Action::All(actions) => actions.iter().try_for_each(act),
    }
}

fn script(path: &str) -> Result<(), Failure> {
    println!("$ {path}");
    let status = process::Command::new(path).status();
    succeeded(path, status).map_err(|reason| Failure {
        reason,
        repeat: path.to_owned(),
    })
}

fn command(command: &Command) -> Result<(), Failure> {
    let arguments = match command.otherwise {
        Some((subcommand, instead)) if !has_subcommand(subcommand) => {
            println!("cargo-{subcommand} is not installed: doing without");
            instead
        }
        _ => command.cargo,
    };
    let line = shell_line(command.environment, "cargo", arguments);
    let mut cargo = process::Command::new(cargo());
    cargo
        .args(arguments)
        .envs(command.environment.iter().copied());
    shown("cargo", line, &mut cargo)
}

fn has_subcommand(name: &str) -> bool {
    let status = process::Command::new(cargo())
        .args([name, "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// The cargo that runs us: the same tool chain for what we run.
fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn word(ran: &Ran) -> &'static str {
    if ran.outcome.is_ok() {
        "passed"
    } else {
        "FAILED"
    }
}

/// One line for each step, and the whole time: less than the sum where steps ran beside others.
fn table(steps: &[&Step], ran: &[Option<Ran>], whole: Duration) -> String {
    let mut text = String::new();
    for (step, ran) in steps.iter().zip(ran) {
        let line = match ran {
            Some(ran) => {
                let beside = match step.action {
                    Action::Beside(_) => " beside the next ones",
                    _ => "",
                };
                let took = Seconds(ran.took).to_string();
                format!("{:13} {:8} {took:>9}{beside}\n", step.name, word(ran))
            }
            None => format!("{:13} not run\n", step.name),
        };
        text.push_str(&line);
    }
    let whole = Seconds(whole).to_string();
    text.push_str(&format!("{:22} {whole:>9}\n", "total"));
    text
}

struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.1} s", self.0.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::STEPS;

    #[test]
    fn an_ignored_interrupt_is_seen() {
        let status = |mask| format!("Name:\tci\nSigBlk:\t0000000000000002\nSigIgn:\t{mask}\n");
        assert!(ignores_interrupt(&status("0000000000000007")));
        assert!(!ignores_interrupt(&status("0000000000001005")));
        assert!(!ignores_interrupt(""));
    }

    #[test]
    fn what_runs_beside_others_has_an_outcome_and_its_output_in_a_file() {
        const fn cargo(arguments: &'static [&'static str]) -> Command {
            Command {
                environment: &[("CARGO_TERM_COLOR", "never")],
                cargo: arguments,
                otherwise: None,
            }
        }
        const COMMANDS: &[Command] = &[cargo(&["--version"]), cargo(&["no-such-command"])];
        let step = STEPS.iter().find(|step| step.name == "loom").unwrap();
        let log = std::env::temp_dir().join(format!("ci-beside-{}", process::id()));
        let run = |commands| {
            let beside = start_beside(0, step, commands, log.join("beside.log"));
            let outcome = beside.thread.join().unwrap().outcome;
            (outcome, fs::read_to_string(beside.log).unwrap())
        };
        let (outcome, said) = run(&COMMANDS[..1]);
        assert!(outcome.is_ok() && said.contains("\ncargo 1."), "{said}");
        let (outcome, said) = run(COMMANDS);
        let repeat = outcome.unwrap_err().repeat;
        assert_eq!(repeat, "CARGO_TERM_COLOR=never cargo no-such-command");
        assert!(said.contains("no such command"), "{said}");
        fs::remove_dir_all(log).unwrap();
    }

    #[test]
    fn the_table_tells_what_passed_failed_and_did_not_run() {
        let steps = ["tools", "loom", "fmt", "clippy"];
        let steps = steps.map(|name| STEPS.iter().find(|step| step.name == name).unwrap());
        let ran = |millis, outcome| {
            let took = Duration::from_millis(millis);
            Some(Ran { took, outcome })
        };
        let failure = Failure {
            reason: String::new(),
            repeat: String::new(),
        };
        let ran = [
            ran(1200, Ok(())),
            ran(3000, Ok(())),
            ran(100_000, Err(failure)),
            None,
        ];
        let text = table(&steps, &ran, Duration::from_millis(101_200));
        let expected = "\
            tools         passed       1.2 s\n\
            loom          passed       3.0 s beside the next ones\n\
            fmt           FAILED     100.0 s\n\
            clippy        not run\n\
            total                    101.2 s\n";
        assert_eq!(text, expected);
    }
}
