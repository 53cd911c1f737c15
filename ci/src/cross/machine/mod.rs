//! The step `cross-harness`: the command itself on aarch64, in a whole emulated machine.
//!
//! qemu's user mode has no ptrace, so the part of `cross` for aarch64 can run the core alone. A machine with a kernel
//! of its own has everything. Its parts are prepared once below the target directory (`prepare.rs`); then what was
//! built for it is shared with it at the same path, a script is run, and it powers off (`boot.rs`). What is run there,
//! and on which processors, is in `suite.rs`.
//!
//! The host's packages stay as they are: the emulator is unpacked and not installed, which would remove other packages
//! on some hosts, and packages for aarch64 are looked up in a state of their own.

mod boot;
mod packages;
mod prepare;
mod published;
mod suite;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
    time::Instant,
};

use boot::Life;

use crate::{
    debian,
    process::{Failure, shell_line, shown},
};

/// Where everything of it is, below the target directory.
const DIRECTORY: &str = "cross-harness";

/// A machine whose parts lie in a directory.
struct Machine {
    directory: PathBuf,
}

/// Prepares the machine, builds for it, and runs the suites in it.
pub fn run() -> Result<(), Failure> {
    let begin = Instant::now();
    let machine = prepared()?;
    println!("prepared after {:.0} s", begin.elapsed().as_secs_f64());
    let built = suite::build()?;
    published::make(&machine)?;
    println!("built after {:.0} s", begin.elapsed().as_secs_f64());
    let workspace = workspace(&machine)?;
    let mut lives = suite::lives(&built, &workspace)?;
    lives.push(published::life(&machine, suite::EVERYTHING, &workspace));
    let failures = live(&machine, &workspace, lives);
    println!(
        "the machine is done after {:.0} s",
        begin.elapsed().as_secs_f64()
    );
    match failures.is_empty() {
        true => Ok(()),
        false => Err(Failure {
            reason: failures.join("\n"),
            repeat: "cargo ci cross-harness".to_owned(),
        }),
    }
}

/// Runs them all, as many at a time as there are processors: one emulated processor takes a whole real one. Says what
/// each has said when it is over. Returns what failed.
fn live(machine: &Machine, workspace: &Path, lives: Vec<Life>) -> Vec<String> {
    let at_a_time = thread::available_parallelism().map_or(1, usize::from);
    let next = Mutex::new(lives.into_iter());
    let failures = Mutex::new(Vec::new());
    let take = || next.lock().ok()?.next();
    thread::scope(|scope| {
        for _ in 0..at_a_time {
            scope.spawn(|| {
                while let Some(life) = take() {
                    let begin = Instant::now();
                    let said = boot::boot(machine, &life, workspace);
                    let (text, failed) = match said {
                        Ok(said) => (said, false),
                        Err(failure) => (failure.reason, true),
                    };
                    println!(
                        "\n{} ({})\n{}\n{} s",
                        life.what,
                        life.cpu,
                        text.trim_end(),
                        begin.elapsed().as_secs()
                    );
                    let first = text.lines().next().unwrap_or_default().to_owned();
                    if let (true, Ok(mut failures)) = (failed, failures.lock()) {
                        failures.push(first);
                    }
                }
            });
        }
    });
    failures.into_inner().unwrap_or_default()
}

/// What is shared with the machine: everything that is named in a suite is below it.
fn workspace(machine: &Machine) -> Result<PathBuf, Failure> {
    let workspace = std::env::current_dir().map_err(|error| failed(Path::new("."), &error))?;
    if machine.directory.starts_with(&workspace) {
        return Ok(workspace);
    }
    Err(Failure {
        reason: format!(
            "{} is not below {}, which is what the machine sees",
            machine.directory.display(),
            workspace.display()
        ),
        repeat: "cargo ci cross-harness".to_owned(),
    })
}

fn prepared() -> Result<Machine, Failure> {
    let directory = debian::target(DIRECTORY);
    fs::create_dir_all(&directory).map_err(|error| failed(&directory, &error))?;
    let machine = Machine { directory };
    prepare::prepare(&machine)?;
    Ok(machine)
}

impl Machine {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The same as text, for a command.
    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Runs a command in the machine's directory, and shows it.
    fn command(&self, program: &str, arguments: &[&str]) -> Result<(), Failure> {
        let line = shell_line(&[], program, arguments);
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.directory)
            .env("PATH", search_path())
            .env("DEBIAN_FRONTEND", "noninteractive");
        shown(program, line, &mut command)
    }

    /// What a command says.
    fn output(&self, program: &str, arguments: &[&str]) -> Result<String, Failure> {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(&self.directory)
            .env("PATH", search_path())
            .output()
            .map_err(|error| failed(Path::new(program), &error))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(Failure {
            reason: format!("{program} ended with {}: {said}", output.status),
            repeat: shell_line(&[], program, arguments),
        })
    }
}

/// Programs for an administrator are not on everybody's path.
fn search_path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/sbin:/sbin")
}

fn failed(what: &Path, error: &io::Error) -> Failure {
    Failure {
        reason: format!("{}: {error}", what.display()),
        repeat: "cargo ci cross-harness".to_owned(),
    }
}
