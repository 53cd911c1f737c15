//! Runs steps one after the other and says how they went.

use std::{
    fmt, fs,
    process::{self, ExitCode, Stdio},
    time::{Duration, Instant},
};

use crate::{
    process::{Failure, shell_line, shown, succeeded},
    steps::{Action, Command, Step},
    tools,
};

/// Its number on every system that has `/proc/PID/status`.
const SIGINT: u32 = 2;

/// Runs them until one fails; prints a header for each and a table at the end.
pub fn all(steps: &[&Step]) -> ExitCode {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if ignores_interrupt(&status) {
        eprintln!(
            "SIGINT is ignored here, as below `nohup … &`, and programs that tests start inherit it: \
             those that interrupt them wait in vain. Start `cargo ci` in the foreground."
        );
    }
    let mut times = Vec::with_capacity(steps.len());
    let mut failure = None;
    for step in steps {
        println!("\n== {}: {} ==", step.name, step.what);
        let start = Instant::now();
        let outcome = one(step);
        let took = start.elapsed();
        times.push(took);
        println!(
            "== {}: {} in {} ==",
            step.name,
            word(outcome.is_ok()),
            Seconds(took)
        );
        if let Err(found) = outcome {
            failure = Some(found);
            break;
        }
    }
    print!("\n{}", table(steps, &times, failure.is_some()));
    match failure {
        None => ExitCode::SUCCESS,
        Some(failure) => {
            let step = steps[times.len() - 1].name;
            eprintln!(
                "\nstep {step} failed: {}\nto repeat it: {}\n",
                failure.reason, failure.repeat
            );
            ExitCode::FAILURE
        }
    }
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
        Action::Commands(commands) => commands.iter().try_for_each(command),
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

fn word(passed: bool) -> &'static str {
    if passed { "passed" } else { "FAILED" }
}

/// One line for each step; `times` holds those that ran, the last of which may have failed.
fn table(steps: &[&Step], times: &[Duration], failed: bool) -> String {
    let mut text = String::new();
    for (index, step) in steps.iter().enumerate() {
        let line = match times.get(index) {
            Some(&took) => {
                let passed = !(failed && index + 1 == times.len());
                format!(
                    "{:13} {:8} {:>9}\n",
                    step.name,
                    word(passed),
                    Seconds(took).to_string()
                )
            }
            None => format!("{:13} not run\n", step.name),
        };
        text.push_str(&line);
    }
    let total: Duration = times.iter().sum();
    text.push_str(&format!(
        "{:22} {:>9}\n",
        "total",
        Seconds(total).to_string()
    ));
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
    fn the_table_tells_what_passed_failed_and_did_not_run() {
        let steps: Vec<_> = STEPS.iter().take(3).collect();
        let times = [Duration::from_millis(1200), Duration::from_secs(100)];
        let text = table(&steps, &times, true);
        let expected = "\
            tools         passed       1.2 s\n\
            fmt           FAILED     100.0 s\n\
            clippy        not run\n\
            total                    101.2 s\n";
        assert_eq!(text, expected);
    }
}
